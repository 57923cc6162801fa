"""`portal grants`: give, extend and revoke rights from the command line, audited like the back office's acts."""

from datetime import date, datetime
from typing import NoReturn

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal import clock
from portal.access import grants, held, mails, words
from portal.access.held import GrantError, Holder
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.i18n import use_locale
from portal.organisations.models import Manager
from portal.verticals import Vertical

DAY = click.DateTime(["%Y-%m-%d"])
_REFUSALS = {
    "dates": "The last day must be today or later, and not before the first.",
    "reason": "A reason is needed: --reason “…”.",
    "revoked": "This grant was revoked: give a new one instead.",
    "past": "This grant is over already.",
    "same": "This is the last day it has already.",
    "covered": "Staff have given as much already: another grant would change nothing.",
}


@click.group("grants")
def group() -> None:
    """Give, extend and revoke rights. Days are civil days in Paris, the last one included."""


@group.command("give")
@click.argument("email")
@click.option("--vertical", "slugs", multiple=True, required=True, help="Slug of a vertical; may be repeated.")
@click.option("--until", "until", type=DAY, required=True, help="Last day, included (YYYY-MM-DD).")
@click.option("--from", "start", type=DAY, help="First day (YYYY-MM-DD); without it, from now on.")
@click.option("--reason", required=True, help="Why; kept in the audit log, never shown to the reader.")
@click.option(
    "--organisation", is_flag=True, help="Give it to the organisation that EMAIL manages: all its seats read."
)
@with_appcontext
def give(
    *, email: str, slugs: tuple[str, ...], until: datetime, start: datetime | None, reason: str, organisation: bool
) -> None:
    """Give EMAIL one or several verticals until a day."""
    with writing() as session:
        reader = _reader(session, email)
        holder = _organisation_of(session, reader) if organisation else Holder(reader_id=reader.id)
        try:
            starts_at, ends_at = _bounds(start.date() if start else None, until.date())
            ids = [_vertical(session, slug).id for slug in slugs]
            made = grants.give(session, holder, ids, starts_at=starts_at, ends_at=ends_at, reason=reason, actor_id=None)
        except GrantError as error:
            _refuse(error)
        mails.tell_given(session, made)
        lines = [_line(session, grant) for grant in made]
    click.echo("\n".join(f"Given: {line}" for line in lines))


@group.command("extend")
@click.argument("grant_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--until", "until", type=DAY, required=True, help="New last day, included (YYYY-MM-DD).")
@click.option("--reason", required=True, help="Why; kept in the audit log, never shown to the reader.")
@with_appcontext
def extend(grant_id: int, until: datetime, reason: str) -> None:
    """Set another last day for grant GRANT_ID (a granted access or a trial)."""
    with writing() as session:
        grant = _grant(session, grant_id)
        _starts, ends_at = _bounds(None, until.date())
        before = grant.ends_at
        try:
            grants.move_end(session, grant, ends_at, reason=reason, actor_id=None)
        except GrantError as error:
            _refuse(error)
        mails.tell_moved(session, grant, before)
        line = _line(session, grant)
    click.echo(f"Extended: {line}")


@group.command("revoke")
@click.argument("grant_id", type=click.IntRange(1, 2**31 - 1))
@click.option("--reason", required=True, help="Why; kept in the audit log, never shown to the reader.")
@with_appcontext
def revoke(grant_id: int, reason: str) -> None:
    """End grant GRANT_ID now (a granted access or a trial)."""
    with writing() as session:
        grant = _grant(session, grant_id)
        try:
            grants.revoke(session, grant, reason=reason, actor_id=None)
        except GrantError as error:
            _refuse(error)
        mails.tell_revoked(session, grant)
        line = _line(session, grant)
    click.echo(f"Revoked: {line}")


def _bounds(start: date | None, until: date) -> tuple[datetime, datetime]:
    first = start or clock.paris_date(clock.now())
    try:
        starts_at, ends_at = grants.day_bounds(first, until)
    except GrantError as error:
        _refuse(error)
    return (starts_at if start else clock.now()), ends_at


def _refuse(error: GrantError) -> NoReturn:
    raise click.ClickException(_REFUSALS.get(error.code, str(error)))


def _reader(session: AnySession, email: str) -> Reader:
    reader = session.scalar(select(Reader).where(Reader.email_key == email_key(email)))
    if reader is None:
        raise click.ClickException(f"Nobody has an account under {email}.")
    return reader


def _organisation_of(session: AnySession, reader: Reader) -> Holder:
    found = list(
        session.scalars(
            select(Manager.organisation_id).where(Manager.reader_id == reader.id, Manager.ended_at.is_(None))
        )
    )
    if len(found) != 1:
        raise click.ClickException(f"{reader.email} manages {len(found)} organisations; exactly one is needed.")
    return Holder(organisation_id=found[0])


def _vertical(session: AnySession, slug: str) -> Vertical:
    vertical = session.scalar(select(Vertical).where(Vertical.slug == slug, Vertical.retired_at.is_(None)))
    if vertical is None:
        raise click.ClickException(f"There is no vertical “{slug}”.")
    return vertical


def _grant(session: AnySession, grant_id: int) -> Grant:
    if session.get(Grant, grant_id) is None:
        raise click.ClickException(f"There is no grant {grant_id}.")
    grant = held.grant(session, grant_id)
    if grant.source is Source.SUBSCRIPTION:
        raise click.ClickException("This grant mirrors a subscription: change the subscription instead.")
    return grant


def _line(session: AnySession, grant: Grant) -> str:
    vertical = session.get(Vertical, grant.vertical_id)
    name = vertical.name if vertical else str(grant.vertical_id)
    with use_locale("en"):
        start, end = words.start_words(grant.starts_at), words.end_words(grant.ends_at)
    return f"grant {grant.id}, {name}, from {start}, until {end}"


commands: list[click.Command] = [group]
