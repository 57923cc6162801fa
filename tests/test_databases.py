"""The ground every other test stands on."""

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from portal.db import AnySession, end_reading, writing
from portal.history import Snapshot
from tests.builders import a_vertical


def test_a_change_of_what_decisions_depend_on_is_recorded_with_it(session: AnySession) -> None:
    with writing():
        vertical = a_vertical(slug="health")
    with writing():
        vertical.trial_open = False
    facts = session.scalars(select(Snapshot.facts).order_by(Snapshot.id)).all()
    assert [fact["trial_open"] for fact in facts] == [True, False]


@pytest.mark.parametrize("act", [update(Snapshot).values(kind="x"), delete(Snapshot)])
def test_what_was_recorded_cannot_be_changed(session: AnySession, act: object) -> None:
    with writing():
        a_vertical(slug="health")
    with pytest.raises(DBAPIError, match="append-only"), writing():
        session.execute(act)  # type: ignore[arg-type]


def test_a_unit_of_work_refuses_to_swallow_changes_made_outside_of_one(session: AnySession) -> None:
    with writing():
        vertical = a_vertical(slug="health")
    vertical.name = "mind Santé"
    with pytest.raises(RuntimeError, match="outside"):
        end_reading()
    session.rollback()
