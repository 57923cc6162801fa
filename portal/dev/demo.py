"""The demonstration: content, plans and invented people, each brought into a state through the portal's own services.

Loading is repeatable: what is there already stays as it is. Past acts (a trial of two weeks ago) are done with the
clock held at their time. Subscribers pay at the Stripe stand-in like anybody, so they need it running.
"""

from collections.abc import Iterator

from flask import current_app

from portal import clock
from portal.billing import catalogue
from portal.content import demo as content
from portal.db import end_reading, writing
from portal.dev import companies, persons, reads
from portal.dev.people import FOLDER, people
from portal.dev.subscribers import Subscriber, subscribe
from portal.enquiries import demo as letters
from portal.newsletters import demo as newsletters
from portal.settings import Settings


class DemoError(Exception):
    """The demonstration cannot be loaded here; the message says why."""


def load(*, fresh: bool = False) -> Iterator[str]:
    """Load what is missing; yields a sentence for each thing done. Raises DemoError, always in production."""
    settings: Settings = current_app.extensions["portal.settings"]
    if settings.production:
        raise DemoError("Demo data never loads in production.")
    if fresh:
        yield _empty()
    yield from _content()
    accounts = persons.make_missing()
    contracts = companies.make_missing()
    if accounts or contracts:
        yield f"Made {len(accounts)} demo accounts and {contracts} organisations."
    with writing() as unit:
        letters.load(unit, FOLDER, clock.now())
    yield from _subscribers(settings)
    companies.seat_the_paid()
    if accounts and (noted := reads.note_readings(accounts)):
        yield f"Noted {noted} readings of the last {reads.DAYS} days."


def _content() -> Iterator[str]:
    with writing() as unit:
        added = content.load(unit, FOLDER, clock.now())
        plans = catalogue.add_default_plans(unit)
        newsletters.load(unit, FOLDER)
    if added["articles"] or plans:
        yield f"Added {added['verticals']} verticals, {added['articles']} articles, {len(plans)} plans."


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
