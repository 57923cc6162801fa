"""`portal trials …`: the secrets the trial ledger knows people by."""

import click
from flask.cli import with_appcontext

from portal.access import ledger_keys
from portal.access.ledger_keys import Standing
from portal.clock import paris_date
from portal.db import db


@click.group("trials")
def group() -> None:
    """The trial ledger's keys."""


@group.command("keys")
@with_appcontext
def keys() -> None:
    """Say which keys people are known by, and which may leave the settings."""
    today, *former = ledger_keys.standing(db.session)
    click.echo(f"{today.key_id}  today's key: {_people(today.people)}.")
    for one in former:
        click.echo(f"{one.key_id}  {_former(one)}")


def _former(key: Standing) -> str:
    """What would be forgotten without it."""
    if not key.alone:
        return "a former key: nobody is known by it alone; it may leave the settings."
    until = f", the last of them until {paris_date(key.until)}" if key.until else ""
    kept = "keep it" if key.in_settings else "not among the keys in the settings: they could try again"
    return f"a former key: {_people(key.alone)} known by it alone{until}; {kept}."


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


@group.command("rotate-key")
@with_appcontext
def rotate_key() -> None:
    """Note every account under today's key; run it once after the key has changed."""
    seen, changed = ledger_keys.rotate()
    click.echo(f"Accounts looked at: {seen}; noted under today's key: {changed}.")


commands: list[click.Command] = [group]
