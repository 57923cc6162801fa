"""Signs that a login is shared: many networks at once, and more articles than a person reads."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.accounts import sessions, signals
from portal.accounts.models import Reader, ReaderSession
from portal.audit import AuditEvent
from portal.clock import paris_date
from portal.db import AnySession, writing
from portal.reading import log, pace
from portal.reading.models import Reading
from portal.roles import Role
from tests.builders import a_grant, a_reader, an_article
from tests.conftest import NOON
from tests.forms import sign_in


def seen_at(reader: Reader, *networks: str) -> None:
    with writing() as unit:
        for network in networks:
            sessions.open_session(unit, unit.get_one(Reader, reader.id), "Tests")
            newest = unit.query(ReaderSession).order_by(ReaderSession.id.desc()).first()
            signals.note_network(unit, reader.id, newest.id, network)


def told(session: AnySession, act: str) -> list[dict[str, int]]:
    return [event.values for event in session.query(AuditEvent).filter_by(act=act).order_by(AuditEvent.id)]


def test_three_networks_at_once_are_one_persons_and_four_are_told_once_a_day(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    seen_at(reader, "a", "b", "c")
    assert told(session, signals.ACT) == []
    seen_at(reader, "d", "e")
    assert told(session, signals.ACT) == [{"networks": 4}]
    with clock.frozen(NOON + timedelta(days=1, seconds=1)):
        seen_at(reader, "a", "b", "c", "d")
    assert len(told(session, signals.ACT)) == 2


def test_networks_of_one_day_that_are_hours_apart_are_no_sign(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    for hours, network in enumerate("abcdef"):
        with clock.frozen(NOON + timedelta(hours=2 * hours)):
            seen_at(reader, network)
    assert told(session, signals.ACT) == []


def test_the_network_itself_is_not_kept(app: Flask, session: AnySession) -> None:
    seen_at(a_reader(), "203.0.113.7")
    kept = session.query(ReaderSession).one().network_hash
    assert kept is not None and b"203.0.113.7" not in kept


def reads(reader: Reader, count: int) -> None:
    """So many articles today, the last one noted by the notebook."""
    with writing() as unit:
        unit.add_all(
            Reading(reader_id=reader.id, article_id=1000 + number, day=paris_date(NOON), first_at=NOON, times=1)
            for number in range(count - 1)
        )
    log.note(reader.id, 999, clock.now())
    log.notebook().flush()


def test_the_hundred_and_fifty_first_article_of_a_day_slows_the_reader_and_tells_staff(
    client: FlaskClient, session: AnySession
) -> None:
    reader = a_reader("fast@example.org")
    first, second = an_article(slug="un", vertical="health"), an_article(slug="deux", vertical="health")
    a_grant(reader, vertical="health", reason="Invitée")
    sign_in(client, reader)
    reads(reader, pace.MOST_A_DAY)
    assert [client.get(f"/health/article/{one.slug}").status_code for one in (first, second)] == [200, 200]
    log.notebook().flush()
    assert told(session, pace.ACT) == [{"articles": pace.MOST_A_DAY + 2}]
    assert client.get(f"/health/article/{first.slug}").status_code == 200
    slowed = client.get(f"/health/article/{second.slug}")
    assert (slowed.status_code, slowed.headers["Retry-After"]) == (429, "30")
    with clock.frozen(NOON + pace.PAUSE):
        assert client.get(f"/health/article/{second.slug}").status_code == 200
    admin = client.application.test_client()
    sign_in(admin, a_reader("admin@example.org", role=Role.ADMIN))
    assert "152 articles" in admin.get("/admin/").text.replace("\u00a0", " ")


def test_the_next_day_nobody_is_slowed(app: Flask, session: AnySession) -> None:
    reader = a_reader()
    reads(reader, pace.MOST_A_DAY + 1)
    log.wait(reader.id, NOON)
    assert log.wait(reader.id, NOON) == 30
    assert log.wait(reader.id, NOON + timedelta(days=1)) == 0
