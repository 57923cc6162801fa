"""Making the invented people: an account each, and what staff or they themselves did since, at its time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access import grants
from portal.access.held import Holder
from portal.access.models import Grant
from portal.accounts import readers, second_factor, suspension
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.passwords import hash_password
from portal.db import AnySession, db, end_reading, writing
from portal.dev.people import Account, Company, people
from portal.dev.subscribers import Subscriber
from portal.roles import Role, is_staff
from portal.trials import asking, caps, extend
from portal.trials import start as trials
from portal.trials.models import RequestKind
from portal.verticals import Vertical


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever gets an account: somebody of the hub, or a colleague of a company."""

    email: str
    name: str
    company: str
    came_at: datetime
    account: Account | None = None


def make_missing() -> list[str]:
    """Give everybody their account who has none; returns the addresses that are new.

    They share a password, so they share its hash: seventy would take longer than all the rest.
    """
    everybody = list(_everybody(clock.now()))
    known = _known(person.email for person in everybody)
    missing = [person for person in everybody if person.email not in known]
    if not missing:
        return []
    hashed = hash_password(people().password)
    with writing() as unit:
        for person in sorted(missing, key=lambda one: one.came_at):
            _make(unit, person, hashed)
    return [person.email for person in missing]


def _everybody(now: datetime) -> Iterator[Person]:
    for account in people().accounts:
        yield Person(account.email, account.name, account.company, _came_at(account, now), account)
    for company in people().companies:
        came = came_with(company, now)
        yield from (Person(one.email, one.name, company.name, came) for one in company.colleagues)


def came_with(company: Company, now: datetime) -> datetime:
    """When a company and its people came: with its contract, or a little before its manager paid."""
    manager = people().known(company.manager)
    if manager is not None and manager.subscription:
        return _came_at(manager, now)
    return now - timedelta(days=company.days_ago)


def _came_at(account: Account, now: datetime) -> datetime:
    """When this person came: with a trial, a gift, a purchase (a little before), a company, or now."""
    if account.subscription and not account.trial:
        bought_at = Subscriber(email=account.email, **account.subscription).bought_at(now)
        return bought_at - timedelta(minutes=5)
    company = people().company(account.seat_of or account.company)
    if company is not None and (account.seat_of or company.manager == account.email):
        return now - timedelta(days=company.days_ago)
    act = account.trial or account.gift or {}
    return now - timedelta(days=act.get("days_ago", account.days_ago))


def _known(emails: Iterator[str]) -> set[str]:
    """Which of these addresses have an account."""
    keys = {email_key(email): email for email in emails}
    found = set(db.session.scalars(select(Reader.email_key).where(Reader.email_key.in_(keys))))
    end_reading()
    return {keys[key] for key in found}


def _make(unit: AnySession, person: Person, hashed: str) -> None:
    account = person.account
    with clock.frozen(person.came_at):
        reader = readers.create_reader(
            unit,
            email=person.email,
            password_hash=hashed,
            name=person.name,
            company=person.company,
            confirmed=account is None or account.confirmed,
            role=account.role if account else Role.READER,
        )
        if is_staff(reader.role):
            unit.add(second_factor.app_of(reader, second_factor.new_salt()))
        if account and account.trial:
            trials.start(unit, reader, account.trial["verticals"], clock.now())
        if account and account.gift:
            give(unit, Holder(reader_id=reader.id), account.gift)
    if account:
        _since(unit, reader, account)


def _since(unit: AnySession, reader: Reader, account: Account) -> None:
    """What staff did to the account today."""
    if account.suspended:
        suspension.suspend(unit, reader, account.suspended, actor_id=None)
    trial, gift = account.trial or {}, account.gift or {}
    for grant in unit.scalars(select(Grant).where(Grant.reader_id == reader.id)).all():
        if "extended" in trial:
            extend.extend(unit, grant, trial["extended"], reason=trial["reason"], actor_id=None)
        if "revoked" in gift:
            grants.revoke(unit, grant, reason=gift["revoked"], actor_id=None)
    if account.asks:
        _ask(unit, reader, account.asks)


def _ask(unit: AnySession, reader: Reader, asks: dict[str, Any]) -> None:
    """What the account asked of staff some hours ago, and that waits for an answer."""
    vertical = unit.scalars(select(Vertical).where(Vertical.slug == asks["vertical"])).one()
    with clock.frozen(clock.now() - timedelta(hours=asks["hours_ago"])):
        if RequestKind(asks["kind"]) is RequestKind.EXTENSION:
            asking.ask_for_more(unit, reader, vertical, asks["message"])
        else:
            asking.queue(unit, reader, vertical, asks["cap"])
    if "cap" in asks and reader.company_key:
        caps.set_cap(unit, reader.company_key, asks["cap"], reason=asks["cap_reason"], actor_id=None)


def give(unit: AnySession, holder: Holder, gift: dict[str, Any]) -> None:
    """Give verticals for some days, from today or from a later day."""
    statement = select(Vertical.id).where(Vertical.slug.in_(gift["verticals"])).order_by(Vertical.position)
    first = clock.paris_date(clock.now()) + timedelta(days=gift.get("starts_in", 0))
    starts_at, ends_at = grants.day_bounds(first, first + timedelta(days=gift["days"]))
    ids = list(unit.scalars(statement))
    grants.give(unit, holder, ids, starts_at=starts_at, ends_at=ends_at, reason=gift["reason"], actor_id=None)
