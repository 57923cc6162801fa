"""Rows held while an act looks at them: whose right it is, what an act gave, what is there already."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import NoResultFound

from portal import clock
from portal.access import grants, held
from portal.access.held import Covered, GrantError, Holder
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.db import AnySession, db, end_reading, writing
from tests.builders import a_grant, a_reader, a_vertical, an_organisation
from tests.conftest import NOON as NOON_IN_PARIS

NOON, DAY = NOON_IN_PARIS.astimezone(UTC), timedelta(days=1)


def test_a_refusal_says_its_code() -> None:
    covered = Covered([])
    assert (covered.code, str(covered), covered.grants) == ("covered", "covered", [])
    assert (GrantError("past").code, str(GrantError("past"))) == ("past", "past")


def test_a_holder_owns_their_own_grants_and_nobody_else_s(session: AnySession) -> None:
    reader, firm = a_reader(), an_organisation()
    own, theirs = a_grant(reader), a_grant(organisation=firm)
    a_grant(a_reader())
    a_grant(organisation=an_organisation())
    for holder, grant in ((Holder(reader_id=reader.id), own), (Holder(organisation_id=firm.id), theirs)):
        assert [found.id for found in session.query(Grant).where(holder.owns())] == [grant.id]


def test_whoever_exists_can_be_held_and_whoever_is_erased_cannot(session: AnySession) -> None:
    reader, erased, firm = a_reader(), a_reader(erased_at=NOON), an_organisation()
    with writing(session) as unit:
        held.hold(unit, Holder(reader_id=reader.id))
        held.hold(unit, Holder(organisation_id=firm.id))
        with pytest.raises(GrantError, match=r"^erased$"):
            held.hold(unit, Holder(reader_id=erased.id))
        with pytest.raises(NoResultFound):
            held.hold(unit, Holder(reader_id=erased.id + 99))


def test_a_grant_is_looked_at_as_it_is_now_and_not_as_it_was_read_before(session: AnySession) -> None:
    grant, other = a_grant(a_reader()), a_grant(a_reader())
    with writing(session) as unit:
        known = unit.get_one(Grant, grant.id)
        moved = unit.query(Grant).where(Grant.id == grant.id)
        moved.update({"ends_at": NOON + DAY}, synchronize_session=False)
        assert known.ends_at == NOON + 30 * DAY
        assert held.grant(unit, grant.id).ends_at == NOON + DAY
        assert held.grant(unit, other.id).id == other.id
        with pytest.raises(NoResultFound):
            held.grant(unit, other.id + 99)


def four_at_once(app: Flask, act: Callable[[AnySession], object]) -> None:
    """Four people do this at once, each in a unit of work of their own; what is refused is refused."""
    end_reading()
    barrier = threading.Barrier(4)

    def go() -> None:
        with app.app_context():
            barrier.wait()
            with suppress(GrantError), writing() as unit:
                act(unit)
            db.session.remove()

    with ThreadPoolExecutor(4) as threads, clock.frozen(NOON):
        for done in [threads.submit(go) for _one in range(4)]:
            done.result(30)


@pytest.mark.parametrize("kind", ["reader", "organisation"])
def test_of_four_who_give_the_same_at_once_one_gives(app: Flask, session: AnySession, kind: str) -> None:
    holder = Holder(reader_id=a_reader().id) if kind == "reader" else Holder(organisation_id=an_organisation().id)
    right = {"starts_at": NOON, "ends_at": NOON + DAY, "reason": "Salon", "actor_id": None}
    ids = [a_vertical().id]
    four_at_once(app, lambda unit: grants.give(unit, holder, ids, **right))
    assert len(session.scalars(select(Grant)).all()) == 1


def test_four_who_change_a_grant_at_once_come_one_after_the_other(app: Flask, session: AnySession) -> None:
    grant = a_grant(a_reader())

    def longer(unit: AnySession) -> None:
        held.grant(unit, grant.id).ends_at += DAY

    four_at_once(app, longer)
    assert session.scalars(select(Grant.ends_at)).one() == NOON + 34 * DAY


def test_the_grants_of_an_act_are_those_of_this_act_as_they_were_made(session: AnySession) -> None:
    reader = a_reader()
    made = [a_grant(reader, vertical=slug, act_id="one act").id for slug in ("media", "health")]
    a_grant(reader, act_id="another act")
    assert [grant.id for grant in held.of_act(session, "one act")] == made
    assert held.of_act(session, "no act") == []


def test_what_covers_is_as_early_as_long_of_these_verticals_and_given_by_staff(session: AnySession) -> None:
    reader = a_reader()
    holder, asked = Holder(reader_id=reader.id), (NOON, NOON + DAY)
    span = {"starts_in": timedelta(), "ends_in": DAY}
    health, media = a_vertical("health").id, a_vertical("media").id
    covering = [a_grant(reader, vertical=slug, **span).id for slug in ("media", "health")]
    a_grant(reader, vertical="fintech", **span)
    a_grant(a_reader(), **span)
    a_grant(reader, source=Source.TRIAL, **span)
    a_grant(reader, revoked_at=NOON, **span)
    a_grant(reader, **{**span, "starts_in": timedelta(microseconds=1)})
    a_grant(reader, **{**span, "ends_in": DAY - timedelta(microseconds=1)})
    assert [grant.id for grant in held.covering(session, holder, [health, media], *asked)] == covering
