"""What is gathered of a reader, in one statement, against the same gathered row by row."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.access import facts
from portal.access.models import AwaitedRight, Grant, TrialLedger
from portal.access.vocabulary import AwaitedFacts, EndCause, GrantFacts, InvitationFacts, ReaderFacts, Source
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.organisations.models import Invitation, Manager, ManagerRole, Seat
from portal.prepared import Prepared
from portal.roles import Role
from portal.verticals import Vertical
from tests.access.counting import counted
from tests.builders import a_grant, a_reader, a_vertical, an_organisation

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement is built when the module is loaded; these tests look at what the code would build now."""
    monkeypatch.setattr(facts, "_FACTS", Prepared(facts._statement()))


def naive(session: AnySession, reader: Reader, at: datetime) -> ReaderFacts:
    """The same facts by one plain query after another."""
    slugs = {v.id: v.slug for v in session.scalars(select(Vertical))}
    seats = session.scalars(select(Seat).where(Seat.reader_id == reader.id)).all()
    managed = {
        m.organisation_id
        for m in session.scalars(select(Manager).where(Manager.reader_id == reader.id))
        if m.ended_at is None
    }
    grants = []
    for grant in session.scalars(select(Grant)):
        if grant.reader_id == reader.id:
            grants.append(_facts(grant, slugs))
        mine = [seat for seat in seats if seat.organisation_id == grant.organisation_id]
        manages = grant.organisation_id in managed
        grants += [
            _facts(grant, slugs, manages=manages, seated_from=s.opened_at, seated_until=s.closed_at) for s in mine
        ]
        if manages and not any(seat.closed_at is None for seat in mine):
            grants.append(_facts(grant, slugs, manages=True))
    return ReaderFacts(
        reader_id=reader.id,
        sees_everything=reader.role in (Role.ADMIN, Role.EDITOR, Role.SUPPORT),
        confirmed=reader.confirmed_at is not None,
        suspended=reader.suspended_at is not None,
        grants=tuple(grants),
        tried=frozenset(
            slugs[row.vertical_id]
            for row in session.scalars(select(TrialLedger))
            if row.person_key == reader.person_key
        ),
        awaited=tuple(
            AwaitedFacts(slugs[row.vertical_id], row.since, row.until)
            for row in session.scalars(select(AwaitedRight))
            if row.organisation_id in managed and row.settled_at is None
        ),
        invitations=tuple(_invitations(session, reader, slugs, at)),
    )


def _invitations(session: AnySession, reader: Reader, slugs: dict[int, str], at: datetime) -> list[InvitationFacts]:
    found = []
    for one in session.scalars(select(Invitation).where(Invitation.email_key == reader.email_key)):
        if one.accepted_at or one.withdrawn_at:
            continue
        for grant in session.scalars(select(Grant).where(Grant.organisation_id == one.organisation_id)):
            if grant.revoked_at is None and max(grant.ends_at, grant.grace_until or grant.ends_at) > at:
                found.append(InvitationFacts(one.id, slugs[grant.vertical_id], one.created_at, one.expires_at))
    return found


def _facts(grant: Grant, slugs: dict[int, str], **more: Any) -> GrantFacts:
    return GrantFacts(
        grant_id=grant.id,
        vertical=slugs[grant.vertical_id],
        source=grant.source,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        grace_until=grant.grace_until,
        revoked_at=grant.revoked_at,
        end_cause=grant.end_cause,
        organisation_id=grant.organisation_id,
        **more,
    )


def alike(one: ReaderFacts, other: ReaderFacts) -> bool:
    """Equal but for the order in which rows came."""
    return _sorted(one) == _sorted(other)


def _sorted(known: ReaderFacts) -> tuple[Any, ...]:
    account = (known.reader_id, known.sees_everything, known.confirmed, known.suspended, known.tried)
    return account, *(sorted(map(repr, many)) for many in (known.grants, known.awaited, known.invitations))


def scatter(dice: random.Random, at: datetime) -> list[Reader]:
    """Rows of every kind, at random, between a few people and organisations."""
    with writing() as unit:
        people = [a_reader(role=dice.choice((Role.READER, Role.READER, Role.EDITOR, Role.SALES))) for _ in range(3)]
        firms = [an_organisation() for _ in range(2)]
        verticals = [a_vertical(slug) for slug in ("health", "fintech", "media")]
        for number in range(dice.randint(3, 12)):
            unit.add(_grant(dice, at, number, people, firms, verticals))
        for person in people:
            for firm in firms:
                _belong(unit, dice, at, person, firm)
            if dice.random() < 0.5:
                vertical = dice.choice(verticals)
                unit.add(
                    TrialLedger(
                        person_key=person.person_key,
                        key_id="1",
                        vertical_id=vertical.id,
                        tried_at=at,
                        forget_at=at + HOUR,
                    )
                )
    return people


def _grant(dice: random.Random, at: datetime, number: int, people: Any, firms: Any, verticals: Any) -> Grant:
    starts_at = at + dice.randint(-40, 5) * HOUR
    ends_at = starts_at + dice.randint(1, 60) * HOUR
    source = dice.choice((Source.ADMIN, Source.SUBSCRIPTION))
    firm = dice.choice(firms) if source is Source.SUBSCRIPTION or dice.random() < 0.3 else None
    graced = source is Source.SUBSCRIPTION and dice.random() < 0.5
    return Grant(
        act_id=str(number),
        reader_id=None if firm else dice.choice(people).id,
        organisation_id=firm.id if firm else None,
        vertical_id=dice.choice(verticals).id,
        source=source,
        starts_at=starts_at,
        ends_at=ends_at,
        grace_until=ends_at + dice.randint(0, 9) * HOUR if graced else None,
        revoked_at=at + dice.randint(-9, 9) * HOUR if dice.random() < 0.3 else None,
        end_cause=dice.choice((None, *EndCause)),
        reason="Au hasard.",
        reference=f"sub_{number}" if source is Source.SUBSCRIPTION else "",
        created_at=at,
    )


def _belong(unit: AnySession, dice: random.Random, at: datetime, person: Reader, firm: Any) -> None:
    opened = at - dice.randint(1, 30) * HOUR
    if dice.random() < 0.5:
        unit.add(Seat(organisation_id=firm.id, reader_id=person.id, opened_at=opened, closed_at=at))
    if dice.random() < 0.4:
        unit.add(Seat(organisation_id=firm.id, reader_id=person.id, opened_at=opened))
    if dice.random() < 0.4:
        ended = at if dice.random() < 0.3 else None
        role = ManagerRole.MANAGER
        unit.add(Manager(organisation_id=firm.id, reader_id=person.id, role=role, since=opened, ended_at=ended))
    if dice.random() < 0.4:
        settled = at if dice.random() < 0.3 else None
        unit.add(
            AwaitedRight(
                organisation_id=firm.id,
                vertical_id=a_vertical("health").id,
                reference=f"cs_{person.id}_{firm.id}",
                since=opened,
                until=opened + 24 * HOUR,
                settled_at=settled,
            )
        )
    if dice.random() < 0.4:
        unit.add(
            Invitation(
                organisation_id=firm.id,
                email=person.email,
                email_key=person.email_key,
                token_hash=dice.randbytes(32),
                created_at=opened,
                expires_at=opened + 48 * HOUR,
                accepted_at=at if dice.random() < 0.2 else None,
                withdrawn_at=at if dice.random() < 0.2 else None,
            )
        )


@pytest.mark.parametrize("seed", range(25))
def test_one_statement_gathers_what_many_would(session: AnySession, now: datetime, seed: int) -> None:
    for person in scatter(random.Random(seed), now):
        expected = naive(session, person, now)
        with counted(session) as statements:
            gathered = facts.of_account(session, person, now)
        assert alike(gathered, expected)
        assert len(statements) == 1


def test_somebody_else_s_rows_are_not_gathered(session: AnySession, now: datetime) -> None:
    stranger, owner = a_reader(), a_reader()
    a_grant(owner)
    assert facts.of_account(session, stranger, now).grants == ()


def test_an_account_of_tomorrow_is_neither_confirmed_nor_suspended_today(session: AnySession, now: datetime) -> None:
    reader = a_reader(suspended_at=now)
    for at, so in ((now - TICK, False), (now, True)):
        known = facts.of_account(session, reader, at)
        assert (known.confirmed, known.suspended) == (so, so)
    plain = facts.of_account(session, a_reader(confirmed=False), now)
    assert (plain.confirmed, plain.suspended, plain.sees_everything) == (False, False, False)


def test_an_invitation_covers_what_is_still_open_at_the_instant(session: AnySession, now: datetime) -> None:
    reader, firm = a_reader(), an_organisation()
    a_grant(organisation=firm, vertical="health", ends_in=HOUR)
    a_grant(organisation=firm, vertical="media", source=Source.SUBSCRIPTION, ends_in=HOUR, grace_until=now + 2 * HOUR)
    address = {"email": reader.email, "email_key": reader.email_key}
    with writing(session) as unit:
        unit.add(
            Invitation(organisation_id=firm.id, token_hash=b"1" * 32, created_at=now, expires_at=now + HOUR, **address)
        )
    for at, slugs in ((now + HOUR - TICK, ["health", "media"]), (now + HOUR, ["media"]), (now + 2 * HOUR, [])):
        known = facts.of_account(session, reader, at)
        assert sorted(one.vertical for one in known.invitations) == slugs
