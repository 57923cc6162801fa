"""Mail, counted limits, audit and verticals: the ground floor, in the caller's transaction."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock, throttle
from portal.assets import stylesheet
from portal.audit import AuditEvent, AuditPersonal
from portal.content.models import Rubric
from portal.db import AnySession, refusing, writing
from portal.throttle import Throttled
from portal.verticals import (
    RESERVED_SLUGS,
    VerticalError,
    add_vertical,
    all_verticals,
    forget_site_verticals,
    mix,
    on_dark,
)

WINDOW = timedelta(minutes=5)


def test_the_eleventh_try_within_the_window_waits_for_the_first_to_leave_it(session: AnySession) -> None:
    with writing():
        for _ in range(10):
            throttle.hit(session, "login:reader", limit=10, window=WINDOW)
    with pytest.raises(Throttled) as refused, writing():
        throttle.hit(session, "login:reader", limit=10, window=WINDOW)
    assert refused.value.retry_after == 300
    with clock.frozen(clock.now() + WINDOW), writing():
        throttle.hit(session, "login:reader", limit=10, window=WINDOW)


def test_another_key_is_not_counted_and_a_success_clears_the_count(session: AnySession) -> None:
    with writing():
        throttle.hit(session, "a", limit=1, window=WINDOW)
        throttle.hit(session, "b", limit=1, window=WINDOW)
        throttle.forget(session, "a")
        throttle.hit(session, "a", limit=1, window=WINDOW)


@pytest.mark.parametrize(
    ("address", "block"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::9", "2001:db8:1:2::/64"), (None, "unknown"), ("x", "unknown")],
)
def test_addresses_are_counted_by_block(address: str | None, block: str) -> None:
    assert throttle.address_block(address) == block


def test_erasing_the_personal_side_leaves_the_act_and_its_digest(session: AnySession) -> None:
    with writing():
        event = audit.record(session, "grant.given", target=("reader", 7), personal={"reason": "Salon"})
    with writing():
        session.execute(delete(AuditPersonal).where(AuditPersonal.reader_id == 7))
    kept = session.get_one(AuditEvent, event.id)
    assert kept.personal_digest is not None and len(kept.personal_digest) == 32
    assert "Salon" not in str(kept.values)


def test_a_fourth_vertical_is_data_colour_included(app: Flask, session: AnySession) -> None:
    with writing():
        add_vertical(session, slug="retail", name="mind Retail", colour="#7a3b00")
    style = stylesheet(all_verticals(session))[1].decode()
    assert '[data-v="retail"]' in style and "#7a3b00" in style


@pytest.mark.parametrize("slug", [*sorted(RESERVED_SLUGS)[:5], "Health", "a b", "é", "x", "-", "health/x"])
def test_a_vertical_cannot_take_a_reserved_or_odd_address(session: AnySession, slug: str) -> None:
    with pytest.raises(VerticalError), writing():
        add_vertical(session, slug=slug, name="mind X", colour="#7a3b00")
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == 0


@pytest.mark.parametrize("colour", ["red", "#FFF", "#12345g", "url(x)"])
def test_a_vertical_needs_a_colour_that_is_one(session: AnySession, colour: str) -> None:
    with pytest.raises(VerticalError, match="colour"), writing():
        add_vertical(session, slug="retail", name="mind Retail", colour=colour)


def test_mixing_goes_from_one_colour_to_the_other() -> None:
    assert mix("#000000", "#ffffff", 0) == "#000000"
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#000000", "#ffffff", 1) == "#ffffff"


def test_a_colour_is_seen_in_the_dark_by_its_vertical_s_other_shade_or_a_lighter_one(session: AnySession) -> None:
    with writing():
        made = add_vertical(session, slug="retail", name="mind Retail", colour="#0a6658", colour_dark="#62d2bd")
    forget_site_verticals()
    assert on_dark(made.colour) == "#62d2bd"
    assert on_dark("#000000") == "#8c8c8c"


def test_one_constraint_is_told_in_our_words_and_every_other_stays_the_database_s(session: AnySession) -> None:
    with writing(), pytest.raises(LookupError), refusing(session, "uq_rubrics_slug", LookupError):
        session.add_all(Rubric(slug="twice", name=name, name_en=name) for name in ("One", "Two"))
    with writing(), pytest.raises(IntegrityError), refusing(session, "uq_rubrics_slug", LookupError):
        session.add(Rubric(slug="nameless", name=None, name_en="None"))
    assert session.scalar(select(func.count()).select_from(Rubric)) == 0
