"""The queue of requests about trials and the caps of companies, as staff see them."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.roles import Permission, Role, may
from portal.trials.models import CompanyCap, RequestKind, TrialRequest
from tests.builders import a_grant, a_reader, a_vertical
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

ALLOWED = {Role.SALES, Role.SUPPORT, Role.ADMIN}
LIST, CAPS = "/admin/trial-requests", "/admin/trial-requests/caps"


def asked(
    kind: RequestKind = RequestKind.COMPANY_CAP, *, email: str = "ana@clinique.fr", at: timedelta = timedelta()
) -> TrialRequest:
    """A request of somebody whose trial has ended, when it is for more days."""
    with writing() as unit:
        reader = a_reader(email, name=email.partition("@")[0].title(), locale="fr")
        if kind is RequestKind.EXTENSION:
            a_grant(reader, source=Source.TRIAL, starts_in=timedelta(days=-20), ends_in=timedelta(days=-4))
        row = {"kind": kind, "reader_id": reader.id, "vertical_id": a_vertical("health").id}
        request = TrialRequest(**row, created_at=NOON + at, message="Absente." if kind is RequestKind.EXTENSION else "")
        unit.add(request)
    return request


@pytest.fixture
def sales(client: FlaskClient) -> Reader:
    person = a_reader("ventes@example.org", role=Role.SALES, name="Noor Belval")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def page_of(request: TrialRequest) -> str:
    return f"{LIST}/{request.id}"


def settled(session: AnySession, request: TrialRequest) -> TrialRequest:
    end_reading()
    return session.get_one(TrialRequest, request.id, populate_existing=True)


@pytest.mark.parametrize("role", list(Role))
def test_queue_and_caps_open_to_those_who_extend_trials(client: FlaskClient, session: AnySession, role: Role) -> None:
    request = asked()
    sign_in(client, a_reader(role=role))
    allowed = may(role, Permission.EXTEND_TRIALS)
    assert allowed is (role in ALLOWED)
    for page in (LIST, page_of(request), CAPS, f"{CAPS}/clinique.fr"):
        assert client.get(page).status_code == (200 if allowed else 403), page
    if not allowed:
        token = csrf_token(client, "/contact")
        for act in (f"{page_of(request)}/accept", f"{page_of(request)}/decline", f"{CAPS}/clinique.fr"):
            data = {"csrf_token": token, "text": "x", "reason": "x", "cap": "9"}
            assert client.post(act, data=data).status_code == 403
        assert settled(session, request).answered_at is None and session.scalars(select(CompanyCap)).all() == []


def test_what_waits_stands_first_and_is_counted_everywhere(client: FlaskClient, sales: Reader) -> None:
    old = asked(email="vieille@clinique.fr", at=timedelta(hours=-30))
    asked(RequestKind.EXTENSION, email="jeune@cabinet.fr", at=timedelta(hours=-1))
    done = asked(email="traitee@cabinet.fr", at=timedelta(hours=-40))
    with writing() as unit:
        unit.get_one(TrialRequest, done.id).answered_at = NOON
    text = client.get(LIST).text
    places = [text.index(word) for word in ("Vieille", "Jeune", "Traitee")]
    assert places == sorted(places) and page_of(old) in text
    for page in ("/admin/", "/admin/readers"):
        assert '<span class="n">2<' in client.get(page).text
    start = client.get("/admin/").text
    assert f'href="{page_of(old)}"' in start and "beyond the company" in start


def test_the_queue_is_narrowed_by_kind_and_state(client: FlaskClient, sales: Reader) -> None:
    asked(email="plafond@clinique.fr")
    done = asked(RequestKind.EXTENSION, email="jours@clinique.fr")
    with writing() as unit:
        unit.get_one(TrialRequest, done.id).answered_at = NOON

    def shown(query: str) -> list[str]:
        text = client.get(f"{LIST}?{query}").text
        return [name for name in ("Plafond", "Jours") if name in text]

    assert shown("") == shown("kind=x&state=%00&page=-1") == ["Plafond", "Jours"]
    assert shown("kind=extension") == shown("state=answered") == ["Jours"]
    assert shown("state=waiting") == ["Plafond"]
    assert client.get(f"{LIST}?page=99999999999999999999").status_code == 200


def test_the_auditor_sees_what_waits_without_a_way_to_it(client: FlaskClient) -> None:
    request = asked()
    sign_in(client, a_reader(role=Role.AUDITOR))
    text = client.get("/admin/").text
    assert "ana@clinique.fr" in text and page_of(request) not in text and LIST not in text


def test_a_page_shows_who_asks_and_who_tries_in_the_company(client: FlaskClient, sales: Reader) -> None:
    request = asked()
    colleague = a_reader("bea@clinique.fr", name="Béa Colin")
    a_grant(colleague, source=Source.TRIAL, ends_in=timedelta(days=3))
    a_grant(a_reader("zoe@ailleurs.fr", name="Zoé Autre"), source=Source.TRIAL, ends_in=timedelta(days=3))
    text = client.get(page_of(request)).text
    assert "Béa Colin" in text and f"/admin/readers/{colleague.id}" in text and "Zoé Autre" not in text
    assert "mind Health: 1 running, 5 at most." in text and f'href="{CAPS}/clinique.fr"' in text


def test_a_relay_address_is_flagged(client: FlaskClient, sales: Reader) -> None:
    assert "Relay address" in client.get(page_of(asked(email="x@privaterelay.appleid.com"))).text
    assert "Relay address" not in client.get(page_of(asked(email="y@clinique.fr"))).text
    people = [a_reader("x@ana.mozmail.com"), a_reader("z@clinique.fr")]
    pages = [client.get(f"/admin/readers/{person.id}").text for person in people]
    assert ["Relay address" in page for page in pages] == [True, False]


def test_yes_starts_the_trial_and_writes(client: FlaskClient, sales: Reader, session: AnySession) -> None:
    request = asked()
    answer = submit(client, f"{page_of(request)}/accept", page=page_of(request))
    assert (answer.status_code, answer.location) == (303, LIST)
    assert settled(session, request).answered_by == sales.id
    assert session.scalars(select(Grant.source)).all() == [Source.TRIAL]
    assert session.scalars(select(Mail.kind)).all() == ["trial_started"]
    assert "Trial started" in client.get(page_of(request)).text


def test_days_are_given_with_a_number_and_a_reason(client: FlaskClient, sales: Reader, session: AnySession) -> None:
    request = asked(RequestKind.EXTENSION)
    accept = f"{page_of(request)}/accept"
    for data in ({"days": "0", "reason": "x"}, {"days": "sept", "reason": "x"}, {"days": "7", "reason": " "}):
        assert submit(client, accept, data, page=page_of(request)).status_code == 422
    assert settled(session, request).answered_at is None
    assert submit(client, accept, {"days": "7", "reason": "Absente."}, page=page_of(request)).status_code == 303
    assert settled(session, request).answer == "extended"
    assert session.scalars(select(Mail.kind)).all() == ["trial_extended"]


def test_no_needs_a_sentence_and_goes_to_the_reader(client: FlaskClient, sales: Reader, session: AnySession) -> None:
    request = asked()
    decline = f"{page_of(request)}/decline"
    empty = submit(client, decline, {"text": " "}, page=page_of(request))
    assert empty.status_code == 422 and "Write a sentence" in empty.text and "<title>Error: " in empty.text
    assert submit(client, decline, {"text": "Pas cette fois."}, page=page_of(request)).status_code == 303
    mail = session.scalars(select(Mail)).one()
    assert (mail.kind, mail.to_address) == ("trial_declined", "ana@clinique.fr")
    assert "Pas cette fois." in client.get(page_of(request)).text


def test_who_is_too_late_is_told_and_what_they_wrote_is_kept(
    client: FlaskClient, sales: Reader, session: AnySession
) -> None:
    request = asked()
    token = csrf_token(client, page_of(request))
    submit(client, f"{page_of(request)}/accept", page=page_of(request))
    late = client.post(f"{page_of(request)}/decline", data={"csrf_token": token, "text": "Pas cette fois."})
    assert late.status_code == 422 and "Somebody has answered" in late.text and "Pas cette fois." in late.text
    assert session.scalars(select(Mail.kind)).all() == ["trial_started"]


def test_what_has_settled_itself_is_closed_without_a_mail(
    client: FlaskClient, sales: Reader, session: AnySession
) -> None:
    request = asked()
    close = f"{page_of(request)}/close"
    assert f'action="{close}"' not in client.get(page_of(request)).text
    assert submit(client, close, page=page_of(request)).status_code == 200
    assert settled(session, request).answered_at is None
    a_grant(session.get_one(Reader, request.reader_id), source=Source.ADMIN)
    assert submit(client, close, page=page_of(request)).status_code == 303
    assert settled(session, request).answered_at is not None and session.scalars(select(Mail)).all() == []


def test_a_companys_number_is_changed_with_a_reason(client: FlaskClient, sales: Reader, session: AnySession) -> None:
    page = f"{CAPS}/clinique.fr"
    for data in ({"cap": "501", "reason": "x"}, {"cap": "-1", "reason": "x"}, {"cap": "12", "reason": " "}):
        assert submit(client, page, data).status_code == 422
    assert submit(client, page, {"cap": "12", "reason": "Grand compte."}).status_code == 303
    assert session.scalars(select(CompanyCap.cap)).all() == [12]
    assert "12 trials of each edition" in client.get(page).text and page in client.get(LIST).text
    assert submit(client, page, {"cap": "", "reason": "Fini."}).status_code == 303
    end_reading()
    assert session.scalars(select(CompanyCap)).all() == []


def test_the_audit_log_says_which_company_before_and_after(client: FlaskClient, session: AnySession) -> None:
    sign_in(client, a_reader(role=Role.ADMIN))
    client.set_cookie("locale", "en")
    submit(client, f"{CAPS}/clinique.fr", {"cap": "12", "reason": "Grand compte."})
    text = client.get("/admin/audit").text
    assert "clinique.fr" in text and "Trials at a time: 12 (before: as everybody)" in text and "Grand compte." in text


@pytest.mark.parametrize(
    ("typed", "leads"),
    [("ana@paris.clinique.fr", "clinique.fr"), (" Clinique.FR ", "clinique.fr"), ("x.co.uk", "x.co.uk")],
)
def test_a_company_is_found_by_domain_or_address(client: FlaskClient, sales: Reader, typed: str, leads: str) -> None:
    answer = client.get(CAPS, query_string={"company": typed})
    assert (answer.status_code, answer.location) == (303, f"{CAPS}/{leads}")


@pytest.mark.parametrize("typed", ["gmail.com", "clinique", "ana@duck.com", "\0", "<b>", "x" * 400, "a..fr"])
def test_what_is_no_company_is_said(client: FlaskClient, sales: Reader, typed: str) -> None:
    answer = client.get(CAPS, query_string={"company": typed})
    assert answer.status_code == 200 and (typed == "\0" or "stands for no company" in answer.text)


@pytest.mark.parametrize("company", ["gmail.com", "paris.clinique.fr", "Clinique.fr", "x", "%00", "a" * 300])
def test_an_address_that_is_no_companys_is_not_there(client: FlaskClient, sales: Reader, company: str) -> None:
    assert client.get(f"{CAPS}/{company}").status_code == 404


def test_a_request_that_is_late_says_so(client: FlaskClient, sales: Reader) -> None:
    request = asked(at=timedelta(days=-4))
    with clock.frozen(NOON):
        assert "Late" in client.get(page_of(request)).text and "Late" in client.get(LIST).text
