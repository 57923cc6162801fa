"""What is sold, what it costs, and what a new vertical does not change."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access.vocabulary import Source
from portal.billing import catalogue, customers, quotes
from portal.billing.catalogue import CatalogueError, PlanWish
from portal.billing.models import Plan, Price, TaxRate
from portal.clock import frozen, now
from portal.db import AnySession, db, end_reading, writing
from tests.billing.world import World
from tests.builders import a_grant, a_reader, a_vertical


@pytest.fixture(autouse=True)
def empty_stand_in(request: pytest.FixtureRequest) -> None:
    """What one of these tests sells is not for sale in the next."""
    if "world" in request.fixturenames:
        request.getfixturevalue("sandbox").control("reset")


def test_plans_are_made_once_and_only_for_verticals_that_exist(session: AnySession) -> None:
    a_vertical("health")
    with writing():
        assert [plan.slug for plan in catalogue.add_default_plans(session)] == ["health"]
    a_vertical("fintech")
    a_vertical("media")
    with writing():
        assert [plan.slug for plan in catalogue.add_default_plans(session)] == ["fintech", "media", "bundle"]
        assert catalogue.add_default_plans(session) == []


def test_a_fourth_vertical_joins_no_plan_by_itself(world: World) -> None:
    a_vertical("retail")
    with writing():
        assert catalogue.add_default_plans(db.session) == []
    bundle = next(plan for plan in catalogue.on_sale(db.session) if plan.slug == "bundle")
    assert [vertical.slug for vertical in bundle.verticals] == ["health", "fintech", "media"]


def test_a_plan_needs_a_free_name_and_known_verticals(world: World) -> None:
    for slug, verticals in (("health", ("health",)), ("new", ("nowhere",)), ("new", ())):
        with pytest.raises(CatalogueError), writing():
            catalogue.add_plan(db.session, PlanWish(slug, "New", verticals, 100, 1000, 1))


def test_synchronising_again_makes_nothing(world: World) -> None:
    assert catalogue.sync_plans(db.session, world.gateway) == []
    assert len(world.stripe.v1.prices.list({"limit": 100}).data) == 8
    assert len(world.stripe.v1.products.list({"limit": 100}).data) == 4
    assert [rate.percentage for rate in world.stripe.v1.tax_rates.list().data] == [2.1]


def test_a_plan_that_comes_later_is_made_at_stripe(world: World) -> None:
    a_vertical("retail")
    with writing():
        catalogue.add_plan(db.session, PlanWish("retail", "mind Retail", ("retail",), 5000, 50000, 50))
    made = catalogue.sync_plans(db.session, world.gateway)
    assert made == ["product retail", "price retail-month-eur", "price retail-year-eur"]


def test_an_amount_that_differs_at_stripe_is_refused_not_overwritten(world: World) -> None:
    with writing() as unit:
        unit.scalars(select(Price).where(Price.lookup_key == "health-month-eur")).one().unit_amount = 9900
    with pytest.raises(CatalogueError, match="health-month-eur"):
        catalogue.sync_plans(db.session, world.gateway)


def test_ids_lost_here_are_found_again_there(world: World) -> None:
    with writing() as unit:
        before = {price.lookup_key: price.stripe_price_id for price in unit.scalars(select(Price))}
        for price in unit.scalars(select(Price)):
            price.stripe_price_id = None
        for rate in unit.scalars(select(TaxRate)):
            rate.stripe_tax_rate_id = None
        for plan in unit.scalars(select(Plan)):
            plan.stripe_product_id = None
    assert catalogue.sync_plans(db.session, world.gateway) == []
    end_reading()
    assert {price.lookup_key: price.stripe_price_id for price in db.session.scalars(select(Price))} == before


@pytest.mark.parametrize(
    ("net", "tax"), [(8900, 187), (89000, 1869), (199000, 4179), (26700, 561), (50, 1), (23, 0), (24, 1)]
)
def test_tax_is_rounded_half_up(net: int, tax: int) -> None:
    quote = quotes.quote(net, 1, 210)
    assert (quote.tax, quote.total) == (tax, net + tax)


def test_months_free_are_whole_months() -> None:
    assert [catalogue.months_free(100, year) for year in (1000, 1001, 1200, 1300)] == [2, 1, 0, 0]


@pytest.mark.parametrize(
    ("country", "number", "reverse"),
    [
        ("BE", "BE 0123.456.749", True),
        ("GR", "EL123456789", True),
        ("FR", "FR12345678901", False),
        ("FR", "BE0123456749", False),
        ("BE", "DE123456789", False),
        ("BE", "", False),
        ("CH", "CHE123456789", False),
    ],
)
def test_reverse_charge_is_for_firms_of_other_countries_of_the_union(country: str, number: str, reverse: bool) -> None:
    assert quotes.is_reverse_charge(country, number) is reverse


def test_a_later_start_needs_a_running_trial_of_every_vertical_of_the_plan(world: World) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=9), reason="")
    single, bundle = (catalogue.offer(db.session, key) for key in ("health-month-eur", "bundle-month-eur"))
    assert single and bundle
    assert quotes.trial_end(db.session, reader.id, single) == now() + timedelta(days=9)
    assert quotes.trial_end(db.session, reader.id, bundle) is None
    with frozen(now() + timedelta(days=7)):
        assert quotes.trial_end(db.session, reader.id, single) is None


def test_stored_customers_of_the_other_mode_are_noticed(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.buyer().subscribe()
    assert customers.of_other_mode(db.session, world.gateway.livemode) == 0
    customers.warn_of_other_mode(db.session, True)
    assert "1 stored Stripe customers belong to test mode" in caplog.text
