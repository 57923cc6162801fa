"""`portal verticals add|list|trials|retire`: a fourth vertical is data, not code, and so is its end."""

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal import audit, clock
from portal.db import AnySession, db, writing
from portal.verticals import Vertical, VerticalError, add_vertical, all_verticals


@click.group()
def verticals() -> None:
    """Publications that are read, tried and sold by themselves."""


@verticals.command("list")
@with_appcontext
def list_() -> None:
    """Show every vertical, in the order of the masthead."""
    for vertical in all_verticals(db.session):
        states = [
            "takes trials" if vertical.trial_open else "no trials",
            "on sale" if vertical.on_sale else "not on sale",
        ]
        click.echo(f"{vertical.slug:<16} {vertical.name:<24} {vertical.colour}  {', '.join(states)}")


@verticals.command("add")
@click.argument("slug")
@click.option("--name", required=True, help="As readers see it, for example “mind Retail”.")
@click.option(
    "--colour", required=True, help="On light pages, for example #8a4b08; dark and soft shades follow from it."
)
@click.option("--colour-dark", help="On dark pages.")
@click.option("--tagline", default="", help="One sentence in French.")
@click.option("--tagline-en", default="", help="The same in English.")
@click.option("--position", default=100, show_default=True, help="Place in the masthead; lower comes first.")
@click.option("--trials/--no-trials", default=True, show_default=True, help="Whether it may be tried for 15 days.")
@click.option("--on-sale/--not-on-sale", default=True, show_default=True, help="Whether it may be subscribed to.")
@with_appcontext
def add(slug: str, name: str, colour: str, trials: bool, **more: str) -> None:
    """Add a vertical under the address /SLUG/."""
    try:
        with writing() as unit:
            added = add_vertical(unit, slug=slug, name=name, colour=colour, trial_open=trials, **more)
            address = f"/{added.slug}/"
    except VerticalError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Added {name} at {address}.")


@verticals.command("trials")
@click.argument("slug")
@click.argument("state", type=click.Choice(["open", "closed"]))
@with_appcontext
def trials(slug: str, state: str) -> None:
    """Let SLUG be tried, or no more. Trials that are running go on to their end."""
    with writing() as unit:
        vertical = _known(unit, slug)
        vertical.trial_open = state == "open"
        unit.flush()
        act = "vertical.trials-opened" if vertical.trial_open else "vertical.trials-closed"
        audit.record(unit, act, target=("vertical", vertical.id))
        name = vertical.name
    click.echo(f"{name} may be tried." if state == "open" else f"{name} takes no trials now.")


@verticals.command("retire")
@click.argument("slug")
@with_appcontext
def retire(slug: str) -> None:
    """Take SLUG from the masthead, from sale and from trials. Its articles stay, for those who have a right to them."""
    with writing() as unit:
        vertical = _known(unit, slug)
        vertical.trial_open = vertical.on_sale = False
        vertical.retired_at = clock.now()
        unit.flush()
        audit.record(unit, "vertical.retired", target=("vertical", vertical.id))
        name = vertical.name
    click.echo(f"{name} is retired. Plans that opened nothing else are sold no more.")


def _known(unit: AnySession, slug: str) -> Vertical:
    vertical = unit.scalar(select(Vertical).where(Vertical.slug == slug, Vertical.retired_at.is_(None)))
    if vertical is None:
        raise click.ClickException(f"There is no vertical “{slug}”.")
    return vertical


commands: list[click.Command] = [verticals]
