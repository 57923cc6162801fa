"""`portal stripe …` and `portal plans …`."""

from datetime import UTC, datetime
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal.billing import catalogue, reconcile, sync
from portal.billing.gateway import current
from portal.billing.models import Plan, Subscription
from portal.billing.promotion_calls import PromotionWish
from portal.billing.shapes import GatewayError
from portal.db import db, end_reading, writing


@click.group("stripe")
def stripe_group() -> None:
    """Keep Stripe and this database equal."""


@stripe_group.command("sync-plans")
@with_appcontext
def sync_plans() -> None:
    """Find or make every product, price and VAT rate at Stripe; safe to repeat."""
    try:
        made = catalogue.sync_plans(db.session, current())
    except (GatewayError, catalogue.CatalogueError) as error:
        raise click.ClickException(str(error)) from error
    for line in made:
        click.echo(f"Made {line}.")
    click.echo(f"{len(catalogue.on_sale(db.session))} plans are known at Stripe.")


@stripe_group.command("reconcile")
@click.option("--since", type=click.DateTime(), help="List events from this instant (UTC); by default the last seen.")
@click.option("--dry-run", is_flag=True, help="Say what differs and change nothing.")
@with_appcontext
def reconcile_command(since: datetime | None, dry_run: bool) -> None:
    """Compare everything with Stripe and repair what differs; exits 1 when something did."""
    try:
        found = reconcile.run(
            db.session, current(), since=since.replace(tzinfo=UTC) if since else None, dry_run=dry_run
        )
    except GatewayError as error:
        raise click.ClickException(str(error)) from error
    for drift in found.drifts:
        click.echo(" ".join(f"{name}={value}" for name, value in drift.items()))
    verb = "would be repaired" if dry_run else "repaired"
    click.echo(f"{found.subscriptions_seen} subscriptions and {found.events_seen} events seen.")
    click.echo(f"{len(found.drifts)} drifts {verb}.")
    if found.drifts:
        raise SystemExit(1)


@stripe_group.command("sync")
@click.argument("subscription_id")
@with_appcontext
def sync_one(subscription_id: str) -> None:
    """Read one subscription (sub_…) again."""
    try:
        outcome = sync.subscription(db.session, current(), subscription_id)
    except GatewayError as error:
        raise click.ClickException(str(error)) from error
    if outcome in (sync.Outcome.FOREIGN, sync.Outcome.GONE):
        raise click.ClickException(f"{subscription_id} is {outcome.value}: nothing was written.")
    status = db.session.scalar(select(Subscription.status).where(Subscription.stripe_id == subscription_id))
    click.echo(f"{subscription_id} is {status}.")


@stripe_group.command("promotion-code")
@click.argument("word")
@click.option("--percent", type=click.FloatRange(0, 100, min_open=True), required=True, help="How much is taken off.")
@click.option("--months", type=click.IntRange(1, 36), help="For so many months; otherwise for ever.")
@click.option("--once", is_flag=True, help="For the first payment alone.")
@click.option("--plan", help="For this plan alone, by its slug.")
@click.option("--most", type=click.IntRange(1), help="How often it can be used; otherwise as often as one likes.")
@with_appcontext
def promotion_code(word: str, plan: str | None, *, once: bool, **wish: Any) -> None:
    """Make a promotion code that the summary page takes; run “portal stripe sync-plans” first."""
    product_id = _product_of(plan) if plan else None
    months = 0 if once else wish["months"]
    end_reading()
    try:
        made = current().create_promotion(PromotionWish(word, wish["percent"], months, product_id, wish["most"]))
    except GatewayError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Made {word} ({made}).")


def _product_of(slug: str) -> str:
    found = db.session.scalar(select(Plan.stripe_product_id).where(Plan.slug == slug))
    if found is None:
        raise click.ClickException(f"The plan {slug} is not known at Stripe: run “portal stripe sync-plans”.")
    return found


@click.group("plans")
def plans_group() -> None:
    """What is sold."""


@plans_group.command("list")
@with_appcontext
def list_plans() -> None:
    """Plans, their verticals and prices."""
    for plan in catalogue.on_sale(db.session):
        prices = ", ".join(f"{price.lookup_key} {price.unit_amount / 100:.2f}" for price in plan.prices)
        click.echo(f"{plan.slug}\t{'+'.join(one.slug for one in plan.verticals)}\t{prices}")


@plans_group.command("add-defaults")
@with_appcontext
def add_defaults() -> None:
    """Add the four usual plans, as far as their verticals exist."""
    with writing():
        made = [plan.slug for plan in catalogue.add_default_plans(db.session)]
    click.echo(f"Added {len(made)} plans: {', '.join(made) or 'none was missing'}.")


@plans_group.command("add")
@click.argument("slug")
@click.option("--name", required=True)
@click.option("--vertical", "verticals", multiple=True, required=True, help="A vertical it opens; may be repeated.")
@click.option("--month", type=click.IntRange(min=1), required=True, help="Price per seat and month, cents before tax.")
@click.option("--year", type=click.IntRange(min=1), required=True, help="Price per seat and year, cents before tax.")
@click.option("--position", type=int, default=100, show_default=True)
@with_appcontext
def add(slug: str, *, name: str, verticals: tuple[str, ...], month: int, year: int, position: int) -> None:
    """Sell a plan; run “portal stripe sync-plans” afterwards."""
    try:
        with writing():
            catalogue.add_plan(db.session, catalogue.PlanWish(slug, name, verticals, month, year, position))
    except catalogue.CatalogueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Added the plan {slug}.")


commands: list[click.Command] = [stripe_group, plans_group]
