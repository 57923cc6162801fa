"""The hub: there in development, nowhere else; it signs in as demo accounts only, shows mails, moves the clock."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from portal import clock, outbox
from portal.access.vocabulary import ArticleState
from portal.clock import PARIS
from portal.db import AnySession, writing
from portal.dev import timemachine
from portal.dev.mailbox import with_links
from tests.builders import a_reader, a_vertical, an_article
from tests.forms import Browser, sign_in, submit

PAGES = ["/dev", "/dev/mailbox", "/dev/mailbox/1", "/dev/mailbox/1/html", "/dev/mails", "/dev/mails/receipt"]
PAGES += ["/dev/mails/receipt/html", "/dev/components"]
ACTS = ["/dev/sign-in", "/dev/stranger", "/dev/clock", "/dev/trials", "/dev/stripe", "/dev/stripe/refuse"]


@pytest.mark.parametrize("path", PAGES)
def test_outside_development_there_is_no_hub(client: Browser, path: str) -> None:
    assert client.get(path, follow_redirects=True).status_code == 404


@pytest.mark.parametrize("path", ACTS)
def test_outside_development_nothing_can_be_sent_to_it(client: Browser, path: str) -> None:
    assert submit(client, path, page="/login").status_code == 404


@pytest.mark.parametrize("path", ACTS)
def test_every_act_takes_a_token(hub: Browser, path: str) -> None:
    assert hub.post(path, data={"email": "prospect@example.org"}).status_code == 400


@pytest.mark.parametrize("path", ACTS)
def test_an_act_nobody_offers_is_not_found(hub: Browser, path: str) -> None:
    if path != "/dev/stranger":
        assert submit(hub, path, {"act": "explode"}, page="/dev").status_code == 404


def test_one_click_signs_in_as_a_demo_account(hub: Browser) -> None:
    a_reader("prospect@example.org", name="Camille Ardouin")
    answer = submit(hub, "/dev/sign-in", {"email": "prospect@example.org"}, page="/dev")
    assert answer.status_code == 303
    assert "prospect@example.org" in hub.get("/dev").text


def test_nobody_else_can_be_signed_in_as(hub: Browser) -> None:
    a_reader("prospect@example.org")
    a_reader("somebody@real.example.com")
    assert submit(hub, "/dev/sign-in", {"email": "somebody@real.example.com"}, page="/dev").status_code == 404


def test_signing_in_takes_a_token(hub: Browser) -> None:
    a_reader("prospect@example.org")
    assert hub.post("/dev/sign-in", data={"email": "prospect@example.org"}).status_code == 400


def test_signing_in_leads_to_the_article_the_account_is_about(hub: Browser) -> None:
    a_reader("prospect@example.org")
    an_article("article-ferme", vertical="health")
    answer = submit(hub, "/dev/sign-in", {"email": "prospect@example.org"}, page="/dev")
    assert answer.location == "/health/article/article-ferme"


def test_a_stranger_is_signed_out_and_led_to_the_page(hub: Browser) -> None:
    reader = a_reader("prospect@example.org")
    sign_in(hub, reader)
    answer = submit(hub, "/dev/stranger", {"next": "/health/"}, page="/dev")
    assert answer.location == "/health/"
    assert "prospect@example.org" not in hub.get("/profile/", follow_redirects=True).text
    assert submit(hub, "/dev/stranger", {"next": "https://elsewhere.example/"}, page="/dev").location == "/"


def test_articles_that_readers_get_no_page_for_are_named_without_a_link(hub: Browser) -> None:
    a_reader("editeur@example.org")
    an_article("retire", state=ArticleState.WITHDRAWN)
    page = hub.get("/dev").text
    assert 'href="/health/article/retire"' not in page and 'value="/health/article/retire"' in page
    answer = submit(
        hub, "/dev/sign-in", {"email": "editeur@example.org", "next": "/health/article/retire"}, page="/dev"
    )
    assert answer.location == "/health/article/retire"


def test_the_trials_of_an_edition_are_closed_and_opened_again(hub: Browser, session: AnySession) -> None:
    vertical = a_vertical("media")
    submit(hub, "/dev/trials", {"trials": "closed"}, page="/dev")
    session.refresh(vertical)
    assert not vertical.trial_open
    assert "OTHER_VERTICAL_BUY" in hub.get("/dev").text or "Les rouvrir" in hub.get("/dev").text
    submit(hub, "/dev/trials", {"trials": "open"}, page="/dev")
    session.refresh(vertical)
    assert vertical.trial_open


def test_the_clock_moves_only_by_what_its_buttons_say(hub: Browser, tmp_path: Path) -> None:
    a_reader("prospect@example.org")
    assert submit(hub, "/dev/clock", {"jump": "year"}, page="/dev").status_code == 404
    assert not (tmp_path / "clock-offset").exists()


def test_a_moved_clock_is_written_for_worker_and_stand_in(hub: Browser, tmp_path: Path) -> None:
    a_reader("prospect@example.org")
    assert submit(hub, "/dev/clock", {"jump": "hour"}, page="/dev").status_code == 303
    ahead = int((tmp_path / "clock-offset").read_text()) + clock.wall().timestamp() - clock.now().timestamp()
    assert ahead == pytest.approx(3600, abs=5)
    submit(hub, "/dev/clock", {"jump": "now"}, page="/dev")
    assert (tmp_path / "clock-offset").read_text() == "0\n"


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=PARIS)


def test_the_next_midnight_is_that_of_paris_also_when_clocks_change() -> None:
    assert timemachine.next_midnight(at(2026, 3, 28, 23)) == at(2026, 3, 29, 0)
    assert timemachine.next_midnight(at(2026, 3, 29, 0)) == at(2026, 3, 30, 0)
    assert timemachine.next_midnight(at(2026, 3, 29, 0)) - at(2026, 3, 29, 0).astimezone(
        clock.wall().tzinfo
    ) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (at(2026, 1, 31), at(2026, 2, 28)),
        (at(2028, 1, 31), at(2028, 2, 29)),
        (at(2026, 12, 15), at(2027, 1, 15)),
        (at(2026, 10, 10, 9), at(2026, 11, 10, 9)),
    ],
)
def test_a_month_later_is_the_same_hour_of_the_same_day_where_there_is_one(now: datetime, then: datetime) -> None:
    assert timemachine.a_month_later(now) == then


def test_a_day_later_keeps_the_hour_when_clocks_change() -> None:
    assert timemachine.days_later(1)(at(2026, 10, 24)).astimezone(PARIS).hour == 12
    assert timemachine.days_later(1)(at(2026, 10, 24)) - at(2026, 10, 24) == timedelta(days=1)
    assert timemachine.days_later(7)(at(2026, 10, 24)) == at(2026, 10, 31)


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (at(2026, 3, 10, 9), at(2026, 3, 10, 10)),
        (at(2026, 3, 10, 10), at(2026, 3, 11, 10)),
        (at(2026, 3, 28, 22), at(2026, 3, 29, 10)),
    ],
)
def test_the_next_morning_is_the_first_ten_o_clock_to_come(now: datetime, then: datetime) -> None:
    assert timemachine.next_morning(now) == then


@pytest.fixture
def mail(hub: Browser, session: AnySession) -> int:
    """A mail waiting in the outbox."""
    with writing() as unit:
        reader = a_reader("prospect@example.org")
        unit.add(_mail(reader.id))
    return int(unit.query(outbox.Mail.id).scalar())


def _mail(reader_id: int) -> outbox.Mail:
    now = clock.now()
    return outbox.Mail(
        key="one",
        kind="confirm",
        reader_id=reader_id,
        to_address="prospect@example.org",
        locale="fr",
        subject="Confirmez votre adresse <b>",
        text="Bonjour & bienvenue : http://127.0.0.1:8000/confirm/abc.\n<script>",
        html='<html><head></head><body><p style="color:red">Bonjour</p></body></html>',
        headers={},
        facts={},
        message_id="<one@example.org>",
        created_at=now,
        expires_at=now + timedelta(days=1),
        next_attempt_at=now,
    )


def test_mails_are_listed_and_read_as_text_with_links(hub: Browser, mail: int) -> None:
    assert "Confirmez votre adresse &lt;b&gt;" in hub.get("/dev/mailbox").text
    page = hub.get(f"/dev/mailbox/{mail}").text
    assert '<a href="http://127.0.0.1:8000/confirm/abc">' in page
    assert "&lt;script&gt;" in page


def test_a_mails_html_is_framed_under_a_policy_of_its_own(hub: Browser, mail: int) -> None:
    answer = hub.get(f"/dev/mailbox/{mail}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src" not in policy and "frame-ancestors 'self'" in policy
    assert '<base target="_top">' in answer.text
    assert "'unsafe-inline'" not in hub.get("/dev/mailbox").headers["Content-Security-Policy"]
    assert 'sandbox="' in hub.get(f"/dev/mailbox/{mail}").text


@pytest.mark.parametrize("number", [0, 4_000_000, 10**30])
def test_a_mail_that_is_not_there_is_not_found(hub: Browser, number: int) -> None:
    assert hub.get(f"/dev/mailbox/{number}").status_code == 404


def test_links_end_before_the_sentence_does() -> None:
    assert str(with_links("Voir https://x.example/a?b=1&c=2.")) == (
        'Voir <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.'
    )
