"""The ground every other test stands on."""

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.content.models import Rubric
from portal.db import AnySession, db, end_reading, writing
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


def test_what_was_written_outside_of_a_unit_is_undone_and_what_was_read_undoes_nothing(session: AnySession) -> None:
    session.execute(select(Snapshot.id)).all()
    session.execute(insert(Rubric).values(slug="infos", name="Infos", name_en="News", position=1))
    session.rollback()
    assert session.scalars(select(Rubric.id)).all() == []
    end_reading()
    with pytest.raises(DBAPIError):
        session.execute(text("SELECT nothing FROM nowhere"))
    end_reading()
    assert session.scalars(select(Rubric.id)).all() == []


def test_postgresql_keeps_the_plans_of_what_pages_read(session: AnySession) -> None:
    for _page in range(60):  # the pool hands its connections out in turn, and each makes its own plans
        session.execute(select(Rubric.slug)).all()
        end_reading()
    if db.engine.dialect.name == "postgresql":
        kept = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
        assert any("rubrics.slug" in statement for statement in kept)


def test_a_connection_that_was_lost_is_let_go_and_the_next_one_answers(session: AnySession) -> None:
    session.scalar(text("SELECT 1"))
    session.connection().invalidate()
    session.rollback()
    assert session.scalar(text("SELECT 1")) == 1
