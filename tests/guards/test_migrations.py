"""Migrations go up, down and up again on data, on both databases, and leave triggers and references whole."""

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from portal.db import db, end_reading, writing
from portal.history import Snapshot
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
    stay = tables()
    upgrade()
    assert len(stay) > 30
    assert {name: rows for name, rows in contents().items() if name in stay} == {
        name: rows for name, rows in before.items() if name in stay
    }


def test_all_the_way_down_and_up_makes_the_same_tables(furnished: Flask) -> None:
    before = {name: sorted(column["name"] for column in inspect(db.engine).get_columns(name)) for name in tables()}
    db.session.remove()
    downgrade(revision="base")
    assert tables() <= {"alembic_version"}
    upgrade()
    after = {name: sorted(column["name"] for column in inspect(db.engine).get_columns(name)) for name in tables()}
    assert after == before


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


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
