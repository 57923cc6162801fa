"""What staff do to rights, and that the reader sees it at the next click."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent, AuditPersonal
from portal.clock import paris_midnight
from portal.db import AnySession
from portal.formats import day as spoken
from portal.i18n import use_locale
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_vertical, an_article, canary
from tests.conftest import NOON
from tests.forms import sign_in, submit

SECRET = "Geste commercial pour le salon"


@pytest.fixture
def admin(client: FlaskClient) -> Reader:
    """An administrator, signed in."""
    person = a_reader(role=Role.ADMIN, name="Nadia Faure")
    sign_in(client, person)
    return person


def give(client: FlaskClient, reader: Reader, **data: Any) -> Any:
    """Send the grant form of a reader's page."""
    page = f"/admin/readers/{reader.id}"
    filled = {"verticals": [a_vertical("media").id], "until": "2026-03-31", "reason": SECRET, **data}
    return submit(client, f"{page}/grants", filled, page=page)


def acts(session: AnySession) -> list[str]:
    return [event.act for event in session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


def test_a_granted_vertical_is_open_at_the_reader_s_next_click(client: FlaskClient, admin: Reader) -> None:
    article, reader = an_article(vertical="media"), a_reader()
    a_vertical("health")
    theirs = client.application.test_client()
    sign_in(theirs, reader)
    address = f"/media/article/{article.slug}"
    assert canary(article) not in theirs.get(address).text
    assert give(client, reader).status_code == 303
    assert canary(article) in theirs.get(address).text


def test_the_last_day_is_included(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    give(client, a_reader(), start="2026-03-12", until="2026-03-31")
    grant = session.scalars(select(Grant)).one()
    assert grant.starts_at == paris_midnight(date(2026, 3, 12))
    assert grant.ends_at == paris_midnight(date(2026, 4, 1))
    assert grant.actor_id == admin.id


@pytest.mark.parametrize(
    ("first", "last", "hours"),
    [("2026-03-29", "2026-03-29", 23), ("2026-10-25", "2026-10-25", 25), ("2026-10-24", "2026-10-26", 73)],
)
def test_days_are_as_typed_also_when_clocks_change(
    client: FlaskClient, admin: Reader, session: AnySession, first: str, last: str, hours: int
) -> None:
    reader = a_reader()
    give(client, reader, start=first, until=last)
    grant = session.scalars(select(Grant)).one()
    assert grant.starts_at == paris_midnight(date.fromisoformat(first))
    assert grant.ends_at - grant.starts_at == timedelta(hours=hours)
    client.set_cookie("locale", "en")
    with use_locale("en"):
        assert spoken(date.fromisoformat(last)) in client.get(f"/admin/readers/{reader.id}").text
    end = client.get(f"/admin/grants/{grant.id}/end").text
    assert f'value="{last}"' in end, "the form to change it shows the same day"


def test_today_is_from_now_on_and_one_day_long(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    give(client, a_reader(), start="2026-03-10", until="2026-03-10")
    grant = session.scalars(select(Grant)).one()
    assert (grant.starts_at, grant.ends_at) == (NOON, paris_midnight(date(2026, 3, 11)))


def test_an_erased_account_is_given_nothing(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    gone = a_reader(erased_at=NOON)
    answer = give(client, gone, verticals=[a_vertical("media").id])
    assert answer.status_code == 422 and session.scalars(select(Grant)).all() == []


def test_a_suspended_reader_is_given_rights_but_no_mail_that_says_they_open(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    reader = a_reader(suspended_at=NOON)
    client.set_cookie("locale", "en")
    answer = give(client, reader)
    assert "nothing opens meanwhile, and no mail was sent" in client.get(answer.location).text
    assert session.scalars(select(Mail)).all() == []


def test_who_has_not_confirmed_their_address_is_told_that_this_comes_first(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    give(client, a_reader(confirmed=False, locale="en"))
    assert "Your address is not confirmed yet" in session.scalars(select(Mail)).one().text


def test_a_reason_with_control_characters_is_kept_without_them(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    assert give(client, a_reader(), reason="Sa\0lon\r\nde mars").status_code == 303
    assert session.scalars(select(Grant)).one().reason == "Salon\r\nde mars"


def test_the_act_is_audited_and_the_reader_told_without_the_reason(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    reader = a_reader()
    give(client, reader)
    event = session.scalars(select(AuditEvent)).one()
    assert (event.act, event.actor_id, event.target_id) == ("grant.given", admin.id, reader.id)
    assert event.values["before"] == {} and event.values["after"]["ends_at"]
    assert session.get_one(AuditPersonal, event.id).values == {"reason": SECRET}
    mail = session.scalars(select(Mail)).one()
    assert (mail.kind, mail.to_address) == ("grant_given", reader.email)
    assert "mind Media" in mail.subject
    assert SECRET not in mail.subject + mail.text + mail.html


def test_several_verticals_are_one_act_and_one_mail(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    ids = [a_vertical("media").id, a_vertical("health").id]
    give(client, a_reader(), verticals=ids)
    given = session.scalars(select(Grant)).all()
    assert len({grant.act_id for grant in given}) == 1 and len(given) == 2
    assert len(session.scalars(select(Mail)).all()) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"verticals": []}, "Choose at least one edition."),
        ({"verticals": ["999"]}, "Choose among the editions shown."),
        ({"verticals": ["x"]}, "Choose among the editions shown."),
        ({"until": ""}, "Enter the last day"),
        ({"until": "31/03"}, "Enter a day"),
        ({"until": "2026-03-09"}, "This day is over"),
        ({"until": "9999-12-31"}, "too far away"),
        ({"start": "2026-03-01"}, "cannot begin in the past"),
        ({"start": "2026-04-05"}, "after the last one"),
        ({"reason": ""}, "Say why"),
        ({"reason": "   "}, "Say why"),
        ({"reason": "x" * 301}, "too long"),
    ],
)
def test_a_grant_form_in_error_says_what_to_do_and_keeps_what_was_typed(
    client: FlaskClient, admin: Reader, session: AnySession, wrong: dict[str, Any], sentence: str
) -> None:
    client.set_cookie("locale", "en")
    answer = give(client, a_reader(), **wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    if "reason" not in wrong:
        assert SECRET in answer.text
    assert session.scalars(select(Grant)).all() == []


def test_a_trial_is_extended_by_civil_days(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    article, reader = an_article(), a_reader()
    trial = a_grant(reader, source=Source.TRIAL, ends_in=timedelta(hours=-1))
    theirs = client.application.test_client()
    sign_in(theirs, reader)
    assert canary(article) not in theirs.get(f"/health/article/{article.slug}").text
    answer = submit(client, f"/admin/grants/{trial.id}/extend", {"days": "3", "reason": SECRET})
    assert answer.status_code == 303
    assert session.get_one(Grant, trial.id, populate_existing=True).ends_at == paris_midnight(date(2026, 3, 14))
    assert canary(article) in theirs.get(f"/health/article/{article.slug}").text
    assert "trial.extended" in acts(session)


@pytest.mark.parametrize("days", ["0", "91", "-1", "", "x", "1e9"])
def test_days_out_of_bounds_are_refused(client: FlaskClient, admin: Reader, days: str) -> None:
    trial = a_grant(a_reader(), source=Source.TRIAL)
    assert submit(client, f"/admin/grants/{trial.id}/extend", {"days": days, "reason": "x"}).status_code == 422


def test_an_end_is_moved_both_ways_and_told(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    grant = a_grant(a_reader())
    for day, midnight in (("2026-05-20", date(2026, 5, 21)), ("2026-03-12", date(2026, 3, 13))):
        answer = submit(client, f"/admin/grants/{grant.id}/end", {"until": day, "reason": SECRET})
        assert answer.status_code == 303
        assert session.get_one(Grant, grant.id, populate_existing=True).ends_at == paris_midnight(midnight)
    assert [mail.kind for mail in session.scalars(select(Mail))] == ["grant_extended", "grant_extended"]
    assert acts(session) == ["grant.extended", "grant.shortened"]
    event = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[-1]
    assert event.values["before"]["ends_at"] != event.values["after"]["ends_at"]


def test_a_revoked_access_is_closed_at_the_next_click(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    article, reader = an_article(), a_reader()
    grant = a_grant(reader)
    theirs = client.application.test_client()
    sign_in(theirs, reader)
    assert canary(article) in theirs.get(f"/health/article/{article.slug}").text
    page = f"/admin/grants/{grant.id}/revoke"
    assert submit(client, page, {"reason": SECRET}).status_code == 422, "the box must be ticked"
    assert submit(client, page, {"reason": SECRET, "sure": "y"}).status_code == 303
    assert canary(article) not in theirs.get(f"/health/article/{article.slug}").text
    assert session.scalars(select(Mail)).one().kind == "grant_revoked"
    again = client.get(page, follow_redirects=True)
    assert "Cet accès a déjà été retiré par Nadia Faure" in again.text


def test_a_suspended_account_reads_nothing_until_it_is_lifted(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    article, reader = an_article(), a_reader()
    a_grant(reader)
    theirs = client.application.test_client()
    sign_in(theirs, reader)
    address = f"/health/article/{article.slug}"
    assert submit(client, f"/admin/readers/{reader.id}/suspend", {"reason": SECRET}).status_code == 303
    sign_in(theirs, reader)  # suspending ended every session
    assert canary(article) not in theirs.get(address).text
    assert session.get_one(Reader, reader.id, populate_existing=True).suspended_reason == SECRET
    assert client.get(f"/admin/readers/{reader.id}/suspend").status_code == 404
    assert submit(client, f"/admin/readers/{reader.id}/unsuspend", {"reason": "Vu"}).status_code == 303
    assert canary(article) in theirs.get(address).text
    assert acts(session) == ["reader.suspended", "reader.unsuspended"]


def test_nobody_suspends_themselves(client: FlaskClient, admin: Reader) -> None:
    assert client.get(f"/admin/readers/{admin.id}/suspend").status_code == 404


@pytest.mark.parametrize("source", [Source.SUBSCRIPTION, Source.TRIAL])
def test_what_cannot_be_changed_here_is_404(client: FlaskClient, admin: Reader, source: Source) -> None:
    from tests.builders import an_organisation

    firm = an_organisation()
    theirs = (
        a_grant(organisation=firm, source=Source.SUBSCRIPTION) if source is Source.SUBSCRIPTION else a_grant(a_reader())
    )
    path = "revoke" if source is Source.SUBSCRIPTION else "extend"
    assert client.get(f"/admin/grants/{theirs.id}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["readers/{id}", "grants/{id}/revoke", "grants/{id}/extend", "readers/{id}/suspend"])
@pytest.mark.parametrize("id_", ["0", "999999", str(2**31), str(2**63), str(10**30)])
def test_ids_that_do_not_exist_are_404(client: FlaskClient, admin: Reader, path: str, id_: str) -> None:
    assert client.get("/admin/" + path.format(id=id_)).status_code == 404
