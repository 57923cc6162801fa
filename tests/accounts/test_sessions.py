"""Sessions as rows: what opening one writes, who stands behind a token, and what ending and using one change."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, request
from flask import session as cookie
from flask_login import login_user

from portal import clock
from portal.accounts import sessions
from portal.accounts.keyed import keyed
from portal.accounts.models import Reader, ReaderSession
from portal.accounts.person import SignedIn
from portal.accounts.sessions import ABSOLUTE, VISIT
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader
from tests.conftest import NOON as NOON_IN_PARIS

NOON = NOON_IN_PARIS.astimezone(UTC)
TICK = timedelta(microseconds=1)
FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"


def opened(session: AnySession, reader: Reader, device: str = FIREFOX, **how: Any) -> str:
    with writing(session) as unit:
        return sessions.open_session(unit, unit.get_one(Reader, reader.id), device, **how)


def row_of(session: AnySession, token: str) -> ReaderSession:
    end_reading()
    person = sessions.by_token(session, token)
    assert person is not None
    return session.get_one(ReaderSession, person.session_id)


def changed(session: AnySession, token: str, **values: Any) -> None:
    with writing(session) as unit:
        row = unit.get_one(ReaderSession, row_of(unit, token).id)
        for name, value in values.items():
            setattr(row, name, value)


def person_at(session: AnySession, token: str, at: datetime) -> SignedIn | None:
    end_reading()
    with clock.frozen(at):
        return sessions.by_token(session, token)


def test_a_new_session_is_written_whole(session: AnySession) -> None:
    reader = a_reader()
    row = row_of(session, opened(session, reader, "x" * 300))
    assert (row.reader_id, row.device, row.second_factor_at, row.verified_at) == (reader.id, "x" * 200, None, NOON)
    assert (row.created_at, row.last_seen_at) == (NOON, NOON)
    assert (row.idle_until, row.expires_at) == (NOON + timedelta(days=30), NOON + timedelta(days=90))
    assert session.get_one(Reader, reader.id).last_seen_at == NOON


@pytest.mark.parametrize(
    ("role", "stay", "lasts"),
    [
        (Role.READER, True, timedelta(days=90)),
        (Role.READER, False, timedelta(hours=12)),
        (Role.EDITOR, True, timedelta(hours=12)),
    ],
)
def test_how_long_it_lasts_is_a_matter_of_role_and_wish(
    session: AnySession, role: Role, stay: bool, lasts: timedelta
) -> None:
    row = row_of(session, opened(session, a_reader(role=role), stay=stay, second_factor=True))
    assert row.expires_at == NOON + lasts
    assert row.second_factor_at == NOON


def test_tokens_are_long_and_no_two_are_the_same(session: AnySession) -> None:
    reader = a_reader()
    first, second = opened(session, reader), opened(session, reader)
    assert first != second
    assert len(first) == 43  # 256 bits


def test_the_person_behind_a_token_is_told_whole(session: AnySession) -> None:
    reader = a_reader(name="Claire Dubreuil", locale="en", theme="dark")
    token = opened(session, reader)
    row = row_of(session, token)
    changed(session, token, last_seen_at=NOON - timedelta(hours=1), verified_at=NOON - timedelta(minutes=5))
    person = sessions.by_token(session, token)
    assert person is not None
    assert asdict(person) == {
        "id": reader.id,
        "token": token,
        "session_id": row.id,
        "email": reader.email,
        "name": "Claire Dubreuil",
        "role": Role.READER,
        "locale": "en",
        "theme": "dark",
        "confirmed_at": NOON,
        "suspended_at": None,
        "last_seen_at": NOON - timedelta(hours=1),
        "verified_at": NOON - timedelta(minutes=5),
        "second_factor": False,
        "viewer_id": None,
    }


def test_who_never_proved_anything_again_was_proved_when_the_session_began(session: AnySession) -> None:
    token = opened(session, a_reader(), second_factor=True)
    changed(session, token, verified_at=None, created_at=NOON - timedelta(hours=3))
    person = sessions.by_token(session, token)
    assert person is not None
    assert (person.verified_at, person.second_factor) == (NOON - timedelta(hours=3), True)


def test_suspended_staff_are_nothing_more_than_readers(session: AnySession) -> None:
    token = opened(session, a_reader(role=Role.ADMIN, suspended_at=NOON), second_factor=True)
    person = sessions.by_token(session, token)
    assert person is not None
    assert (person.role, person.suspended_at) == (Role.READER, NOON)


@pytest.mark.parametrize("column", ["idle_until", "expires_at"])
def test_a_session_is_over_at_the_instant_it_ends_and_not_before(session: AnySession, column: str) -> None:
    token = opened(session, a_reader())
    end = NOON + timedelta(days=3)
    changed(session, token, **{column: end})
    assert person_at(session, token, end - TICK) is not None
    assert person_at(session, token, end) is None


@pytest.mark.parametrize("column", ["idle_until", "expires_at"])
def test_a_session_that_is_over_takes_no_place(
    app: Flask, session: AnySession, monkeypatch: pytest.MonkeyPatch, column: str
) -> None:
    monkeypatch.setitem(app.config, "DEVICES", 1)
    reader, end = a_reader(), NOON + timedelta(days=3)
    token = opened(session, reader)
    number = row_of(session, token).id
    changed(session, token, **{column: end})
    with clock.frozen(end):
        opened(session, reader)
    end_reading()
    assert session.get_one(ReaderSession, number).ended_at is None


def test_of_sessions_opened_at_the_same_instant_the_first_makes_room(
    app: Flask, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "DEVICES", 2)
    reader = a_reader()
    tokens = [opened(session, reader) for _ in range(3)]
    end_reading()
    assert [sessions.why_ended(session, token) for token in tokens] == [sessions.TOO_MANY, None, None]


@pytest.mark.parametrize("role", [Role.READER, Role.EDITOR])
def test_borrowed_eyes_need_the_permission(session: AnySession, role: Role) -> None:
    seen = a_reader()
    token = opened(session, a_reader(role=role), second_factor=True)
    changed(session, token, viewing_as_id=seen.id)
    person = sessions.by_token(session, token)
    assert person is not None and person.id != seen.id and person.viewer_id is None


def test_borrowed_eyes_see_as_their_reader_and_remember_whose_they_are(session: AnySession) -> None:
    seen = a_reader(name="Claire", confirmed=False, suspended_at=NOON, locale="en")
    viewer = a_reader(role=Role.SUPPORT, locale="fr")
    token = opened(session, viewer, second_factor=True)
    changed(session, token, viewing_as_id=seen.id)
    person = sessions.by_token(session, token)
    assert person is not None
    assert (person.id, person.email, person.name) == (seen.id, seen.email, "Claire")
    assert (person.confirmed_at, person.suspended_at, person.locale) == (None, NOON, "fr")
    assert (person.role, person.second_factor, person.viewer_id) == (Role.READER, False, viewer.id)


def test_borrowed_eyes_close_without_the_second_factor(session: AnySession) -> None:
    viewer = a_reader(role=Role.ADMIN)
    token = opened(session, viewer)
    changed(session, token, viewing_as_id=a_reader().id)
    person = sessions.by_token(session, token)
    assert person is not None and person.id == viewer.id and person.viewer_id is None


def test_ending_one_is_noted_once_and_says_why(session: AnySession) -> None:
    reader = a_reader()
    token = opened(session, reader)
    row = row_of(session, token)
    with writing(session) as unit:
        assert [sessions.end_one(unit, unit.merge(row), "signed-out") for _tab in range(2)] == [True, False]
    end_reading()
    assert sessions.by_token(session, token) is None
    assert sessions.why_ended(session, token) == "signed-out"
    event = session.query(AuditEvent).filter_by(act="session.ended").one()
    assert (event.actor_id, event.target_kind, event.target_id) == (reader.id, "reader", reader.id)
    assert event.values == {"session_id": row.id, "cause": "signed-out"}
    assert session.get_one(AuditPersonal, event.id).values == {"browser": "Firefox", "system": "Mac"}


def test_ending_all_spares_the_one_named_and_those_of_others(session: AnySession) -> None:
    reader, other = a_reader(), a_reader()
    mine = [opened(session, reader) for _ in range(3)]
    theirs, here = opened(session, other), row_of(session, mine[1]).id
    with writing(session) as unit:
        assert sessions.end_all(unit, reader.id, "password-changed", but=here) == 2
    end_reading()
    assert [sessions.why_ended(session, token) for token in mine] == ["password-changed", None, "password-changed"]
    with writing(session) as unit:
        assert sessions.end_all(unit, reader.id, "suspended") == 1
    end_reading()
    assert [sessions.why_ended(session, token) for token in mine] == [
        "password-changed",
        "suspended",
        "password-changed",
    ]
    assert sessions.by_token(session, theirs) is not None


def test_an_ended_session_keeps_its_hour(session: AnySession) -> None:
    reader = a_reader()
    number = row_of(session, opened(session, reader)).id
    for minutes in (1, 2):
        with clock.frozen(NOON + timedelta(minutes=minutes)), writing(session) as unit:
            sessions.end_all(unit, reader.id, "suspended")
    end_reading()
    assert session.get_one(ReaderSession, number).ended_at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("coded", [True, False])
def test_proving_oneself_again_is_noted_at_this_session_only_and_renames_it(
    app: Flask, session: AnySession, coded: bool
) -> None:
    reader, later = a_reader(), NOON + timedelta(minutes=7)
    token = opened(session, reader)
    here, elsewhere = row_of(session, token).id, row_of(session, opened(session, reader)).id
    with app.test_request_context(), clock.frozen(later), writing(session) as unit:
        sessions.verify(unit, here, second_factor=coded)
        renamed = cookie["_user_id"]
    end_reading()
    assert len(renamed) == 43 and sessions.by_token(session, token) is None
    assert row_of(session, renamed).id == here
    rows = [session.get_one(ReaderSession, number) for number in (here, elsewhere)]
    assert [row.verified_at for row in rows] == [later, NOON]
    assert [row.second_factor_at for row in rows] == [later if coded else None, None]


def test_who_loses_the_second_factor_has_passed_it_nowhere(session: AnySession) -> None:
    reader, other = a_reader(), a_reader()
    mine, theirs = (opened(session, one, second_factor=True) for one in (reader, other))
    with writing(session) as unit:
        sessions.lose_second_factor(unit, reader.id)
    assert row_of(session, mine).second_factor_at is None
    assert row_of(session, theirs).second_factor_at == NOON


@pytest.mark.parametrize(("after", "written"), [(timedelta(minutes=10) - TICK, False), (timedelta(minutes=10), True)])
def test_use_is_noted_every_ten_minutes(session: AnySession, after: timedelta, written: bool) -> None:
    token, other = opened(session, a_reader()), opened(session, a_reader())
    person, at = sessions.by_token(session, token), NOON + after
    assert person is not None
    with clock.frozen(at), writing(session) as unit:
        assert sessions.touch(unit, person) is written
    row = row_of(session, token)
    assert row.last_seen_at == (at if written else NOON)
    assert row.idle_until == row.last_seen_at + timedelta(days=30)
    assert row_of(session, other).last_seen_at == NOON


def signed_in(app: Flask, session: AnySession, reader: Reader, *, before: str = "", **how: Any) -> tuple[str, bool]:
    """Sign in as a form would, over the session `before`: the token, and whether the cookie outlives the browser."""
    with app.test_request_context(headers={"User-Agent": FIREFOX}, environ_base={"REMOTE_ADDR": "192.0.2.7"}):
        if before:
            login_user(sessions.by_token(session, before))
        with writing(session) as unit:
            sessions.sign_in(unit, unit.get_one(Reader, reader.id), request, **how)
        return cookie["_user_id"], cookie.permanent


def test_signing_in_opens_a_session_of_this_device_and_notes_it(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    token, permanent = signed_in(app, session, reader)
    row = row_of(session, token)
    assert (row.device, row.second_factor_at, row.expires_at, permanent) == (FIREFOX, None, NOON + ABSOLUTE, True)
    assert row.network_hash == keyed_on(app, "192.0.2.7")
    event = session.query(AuditEvent).filter_by(act="session.opened").one()
    assert (event.actor_id, event.target_kind, event.target_id) == (reader.id, "reader", reader.id)
    assert event.values == {"session_id": row.id}
    assert session.get_one(AuditPersonal, event.id).values == {"browser": "Firefox", "system": "Mac"}


def keyed_on(app: Flask, network: str) -> bytes:
    with app.app_context():
        return keyed("network", network)


def test_who_does_not_stay_gets_a_cookie_that_ends_with_the_browser(app: Flask, session: AnySession) -> None:
    token, permanent = signed_in(app, session, a_reader(), stay=False, second_factor=True)
    row = row_of(session, token)
    assert (row.expires_at, row.second_factor_at, permanent) == (NOON + VISIT, NOON, False)


def test_signing_in_over_a_session_replaces_it_and_no_other(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    here, elsewhere = opened(session, reader), opened(session, reader)
    token, _permanent = signed_in(app, session, reader, before=here)
    end_reading()
    assert [sessions.why_ended(session, one) for one in (here, elsewhere, token)] == ["replaced", None, None]


@pytest.mark.parametrize(("seen", "quiet", "mails"), [(True, False, 1), (True, True, 0), (False, False, 0)])
def test_an_unknown_device_is_told_by_mail_unless_it_is_the_first_or_nobody_wants_to_know(
    app: Flask, session: AnySession, seen: bool, quiet: bool, mails: int
) -> None:
    reader = a_reader(last_seen_at=NOON - timedelta(days=1) if seen else None)
    signed_in(app, session, reader, quiet=quiet)
    end_reading()
    assert session.query(Mail).filter_by(kind="new_device", reader_id=reader.id).count() == mails
    assert mails == 0 or "Firefox sur Mac" in session.query(Mail).one().text.replace("\u00a0", " ")


def test_signing_out_ends_this_session_and_empties_the_cookie(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    token, other = opened(session, reader), opened(session, reader)
    with app.test_request_context():
        person = sessions.by_token(session, token)
        assert person is not None
        login_user(person)
        with writing(session) as unit:
            sessions.sign_out(unit, person)
        assert "_user_id" not in cookie
    end_reading()
    assert [sessions.why_ended(session, one) for one in (token, other)] == ["signed-out", None]
