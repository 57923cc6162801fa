"""Migrations go up, down and up again on data, on both databases, and leave triggers and references whole."""

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.db import db, end_reading, writing
from portal.history import Snapshot
from portal.outbox import Mail
from tests.builders import a_reader
from tests.guards.house import contents, furnish


@pytest.fixture
def furnished(app: Flask) -> Flask:
    """A house with data in it, whose tables are put back whatever happens."""
    furnish()
    end_reading()
    yield app
    db.session.remove()
    upgrade()


def refuses_change(table: str) -> bool:
    """True when the append-only trigger is awake."""
    try:
        with writing() as unit:
            unit.execute(text(f"UPDATE {table} SET id = id"))
    except DBAPIError as error:
        return "append-only" in str(error)
    return False


def test_one_step_down_and_up_loses_nothing(furnished: Flask) -> None:
    before = contents()
    db.session.remove()
    downgrade(revision="-1")
    stay = columns()
    upgrade()
    assert len(stay) > 30
    assert of(contents(), stay) == of(before, stay)


def test_all_the_way_down_and_up_makes_the_same_tables(furnished: Flask) -> None:
    before = columns()
    db.session.remove()
    downgrade(revision="base")
    assert set(columns()) <= {"alembic_version"}
    upgrade()
    assert columns() == before


def test_notices_of_before_are_found_by_what_they_are_about(furnished: Flask) -> None:
    with writing() as unit:
        unit.add_all([notice("renewal_notice", "sub_1"), notice("card_expiring", "sub_2"), notice("receipt", "sub_3")])
    db.session.remove()
    downgrade(revision="0009")
    upgrade()
    found = db.session.execute(select(Mail.kind, Mail.about).where(Mail.key.startswith("before:")).order_by(Mail.id))
    assert found.all() == [("renewal_notice", "sub_1"), ("card_expiring", "sub_2"), ("receipt", None)]


def notice(kind: str, subscription: str) -> Mail:
    at, blank = clock.now(), {"subject": "", "text": "", "html": "", "headers": {}}
    return Mail(
        key=f"before:{subscription}",
        kind=kind,
        to_address="nom@example.org",
        locale="fr",
        facts={"subscription": subscription},
        message_id=f"<{subscription}@example.org>",
        created_at=at,
        expires_at=at,
        next_attempt_at=at,
        **blank,
    )


def columns() -> dict[str, set[str]]:
    """The names of every table's columns."""
    looked = inspect(db.engine)
    return {name: {column["name"] for column in looked.get_columns(name)} for name in looked.get_table_names()}


def of(found: dict[str, list[dict[str, object]]], stay: dict[str, set[str]]) -> dict[str, list[str]]:
    """What was found in these columns; a step down takes the columns it knows away."""
    return {
        table: sorted(repr({name: row[name] for name in sorted(stay[table])}) for row in rows)
        for table, rows in found.items()
        if table in stay
    }


@pytest.mark.parametrize("table", ["history", "audit_events"])
def test_what_was_recorded_stays_append_only_after_going_down_and_up(furnished: Flask, table: str) -> None:
    db.session.remove()
    downgrade(revision="base")
    upgrade()
    with writing() as unit:
        a_reader()
        unit.flush()
        assert unit.query(Snapshot).count() > 0
        from portal import audit

        audit.record(unit, "guard.looked")
    assert refuses_change(table)
