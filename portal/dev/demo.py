"""The demonstration: content, plans and invented people, each brought into a state through the portal's own services.

Loading is repeatable: what is there already stays as it is. Past acts (a trial of two weeks ago) are done with the
clock held at their time. Subscribers pay at the Stripe stand-in like anybody, so they need it running.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import select

from portal import clock
from portal.access import grants
from portal.access.grants import Holder
from portal.accounts import readers
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.accounts.passwords import hash_password
from portal.billing import catalogue
from portal.content import demo as content
from portal.db import AnySession, db, end_reading, writing
from portal.dev.subscribers import Subscriber, subscribe
from portal.organisations import founding, seats
from portal.organisations.models import ManagerRole, Organisation, OrganisationKind
from portal.roles import Role
from portal.settings import ROOT, Settings
from portal.trials import start as trials
from portal.typography import french
from portal.verticals import Vertical

FOLDER = ROOT / "demo"


class DemoError(Exception):
    """The demonstration cannot be loaded here; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """An invented person as demo/accounts.toml describes them; `sees` is a sentence for each language."""

    email: str
    name: str
    sees: dict[str, str]
    company: str = ""
    role: Role = Role.READER
    confirmed: bool = True
    suspended: str = ""
    seat_of: str = ""
    begins_at: str = "/"
    trial: dict[str, Any] | None = None
    gift: dict[str, Any] | None = None
    subscription: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """An invented organisation with a contract."""

    name: str
    manager: str
    seats: int
    verticals: tuple[str, ...]
    days: int
    reason: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of the demonstration."""

    password: str
    accounts: tuple[Account, ...]
    organisations: tuple[Company, ...]


@cache
def people() -> People:
    """What demo/accounts.toml says."""
    data = tomllib.loads((FOLDER / "accounts.toml").read_text(encoding="utf-8"))
    accounts = tuple(_account(one) for one in data["accounts"])
    companies = tuple(Company(**{**one, "verticals": tuple(one["verticals"])}) for one in data["organisations"])
    return People(data["password"], accounts, companies)


def _account(written: dict[str, Any]) -> Account:
    sees = {**written["sees"], "fr": french(written["sees"]["fr"])}
    return Account(**{**written, "role": Role(written.get("role", "reader")), "sees": sees})


def load(*, fresh: bool = False) -> Iterator[str]:
    """Load what is missing; yields a sentence for each thing done. Raises DemoError, always in production."""
    settings: Settings = current_app.extensions["portal.settings"]
    if settings.production:
        raise DemoError("Demo data never loads in production.")
    if fresh:
        yield _empty()
    yield from _content()
    new = [account for account in people().accounts if not _exists(account)]
    for account in new:
        _make(account)
    made = [company.name for company in people().organisations if _organisation(company)]
    if new or made:
        yield f"Made {len(new)} demo accounts and {len(made)} organisations."
    yield from _subscribers(settings)


def _content() -> Iterator[str]:
    with writing() as unit:
        added = content.load(unit, FOLDER, clock.now())
        plans = catalogue.add_default_plans(unit)
    if added["articles"] or plans:
        yield f"Added {added['verticals']} verticals, {added['articles']} articles, {len(plans)} plans."


def _exists(account: Account) -> bool:
    return readers.by_address(db.session, account.email) is not None


def _make(account: Account) -> None:
    """A person, and what staff or they themselves did since."""
    hashed = hash_password(people().password)
    begun = _begun(account)
    with clock.frozen(begun), writing() as unit:
        reader = readers.create_reader(
            unit,
            email=account.email,
            password_hash=hashed,
            role=account.role,
            name=account.name,
            company=account.company,
            confirmed=account.confirmed,
        )
        if account.trial:
            trials.start(unit, reader, account.trial["verticals"], clock.now())
        if account.gift:
            _give(unit, Holder(reader_id=reader.id), **account.gift)
    if account.suspended:
        with writing() as unit:
            reader = unit.get_one(Reader, reader.id)
            reader.suspended_at, reader.suspended_reason = clock.now(), account.suspended


def _begun(account: Account) -> datetime:
    """When this person came: with their trial, a little before their purchase, or now."""
    if account.subscription:
        return Subscriber(email=account.email, **account.subscription).bought_at(clock.now()) - timedelta(minutes=5)
    return clock.now() - timedelta(days=(account.trial or {}).get("days_ago", 0))


def _give(unit: AnySession, holder: Holder, verticals: list[str], days: int, reason: str) -> None:
    ids = list(unit.scalars(select(Vertical.id).where(Vertical.slug.in_(verticals)).order_by(Vertical.position)))
    today = clock.paris_date(clock.now())
    starts_at, ends_at = grants.day_bounds(today, today + timedelta(days=days))
    grants.give(unit, holder, ids, starts_at=starts_at, ends_at=ends_at, reason=reason, actor_id=None)


def _organisation(company: Company) -> bool:
    """Make the company with its contract and its seats; False when it exists."""
    with writing() as unit:
        if unit.scalar(select(Organisation.id).where(Organisation.name == company.name)):
            return False
        row = Organisation(
            name=company.name, kind=OrganisationKind.COMPANY, seats=company.seats, created_at=clock.now()
        )
        unit.add(row)
        unit.flush()
        keys = [email_key(account.email) for account in people().accounts if account.seat_of == company.name]
        for reader in unit.scalars(select(Reader).where(Reader.email_key.in_(keys)).order_by(Reader.id)):
            if reader.email == company.manager:
                founding.add_manager(unit, row.id, reader.id, ManagerRole.OWNER, actor_id=None)
            seats.open_seat(unit, row.id, reader.id, actor_id=None)
        _give(unit, Holder(organisation_id=row.id), list(company.verticals), company.days, company.reason)
    return True


def _subscribers(settings: Settings) -> list[str]:
    """Those who pay by card do it now, where the stand-in runs."""
    end_reading()
    wanted = [Subscriber(email=one.email, **one.subscription) for one in people().accounts if one.subscription]
    return subscribe(settings, wanted)


def _empty() -> str:
    """Take the database down and up again."""
    from flask_migrate import downgrade, upgrade

    end_reading()
    downgrade(revision="base")
    upgrade()
    return "The database was emptied."
