"""What happened to an account, told to its reader and to nobody else."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import audit, clock
from portal.accounts import security_history, sessions, suspension
from portal.accounts.models import Reader
from portal.audit import AuditPersonal
from portal.db import AnySession, db, writing
from portal.i18n import use_locale
from portal.settings import ROOT
from tests.builders import a_reader
from tests.conftest import NOON
from tests.forms import sign_in, submit

PAGE = "/profile/security"
PASSWORD = "trois chevaux bleus courent"
ADDRESS = "claire@clinique.example.org"
FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def claire(session: AnySession) -> Reader:
    return a_reader(ADDRESS, password=PASSWORD)


def happened(reader: Reader, act: str, *, actor_id: int | None = None, **personal: str) -> int:
    """An act in the reader's audit log."""
    with writing() as unit:
        target = ("reader", reader.id)
        return audit.record(unit, act, actor_id=actor_id or reader.id, target=target, personal=personal).id


def told(session: AnySession, reader: Reader, before: int = 0) -> list[tuple[str, str]]:
    with use_locale("fr"):
        page = security_history.read(session, reader.id, before=before)
    return [(one.what, one.detail.replace("\u00a0", " ")) for one in page.entries]


def test_signing_in_and_out_is_told_with_the_device(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    submit(client, "/login", {"email": ADDRESS, "password": PASSWORD}, headers={"User-Agent": FIREFOX})
    assert told(session, claire) == [("Connexion", "12 h 00 · Firefox sur Mac")]
    assert "Firefox sur Mac" in client.get(PAGE).text.split('id="history"')[1]
    submit(client, "/logout", page=PAGE)
    assert told(session, claire)[0] == (
        "Appareil déconnecté",
        "12 h 00 · Firefox sur Mac · Vous vous y êtes déconnecté.",
    )


def test_the_newest_comes_first_and_only_a_year_is_told(claire: Reader, session: AnySession) -> None:
    for days, act in ((366, "account.created"), (364, "account.confirmed"), (0, "account.password-changed")):
        with clock.frozen(NOON - timedelta(days=days)):
            happened(claire, act)
    assert [what for what, _detail in told(session, claire)] == ["Mot de passe changé", "Adresse confirmée"]


def test_days_are_told_shortly(claire: Reader, session: AnySession) -> None:
    for days in (90, 1, 0):
        with clock.frozen(NOON - timedelta(days=days)):
            happened(claire, "account.password-changed")
    with use_locale("fr"):
        days_told = [one.when.replace("\u00a0", " ") for one in security_history.read(session, claire.id).entries]
    assert days_told == ["Aujourd’hui", "9 mars", "10 décembre 2025"]


def test_twenty_stand_on_a_page_and_the_rest_behind_older(
    client: FlaskClient, claire: Reader, session: AnySession
) -> None:
    for number in range(45):
        happened(claire, "address.proved", email=f"{number}@example.org")
    seen: list[str] = []
    sign_in(client, claire)
    url: str | None = PAGE
    while url:
        page = client.get(url).text
        seen += re.findall(r"(\d+)@example\.org", page.split('id="history"')[1])
        older = re.search(r'href="(/profile/security\?before=\d+)#history">Plus ancien', page)
        url = older[1] if older else None
    assert seen == [str(number) for number in range(44, -1, -1)]


@pytest.mark.parametrize(
    "before", ["0", "-1", "x", "10000000000000000000000000", "9223372036854775808", "9" * 5000, ""]
)
def test_a_page_that_nobody_has_is_the_first(client: FlaskClient, claire: Reader, before: str) -> None:
    sign_in(client, claire)
    happened(claire, "account.password-changed")
    answer = client.get(f"{PAGE}?before={before}")
    assert answer.status_code == 200 and "Mot de passe changé" in answer.text.split('id="history"')[1]


def test_the_history_of_another_reader_is_never_shown(client: FlaskClient, claire: Reader, session: AnySession) -> None:
    other = a_reader("autre@example.org")
    foreign = happened(other, "address.proved", email="secret@example.org")
    own = happened(claire, "account.password-changed")
    happened(other, "second-factor.on", actor_id=claire.id)  # what one does to others is theirs
    sign_in(client, claire)
    for before in (0, foreign, own):
        page = client.get(f"{PAGE}?before={before}").text.split('id="history"')[1]
        assert "secret@example.org" not in page and "deux étapes" not in page
    assert told(session, claire, before=foreign) == told(session, claire)


def test_what_the_team_did_says_so_and_tells_no_reason(claire: Reader, session: AnySession) -> None:
    admin = a_reader()
    with writing() as unit:
        suspension.suspend(unit, unit.get_one(Reader, claire.id), "Un motif interne.", actor_id=admin.id)
    assert told(session, claire) == [("Compte suspendu", "12 h 00 · par notre équipe")]


def test_an_erased_device_is_a_browser(app: Flask, client: FlaskClient, claire: Reader, session: AnySession) -> None:
    submit(client, "/login", {"email": ADDRESS, "password": PASSWORD}, headers={"User-Agent": FIREFOX})
    with writing() as unit:
        unit.execute(db.delete(AuditPersonal))
    assert told(session, claire) == [("Connexion", "12 h 00 · Un navigateur")]


def test_acts_about_other_things_are_not_told(claire: Reader, session: AnySession) -> None:
    happened(claire, "grant.given")
    happened(claire, "something.new")
    assert told(session, claire) == []


def test_a_session_opened_behind_the_form_is_cheap_and_untold(claire: Reader, session: AnySession) -> None:
    with writing() as unit:
        sessions.open_session(unit, unit.get_one(Reader, claire.id), FIREFOX)
    assert told(session, claire) == []


def test_every_act_on_an_account_has_a_sentence() -> None:
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "portal").rglob("*.py"))
    acts = set(re.findall(r'"((?:account|second-factor|address|session)\.[a-z-]+)"', written))
    assert "second-factor.on" in acts
    assert acts <= set(security_history.ACTS), "add the sentence to portal/accounts/security_history.py"


def test_a_year_of_acts_reads_in_english_too(claire: Reader, session: AnySession) -> None:
    for act in security_history.ACTS:
        happened(claire, act, email="autre@example.org")
    with use_locale("en"):
        page = security_history.read(session, claire.id)
    assert all(entry.what and entry.iso and "·" not in entry.what for entry in page.entries)
