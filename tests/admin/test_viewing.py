"""“See as”: staff look through a reader's eyes, do nothing in that reader's name, and it is written down."""

import pytest
from flask.testing import FlaskClient

from portal.accounts.models import Reader, ReaderSession
from portal.audit import AuditEvent
from portal.db import AnySession, writing
from portal.reading import log
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_vertical, an_article
from tests.forms import sign_in, submit

BANNER = "Vous voyez le site comme"


@pytest.fixture
def nadia(session: AnySession) -> Reader:
    """A reader who may read mind Health."""
    reader = a_reader("nadia@example.org", name="Nadia Sorel")
    a_vertical("health")
    a_vertical("fintech")
    a_grant(reader, vertical="health", reason="Invitée")
    return reader


@pytest.fixture
def looking(client: FlaskClient, nadia: Reader) -> FlaskClient:
    """Support, looking through her eyes."""
    sign_in(client, a_reader("support@example.org", role=Role.SUPPORT))
    answer = submit(client, f"/admin/readers/{nadia.id}/view-as", page=f"/admin/readers/{nadia.id}")
    assert (answer.status_code, answer.location) == (303, "/profile/")
    return client


def test_every_page_says_so_and_shows_what_the_reader_sees(looking: FlaskClient) -> None:
    opened = an_article(slug="ouvert", vertical="health", body="Voici le secret du texte. " * 200)
    closed = an_article(slug="ferme", vertical="fintech", body="Voici le secret du texte. " * 200)
    for path in ("/", "/profile/", "/plans", f"/health/article/{opened.slug}", f"/fintech/article/{closed.slug}"):
        page = looking.get(path)
        assert page.status_code == 200 and BANNER in page.text and "nadia@example.org" in page.text, path
        assert page.headers["Cache-Control"] == "private, no-store"
    assert "Vous lisez cet article" in looking.get(f"/health/article/{opened.slug}").text
    assert 'class="lock"' in looking.get(f"/fintech/article/{closed.slug}").text


def test_the_readers_own_pages_never_show_the_bar(looking: FlaskClient, nadia: Reader) -> None:
    article = an_article(slug="ouvert", vertical="health")
    looking.get(f"/health/article/{article.slug}")
    own = looking.application.test_client()
    sign_in(own, nadia)
    assert BANNER not in own.get(f"/health/article/{article.slug}").text


@pytest.mark.parametrize(
    "path",
    [
        *("/billing/", "/profile/security", "/profile/security/second-factor", "/profile/identity", "/profile/address"),
        *("/profile/data", "/profile/newsletters", "/admin/", "/admin/readers"),
    ],
)
def test_money_security_and_the_back_office_stay_closed(looking: FlaskClient, path: str) -> None:
    page = looking.get(path)
    assert page.status_code == 403 and BANNER in page.text


@pytest.mark.parametrize("path", ["/trial", "/preferences", "/profile/seat", "/profile/identity", "/login", "/contact"])
def test_nothing_is_done_in_the_readers_name(
    looking: FlaskClient, nadia: Reader, session: AnySession, path: str
) -> None:
    before = session.query(AuditEvent).count()
    answer = submit(looking, path, {"verticals": "fintech", "theme": "dark", "locale": "en"}, page="/profile/")
    assert answer.status_code == 403
    session.expire_all()
    assert (session.query(AuditEvent).count(), session.get_one(Reader, nadia.id).theme) == (before, None)


def test_what_staff_read_is_not_in_the_readers_log(looking: FlaskClient) -> None:
    article = an_article(slug="ouvert", vertical="health")
    assert "Vous lisez" in looking.get(f"/health/article/{article.slug}").text
    assert log.notebook().waiting == {}


def test_stopping_leads_back_and_both_acts_are_written_down(
    looking: FlaskClient, nadia: Reader, session: AnySession
) -> None:
    answer = submit(looking, "/viewing/stop", page="/profile/")
    assert answer.location == f"/admin/readers/{nadia.id}"
    assert looking.get("/admin/").status_code == 200
    support = session.query(Reader).filter_by(email="support@example.org").one()
    acts = session.query(AuditEvent).filter(AuditEvent.act.startswith("reader.viewed")).order_by(AuditEvent.id)
    assert [(one.act, one.actor_id, one.target_id) for one in acts] == [
        ("reader.viewed-as", support.id, nadia.id),
        ("reader.viewed-as-ended", support.id, nadia.id),
    ]


def test_signing_out_works_and_ends_the_session(looking: FlaskClient, session: AnySession) -> None:
    submit(looking, "/logout", page="/profile/")
    assert looking.get("/profile/").status_code == 303
    assert session.query(ReaderSession).one().end_cause == "signed-out"


def test_staff_who_lose_the_right_see_with_their_own_eyes_again(looking: FlaskClient, session: AnySession) -> None:
    with writing() as unit:
        unit.query(Reader).filter_by(email="support@example.org").one().role = Role.READER
    page = looking.get("/profile/").text
    assert BANNER not in page and "support@example.org" in page


def test_only_readers_can_be_looked_through(client: FlaskClient, session: AnySession) -> None:
    sign_in(client, a_reader("support@example.org", role=Role.SUPPORT))
    admin = a_reader("admin@example.org", role=Role.ADMIN)
    submit(client, f"/admin/readers/{admin.id}/view-as", page=f"/admin/readers/{admin.id}")
    assert client.get("/admin/").status_code == 200
    assert submit(client, "/admin/readers/999999/view-as", page="/admin/").status_code == 404


@pytest.mark.parametrize("role", [Role.SALES, Role.EDITOR, Role.AUDITOR, Role.READER])
def test_others_may_not(client: FlaskClient, nadia: Reader, role: Role) -> None:
    sign_in(client, a_reader("other@example.org", role=role))
    assert submit(client, f"/admin/readers/{nadia.id}/view-as", page="/profile/").status_code == 403


def test_stopping_without_having_begun_is_nothing(client: FlaskClient, nadia: Reader) -> None:
    sign_in(client, nadia)
    assert submit(client, "/viewing/stop", page="/profile/").status_code == 404
