"""Writing rights: what each service makes, moves and ends, what it refuses, and what the audit log keeps of it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.access import facts, grants, ledger
from portal.access.grants import Mirrored
from portal.access.held import Covered, GrantError, Holder
from portal.access.ledger import AlreadyTried
from portal.access.models import Grant, TrialLedger
from portal.access.vocabulary import EndCause, Source
from portal.audit import AuditEvent, AuditPersonal
from portal.clock import PARIS
from portal.db import AnySession, end_reading, writing
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.conftest import NOON as NOON_IN_PARIS

NOON = NOON_IN_PARIS.astimezone(UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)


def give(session: AnySession, holder: Holder, *slugs: str, **more: Any) -> list[Grant]:
    ids = [a_vertical(slug).id for slug in slugs]
    span = {"starts_at": NOON, "ends_at": NOON + DAY, "reason": " Salon ", "actor_id": None, **more}
    with writing(session) as unit:
        return grants.give(unit, holder, ids, **span)


def kept(session: AnySession, grant_id: int) -> Grant:
    end_reading()
    return session.get_one(Grant, grant_id)


def event(session: AnySession, act: str) -> tuple[AuditEvent, AuditPersonal | None]:
    end_reading()
    found = session.query(AuditEvent).filter_by(act=act).one()
    return found, session.get(AuditPersonal, found.id)


def refused(session: AnySession, code: str, act: Callable[[AnySession], object]) -> None:
    with pytest.raises(GrantError) as error, writing(session) as unit:
        act(unit)
    assert (error.value.code, str(error.value)) == (code, code)


def test_days_are_whole_in_paris_the_last_one_included() -> None:
    bounds = grants.day_bounds(date(2026, 3, 28), date(2026, 3, 29))
    assert bounds == (datetime(2026, 3, 28, tzinfo=PARIS), datetime(2026, 3, 30, tzinfo=PARIS))
    one = grants.day_bounds(date(2026, 3, 28), date(2026, 3, 28))
    assert one == (datetime(2026, 3, 28, tzinfo=PARIS), datetime(2026, 3, 29, tzinfo=PARIS))
    with pytest.raises(GrantError, match=r"^dates$"):
        grants.day_bounds(date(2026, 3, 28), date(2026, 3, 27))


def test_what_is_given_is_written_whole_once_for_each_vertical(session: AnySession) -> None:
    reader, staff = a_reader(), a_reader()
    made = give(session, Holder(reader_id=reader.id), "health", "media", "health", actor_id=staff.id)
    rows = [kept(session, one.id) for one in made]
    assert [row.vertical_id for row in rows] == [a_vertical(slug).id for slug in ("health", "media")]
    assert len({row.act_id for row in rows}) == 1 and len(rows[0].act_id) == 36
    for row in rows:
        assert (row.reader_id, row.organisation_id, row.source) == (reader.id, None, Source.ADMIN)
        assert (row.starts_at, row.ends_at, row.created_at) == (NOON, NOON + DAY, NOON)
        assert (row.reason, row.actor_id) == ("Salon", staff.id)


def test_a_row_tells_decisions_what_the_statement_of_facts_tells_them(session: AnySession) -> None:
    reader, firm = a_reader(), an_organisation()
    more = {"ends_in": DAY, "grace_until": NOON + 2 * DAY, "revoked_at": NOON, "end_cause": EndCause.REFUNDED}
    bought = a_grant(organisation=firm, vertical="media", source=Source.SUBSCRIPTION, **more)
    a_seat(firm, reader, opened_at=NOON)
    end_reading()
    [known] = facts.of_account(session, reader, NOON).grants
    assert bought.facts("media", organisation_id=firm.id, seated_from=NOON) == known


def test_another_act_has_another_number(session: AnySession) -> None:
    reader = a_reader()
    [one], [two] = (give(session, Holder(reader_id=reader.id), slug) for slug in ("health", "media"))
    assert one.act_id != two.act_id


@pytest.mark.parametrize(
    ("more", "covered"),
    [
        ({}, True),
        ({"starts_at": NOON + TICK, "ends_at": NOON + DAY - TICK}, True),
        ({"ends_at": NOON + DAY + TICK}, False),
        ({"starts_at": NOON - TICK}, False),
    ],
)
def test_what_would_change_nothing_is_refused_with_what_is_there(
    session: AnySession, more: dict[str, Any], covered: bool
) -> None:
    reader, other = a_reader(), a_reader()
    [known] = give(session, Holder(reader_id=reader.id), "health")
    assert give(session, Holder(reader_id=reader.id), "media") and give(session, Holder(reader_id=other.id), "health")
    if not covered:
        assert give(session, Holder(reader_id=reader.id), "health", **more)
        return
    with pytest.raises(Covered) as error:
        give(session, Holder(reader_id=reader.id), "fintech", "health", **more)
    assert [grant.id for grant in error.value.grants] == [known.id]


def test_a_right_of_another_source_or_revoked_covers_nothing(session: AnySession) -> None:
    reader, firm = a_reader(), an_organisation()
    a_grant(reader, source=Source.TRIAL, ends_in=2 * DAY)
    a_grant(reader, ends_in=2 * DAY, revoked_at=NOON)
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, ends_in=2 * DAY)
    assert give(session, Holder(reader_id=reader.id), "health")
    assert give(session, Holder(organisation_id=firm.id), "health")


def test_an_erased_account_holds_nothing(session: AnySession) -> None:
    holder = Holder(reader_id=a_reader(erased_at=NOON).id)
    refused(session, "erased", lambda unit: give_in(unit, holder))
    assert session.query(Grant).count() == 0


def give_in(unit: AnySession, holder: Holder) -> list[Grant]:
    span = {"starts_at": NOON, "ends_at": NOON + DAY, "reason": "Salon", "actor_id": None}
    return grants.give(unit, holder, [1], **span)


def test_what_is_given_stands_in_the_audit_log(session: AnySession) -> None:
    firm, staff = an_organisation(), a_reader()
    [made] = give(session, Holder(organisation_id=firm.id), "health", actor_id=staff.id)
    found, personal = event(session, "grant.given")
    assert (found.actor_id, found.target_kind, found.target_id) == (staff.id, "organisation", firm.id)
    after = {"starts_at": NOON.isoformat(), "ends_at": (NOON + DAY).isoformat()}
    assert found.values == {
        "grant_id": made.id,
        "vertical_id": a_vertical("health").id,
        "source": "admin",
        "before": {},
        "after": {**after, "grace_until": None, "revoked_at": None, "end_cause": None},
    }
    assert personal is not None and personal.values == {"reason": " Salon "}


def give_many(unit: AnySession, wanted: dict[int, list[int]], **more: Any) -> list[Grant]:
    act = {"starts_at": NOON, "ends_at": NOON + DAY, "reason": " Salon ", "actor_id": None, "act_id": "an act", **more}
    return grants.give_many(unit, wanted, **act)


def test_one_act_gives_many_readers_each_their_verticals(session: AnySession) -> None:
    one, other, staff = a_reader(), a_reader(), a_reader()
    health, media = (a_vertical(slug).id for slug in ("health", "media"))
    with writing(session) as unit:
        made = give_many(unit, {one.id: [health, media], other.id: [media]}, actor_id=staff.id)
    rows = [kept(session, grant.id) for grant in made]
    assert [(row.reader_id, row.vertical_id) for row in rows] == [(one.id, health), (one.id, media), (other.id, media)]
    for row in rows:
        assert (row.act_id, row.source, row.reason, row.actor_id) == ("an act", Source.ADMIN, "Salon", staff.id)
        assert (row.organisation_id, row.starts_at, row.ends_at) == (None, NOON, NOON + DAY)
    found = session.scalars(select(AuditEvent).where(AuditEvent.act == "grant.given").order_by(AuditEvent.id)).all()
    assert [(event.actor_id, event.target_id) for event in found] == [(staff.id, row.reader_id) for row in rows]
    assert [event.values["grant_id"] for event in found] == [row.id for row in rows]
    assert all(session.get_one(AuditPersonal, event.id).values == {"reason": " Salon "} for event in found)


def test_many_are_given_nothing_without_a_reason_or_for_no_time(session: AnySession) -> None:
    wanted = {a_reader().id: [a_vertical().id]}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("reason", {"reason": " "}),
        ("dates", {"ends_at": NOON, "starts_at": NOON - DAY}),
        ("dates", {"starts_at": NOON + DAY}),
    ]
    for code, more in wrong:
        refused(session, code, lambda unit, more=more: give_many(unit, wanted, **more))  # type: ignore[misc]


def test_nothing_is_given_without_a_reason_or_for_no_time(session: AnySession) -> None:
    holder, ids = Holder(reader_id=a_reader().id), [a_vertical().id]
    right: dict[str, Any] = {"starts_at": NOON - DAY, "ends_at": NOON + DAY, "reason": "x", "actor_id": None}
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("reason", {"reason": " "}),
        ("dates", {"ends_at": NOON}),
        ("dates", {"starts_at": NOON + DAY}),
    ]
    for code, values in wrong:
        refused(session, code, lambda unit, values=values: grants.give(unit, holder, ids, **{**right, **values}))  # type: ignore[misc]
    with writing(session) as unit:
        assert grants.give(unit, holder, ids, **{**right, "ends_at": NOON + TICK})
        assert grants.give(unit, holder, ids, **{**right, "starts_at": NOON + DAY - TICK})


def start_trial(session: AnySession, reader: Any, vertical_id: int) -> Grant:
    with writing(session) as unit:
        return grants.start_trial(
            unit,
            reader_id=reader.id,
            person_key=reader.person_key,
            vertical_id=vertical_id,
            ends_at=NOON + DAY,
            act_id="an act",
        )


def test_a_trial_is_a_grant_and_a_row_of_the_ledger(session: AnySession) -> None:
    reader, vertical = a_reader(), a_vertical()
    row = kept(session, start_trial(session, reader, vertical.id).id)
    assert (row.reader_id, row.vertical_id, row.source, row.act_id) == (reader.id, vertical.id, Source.TRIAL, "an act")
    assert (row.starts_at, row.ends_at, row.created_at, row.actor_id) == (NOON, NOON + DAY, NOON, reader.id)
    tried = session.query(TrialLedger).one()
    assert (tried.person_key, tried.vertical_id, tried.tried_at) == (reader.person_key, vertical.id, NOON)
    assert tried.forget_at == NOON + timedelta(days=3 * 365)
    found, personal = event(session, "trial.started")
    assert (found.actor_id, found.target_kind, found.target_id, personal) == (reader.id, "reader", reader.id, None)


def test_a_trial_is_started_once_whether_the_ledger_knows_it_or_the_grant_alone(session: AnySession) -> None:
    reader, vertical, other = a_reader(), a_vertical(), a_vertical("media")
    start_trial(session, reader, vertical.id)
    a_grant(reader, vertical="media", source=Source.TRIAL)
    for vertical_id in (vertical.id, other.id):
        with pytest.raises(AlreadyTried):
            start_trial(session, reader, vertical_id)
    end_reading()
    assert len(session.scalars(select(Grant.id)).all()) == 2
    assert not ledger.has_tried(session, reader.person_key, other.id)
    assert ledger.has_tried(session, reader.person_key, vertical.id)
    assert not ledger.has_tried(session, a_reader().person_key, vertical.id)


def test_any_other_hindrance_of_the_database_is_not_taken_for_a_trial(session: AnySession) -> None:
    reader, vertical = a_reader(), a_vertical()
    with pytest.raises(IntegrityError):
        start_trial(session, reader, vertical.id + 99)
    with pytest.raises(IntegrityError), writing(session) as unit:
        grants.start_trial(
            unit,
            reader_id=reader.id,
            person_key=reader.person_key,
            vertical_id=vertical.id,
            ends_at=NOON,
            act_id="an act",
        )


def try_again(session: AnySession, reader: Any, staff: Any, reason: str) -> Grant:
    with writing(session) as unit:
        return grants.try_again(
            unit,
            reader_id=reader.id,
            vertical_id=a_vertical().id,
            ends_at=NOON + DAY,
            reason=reason,
            actor_id=staff.id,
        )


def test_a_trial_that_staff_give_has_a_reason_and_no_row_of_the_ledger(session: AnySession) -> None:
    reader, staff = a_reader(), a_reader()
    refused(session, "reason", lambda _unit: try_again(session, reader, staff, " "))
    row = kept(session, try_again(session, reader, staff, " Perdue. ").id)
    assert (row.reader_id, row.vertical_id, row.source) == (reader.id, a_vertical().id, Source.TRIAL)
    assert (row.starts_at, row.ends_at, row.created_at) == (NOON, NOON + DAY, NOON)
    assert (row.reason, row.actor_id, len(row.act_id)) == ("Perdue.", staff.id, 36)
    found, personal = event(session, "trial.started")
    assert (found.actor_id, found.target_kind, found.target_id) == (staff.id, "reader", reader.id)
    assert personal is not None and personal.values == {"reason": " Perdue. "}
    assert session.query(TrialLedger).count() == 0


def move(grant: Grant, ends_at: datetime, reason: str = "Geste") -> Callable[[AnySession], Grant]:
    return lambda unit: grants.move_end(unit, unit.get_one(Grant, grant.id), ends_at, reason=reason, actor_id=3)


def test_an_end_is_moved_with_what_was_before_and_after(session: AnySession) -> None:
    grant = a_grant(a_reader(), end_cause=EndCause.LAPSED)
    with writing(session) as unit:
        move(grant, NOON + TICK)(unit)
    row = kept(session, grant.id)
    assert (row.ends_at, row.end_cause) == (NOON + TICK, None)
    found, personal = event(session, "grant.shortened")
    assert found.actor_id == 3
    assert found.values["before"]["ends_at"] == (NOON + 30 * DAY).isoformat()
    assert found.values["before"]["end_cause"] == "lapsed"
    assert found.values["after"]["ends_at"] == row.ends_at.isoformat()
    assert personal is not None and personal.values == {"reason": "Geste"}


@pytest.mark.parametrize("source", [Source.ADMIN, Source.TRIAL])
@pytest.mark.parametrize(("by", "act"), [(TICK, "extended"), (-TICK, "shortened")])
def test_longer_and_shorter_are_acts_of_their_own(session: AnySession, source: Source, by: timedelta, act: str) -> None:
    grant = a_grant(a_reader(), source=source)
    with writing(session) as unit:
        move(grant, grant.ends_at + by)(unit)
    assert event(session, f"{'trial' if source is Source.TRIAL else 'grant'}.{act}")


def test_an_end_is_not_moved_to_where_it_is(session: AnySession) -> None:
    grant = a_grant(a_reader())
    refused(session, "same", move(grant, grant.ends_at))


def test_an_end_is_not_moved_without_a_reason_into_the_past_or_once_revoked(session: AnySession) -> None:
    grant, later = a_grant(a_reader()), a_grant(a_reader(), starts_in=DAY)
    refused(session, "reason", move(grant, NOON + DAY, " "))
    refused(session, "dates", move(grant, NOON))
    refused(session, "dates", move(later, NOON + DAY))
    refused(session, "revoked", move(a_grant(a_reader(), revoked_at=NOON), NOON + DAY))


def revoke(grant: Grant, reason: str = "Erreur") -> Callable[[AnySession], Grant]:
    return lambda unit: grants.revoke(unit, unit.get_one(Grant, grant.id), reason=reason, actor_id=3)


def test_a_right_is_revoked_now_with_what_was_before(session: AnySession) -> None:
    grant = a_grant(a_reader())
    with writing(session) as unit:
        revoke(grant)(unit)
    row = kept(session, grant.id)
    assert (row.revoked_at, row.end_cause) == (NOON, EndCause.REVOKED)
    found, personal = event(session, "grant.revoked")
    assert (found.actor_id, found.values["before"]["revoked_at"]) == (3, None)
    assert found.values["after"]["revoked_at"] == NOON.isoformat()
    assert personal is not None and personal.values == {"reason": "Erreur"}


def test_what_is_over_is_not_revoked(session: AnySession) -> None:
    reader, firm = a_reader(), an_organisation()
    refused(session, "reason", revoke(a_grant(reader), " "))
    refused(session, "past", revoke(a_grant(reader, ends_in=timedelta())))
    refused(session, "past", revoke(a_grant(reader, revoked_at=NOON)))
    bought = {"organisation": firm, "source": Source.SUBSCRIPTION, "ends_in": -TICK}
    refused(session, "past", revoke(a_grant(**bought, grace_until=NOON)))
    with writing(session) as unit:
        assert revoke(a_grant(**bought, grace_until=NOON + TICK))(unit).revoked_at == NOON


def mirror(session: AnySession, firm: Any, *wanted: Mirrored, reference: str = "sub_1") -> list[dict[str, Any]]:
    """What was before each change."""
    with writing(session) as unit:
        return [before for _grant, before in grants.mirror_subscription(unit, firm.id, reference, wanted)]


def test_a_subscription_is_mirrored_whole(session: AnySession) -> None:
    firm, vertical = an_organisation(), a_vertical()
    wish = Mirrored(vertical.id, NOON, NOON + DAY, NOON + 2 * DAY, NOON + DAY, EndCause.REFUNDED)
    assert mirror(session, firm, wish) == [{}]
    row = session.query(Grant).one()
    assert (row.organisation_id, row.reader_id, row.reference) == (firm.id, None, "sub_1")
    assert (row.source, row.created_at, len(row.act_id)) == (Source.SUBSCRIPTION, NOON, 36)
    assert (row.starts_at, row.ends_at, row.grace_until) == (NOON, NOON + DAY, NOON + 2 * DAY)
    assert (row.revoked_at, row.end_cause) == (NOON + DAY, EndCause.REFUNDED)
    found, personal = event(session, "subscription.mirrored")
    assert (found.actor_id, found.target_kind, found.target_id, personal) == (None, "organisation", firm.id, None)
    assert (found.values["before"], found.values["after"]["end_cause"]) == ({}, "refunded")


def test_what_differs_is_written_and_what_does_not_is_left(session: AnySession) -> None:
    firm, health, media = an_organisation(), a_vertical("health"), a_vertical("media")
    first = [Mirrored(one.id, NOON, NOON + DAY) for one in (health, media)]
    assert mirror(session, firm, *first) == [{}, {}]
    assert mirror(session, firm, *first) == []
    [before] = mirror(session, firm, first[0], Mirrored(media.id, NOON, NOON + 2 * DAY))
    assert before["ends_at"] == (NOON + DAY).isoformat()
    rows = session.query(Grant).order_by(Grant.id).all()
    assert [row.ends_at for row in rows] == [NOON + DAY, NOON + 2 * DAY]
    assert len({row.act_id for row in rows}) == 1
    audits = session.query(AuditEvent).filter_by(act="subscription.mirrored").order_by(AuditEvent.id).all()
    assert [one.values["before"] for one in audits] == [{}, {}, before]


def test_what_a_subscription_gives_no_more_ends_now_once(session: AnySession) -> None:
    firm, health, media = an_organisation(), a_vertical("health"), a_vertical("media")
    mirror(session, firm, *(Mirrored(one.id, NOON, NOON + DAY) for one in (health, media)))
    mirror(session, firm, Mirrored(media.id, NOON, NOON + DAY), reference="sub_2")
    kept_on = Mirrored(health.id, NOON, NOON + DAY)
    with clock.frozen(NOON + TICK):
        [before] = mirror(session, firm, kept_on)
    assert before["revoked_at"] is None
    with clock.frozen(NOON + 2 * TICK):
        assert mirror(session, firm, kept_on) == []
    rows = session.query(Grant).order_by(Grant.id).all()
    assert [row.revoked_at for row in rows] == [None, NOON + TICK, None]
    assert [row.end_cause for row in rows] == [None, EndCause.CANCELLED, None]
    audits = session.query(AuditEvent).filter_by(act="subscription.mirrored").order_by(AuditEvent.id).all()
    assert len(audits) == 4 and audits[-1].values["after"]["end_cause"] == "cancelled"


def test_what_staff_gave_is_no_part_of_a_subscription(session: AnySession) -> None:
    firm, vertical = an_organisation(), a_vertical()
    given = a_grant(organisation=firm, reference="sub_1")
    assert mirror(session, firm, Mirrored(vertical.id, NOON, NOON + DAY)) == [{}]
    assert kept(session, given.id).revoked_at is None
