"""The audit log in words: what an act changed, how it stood before, whom it is about."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import audit
from portal.access import grants
from portal.access.models import Grant
from portal.db import AnySession, writing
from portal.organisations import seats
from portal.roles import Role
from tests.builders import a_grant, a_reader, an_organisation
from tests.forms import sign_in

pytestmark = pytest.mark.usefixtures("auditor")


@pytest.fixture
def auditor(client: FlaskClient, session: AnySession) -> None:
    """An auditor, signed in, who reads English."""
    sign_in(client, a_reader(role=Role.AUDITOR, name="Rosa Aubin"))
    client.set_cookie("locale", "en")


def log(client: FlaskClient, query: str = "") -> str:
    """The text of the log, without its filter."""
    answer = client.get(f"/admin/audit{query}")
    assert answer.status_code == 200
    return answer.text.split("</form>")[-1].replace("\u00a0", " ")


def test_extending_and_shortening_show_the_end_before_and_after(client: FlaskClient) -> None:
    grant = a_grant(a_reader(name="Camille Roussel"))
    for days in (20, -25):
        with writing() as unit:
            held = unit.get_one(Grant, grant.id)
            grants.move_end(unit, held, held.ends_at + timedelta(days=days), reason="Geste", actor_id=None)
    text = log(client)
    assert "Access to mind Health extended until 29 April 2026" in text
    assert "End: 29 April 2026 (before: 9 April 2026)" in text
    assert "Access to mind Health shortened, until 4 April 2026" in text
    assert "End: 4 April 2026 (before: 29 April 2026)" in text
    assert "Reason: Geste" in text and "Camille Roussel" in text


def test_an_end_moved_within_a_day_is_told_to_the_minute(client: FlaskClient) -> None:
    grant = a_grant(a_reader())
    with writing() as unit:
        held = unit.get_one(Grant, grant.id)
        grants.move_end(unit, held, held.ends_at + timedelta(hours=2), reason="Geste", actor_id=None)
    assert "End: 9 April 2026 at 15:00 (before: 9 April 2026 at 13:00)" in log(client)


def test_a_revoked_right_shows_the_end_it_was_to_have(client: FlaskClient) -> None:
    grant = a_grant(a_reader())
    with writing() as unit:
        grants.revoke(unit, unit.get_one(Grant, grant.id), reason="Erreur", actor_id=None)
    assert "it was to run until 9 April 2026" in log(client)


def test_a_change_of_seats_shows_both_numbers(client: FlaskClient) -> None:
    firm = an_organisation(seats=2)
    for count in (3, 1):
        with writing() as unit:
            seats.set_seats(unit, firm.id, count)
    text = log(client)
    assert "Seats: 3 (before: 2)" in text and "Seats: 1 (before: 3)" in text


def test_a_change_of_subscription_is_no_code(client: FlaskClient) -> None:
    firm = an_organisation()
    before = {"status": "active", "quantity": 3, "ending_at": None}
    after = {"status": "past_due", "quantity": 4, "ending_at": "2026-04-01T22:00:00+00:00"}
    with writing() as unit:
        values = {"before": before, "after": after}
        audit.record(unit, "subscription.changed", target=("organisation", firm.id), values=values)
    text = log(client)
    assert "State: Payment due (before: Up to date)" in text and "past_due" not in text
    assert "Seats: 4 (before: 3)" in text and "Not renewed after: 1 April 2026 (before: none)" in text


def test_a_seat_says_whose_it_is(client: FlaskClient) -> None:
    firm = an_organisation(name="Varennes")
    with writing() as unit:
        seats.open_seat(unit, firm.id, a_reader(name="Camille Roussel").id, actor_id=None)
    text = log(client)
    assert "Seat opened<small>for Camille Roussel</small>" in text
    assert f'<a href="/admin/organisations/{firm.id}">Varennes</a>' in text


def test_the_log_is_narrowed_to_a_kind_of_act_a_reader_an_organisation(client: FlaskClient) -> None:
    firm, reader = an_organisation(name="Varennes"), a_reader(name="Camille Roussel")
    with writing() as unit:
        seats.open_seat(unit, firm.id, reader.id, actor_id=None)
        audit.record(unit, "account.confirmed", actor_id=reader.id, target=("reader", reader.id))
    assert "Address confirmed" not in log(client, "?act=seat.opened")
    of_firm = client.get(f"/admin/audit?organisation={firm.id}").text
    assert "Seat opened" in of_firm and "Address confirmed" not in of_firm.split("</form>")[-1]
    assert '<p class="told">Varennes</p>' in of_firm and f'name="organisation" value="{firm.id}"' in of_firm
    assert "Seat opened" not in log(client, f"?reader={reader.id}")


@pytest.mark.parametrize("query", ["?act=grant.nothing", "?reader=x", "?organisation=0", f"?reader={10**30}"])
def test_words_that_narrow_nothing_are_left_out(client: FlaskClient, query: str) -> None:
    with writing() as unit:
        audit.record(unit, "vertical.trials-closed", target=("vertical", 99))
    assert "Trials closed for an edition" in log(client, query)


def test_the_filter_shows_names_by_subject_and_no_codes(client: FlaskClient) -> None:
    page = client.get("/admin/audit?act=trial.shortened").text
    assert '<optgroup label="Rights and trials">' in page
    assert '<option value="trial.shortened" selected>Trial shortened</option>' in page
    assert ">trial.shortened<" not in page
