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
