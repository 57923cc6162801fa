"""Notices before money moves: yearly renewals between three months and one month before, and cards that expire."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock, mailer, retention
from portal.billing import proving, renewals
from portal.billing.models import Subscription
from portal.billing.models_renewals import RenewalProof
from portal.clock import PARIS, paris_date
from portal.db import db, writing
from portal.organisations.models import Organisation
from portal.roles import Role
from tests.billing.test_life import subscriber
from tests.billing.world import Buyer, World
from tests.builders import a_reader
from tests.forms import sign_in, submit
from tests.sandbox.shop import words


@contextmanager
def days_before(world: World, days: int, hour: int = 10) -> Iterator[None]:
    """The morning so many civil days before the renewal."""
    renews_at = world.subscription().renews_at
    assert renews_at
    day = paris_date(renews_at) - timedelta(days=days)
    with clock.frozen(datetime.combine(day, datetime.min.time().replace(hour=hour), tzinfo=PARIS)):
        yield


def yearly(world: World) -> Buyer:
    buyer = subscriber(world, "health-year-eur")
    with writing() as unit:  # the card is not what these stories are about
        unit.scalars(select(Subscription)).one().card_expires_on = None
    return buyer


def test_two_notices_go_each_once_with_the_price_the_date_and_both_ways_out(world: World) -> None:
    yearly(world)
    sent = []
    for days in (61, 60, 59, 41, 40, 39, 31, 30, 1):
        with days_before(world, days):
            sent.append(renewals.process_due())
            assert renewals.process_due() == 0
    assert sent == [0, 1, 0, 0, 1, 0, 0, 0, 0]
    first, second = world.mails("renewal_notice")
    for mail in (first, second):
        text = words(mail.text)
        assert "890" in text and "908" in text and "/cancel" in text and "/billing/cancel" in text
        assert clock.paris_date(mail.created_at) < clock.paris_date(mail.expires_at)


def test_after_an_interruption_only_the_notice_that_still_makes_sense_goes_and_none_too_late(world: World) -> None:
    yearly(world)
    with days_before(world, 35):
        assert renewals.process_due() == 1
        assert world.mails("renewal_notice")[0].key.endswith(":40")
        assert renewals.process_due() == 0


def test_less_than_a_month_before_is_no_notice_any_more(world: World) -> None:
    yearly(world)
    with days_before(world, 30):
        assert renewals.process_due() == 0


def test_nothing_goes_before_nine_in_the_morning(world: World) -> None:
    yearly(world)
    with days_before(world, 60, hour=8):
        assert renewals.process_due() == 0


def test_a_monthly_plan_is_not_announced(world: World) -> None:
    subscriber(world)
    with writing() as unit:
        row = unit.scalars(select(Subscription)).one()
        row.renews_at, row.card_expires_on = clock.now() + timedelta(days=50), None
    with days_before(world, 50):
        assert renewals.process_due() == 0


def test_whoever_cancelled_is_told_of_no_renewal(world: World) -> None:
    buyer = yearly(world)
    renews_at = world.subscription().renews_at
    submit(buyer.client, "/billing/cancel")
    assert renews_at
    with clock.frozen(renews_at - timedelta(days=55)):
        assert renewals.process_due() == 0


def test_a_notice_that_waits_is_decided_again_at_sending(world: World) -> None:
    yearly(world)
    with days_before(world, 60):
        renewals.process_due()
        with writing() as unit:
            row = unit.scalars(select(Subscription)).one()
            row.ending_at, row.renews_at = row.renews_at, None
        mailer.deliver_due()
        assert world.mails("renewal_notice")[0].outcome == "unwanted"


def test_the_next_period_has_notices_of_its_own(world: World) -> None:
    yearly(world)
    with days_before(world, 60):
        assert renewals.process_due() == 1
    with writing() as unit:
        row = unit.scalars(select(Subscription)).one()
        assert row.renews_at
        row.renews_at += timedelta(days=365)
    with days_before(world, 60):
        assert renewals.process_due() == 1


@pytest.mark.parametrize("renews_on", [date(2028, 2, 29), date(2026, 12, 31), date(2026, 5, 28), date(2026, 10, 25)])
def test_days_are_those_of_paris_whatever_the_clocks_do(world: World, renews_on: date) -> None:
    yearly(world)
    with writing() as unit:
        late = datetime.combine(renews_on, datetime.min.time().replace(hour=23, minute=59), tzinfo=PARIS)
        unit.scalars(select(Subscription)).one().renews_at = late
    for days, due in ((61, 0), (60, 1), (40, 1)):
        with days_before(world, days):
            assert renewals.process_due() == due, days


def test_proof_of_the_notice_stands_in_the_back_office(world: World) -> None:
    buyer = yearly(world)
    with days_before(world, 60):
        renewals.process_due()
        mailer.deliver_due()
        admin = world.client()
        sign_in(admin, a_reader(role=Role.ADMIN))
        organisation = db.session.scalars(select(Organisation.id)).one()
        for page in (f"/admin/organisations/{organisation}", f"/admin/readers/{buyer.reader_id}"):
            text = words(admin.get(page, headers={"Accept-Language": "en"}).text)
            assert "Renewal notice" in text and "sent on" in text, page


def test_the_proof_outlives_the_mail_and_names_nobody_that_can_be_written_to(world: World) -> None:
    buyer = yearly(world)
    with days_before(world, 60):
        renewals.process_due()
        assert proving.keep(db.session) == 0, "nothing was sent yet"
        mailer.deliver_due()
        assert (proving.keep(db.session), proving.keep(db.session)) == (1, 0)
        proof = db.session.scalars(select(RenewalProof)).one()
        assert (proof.total, proof.renews_at) == (90_869, world.subscription().renews_at)
        sent_to = world.mails("renewal_notice")[0].to_address
        assert proof.to_masked == f"{sent_to[0]}…@{sent_to.partition('@')[2]}"
    with clock.frozen(clock.now() + timedelta(days=2 * 365)):
        assert retention.run()["mails"] > 0 and world.mails("renewal_notice") == []
        (kept,) = renewals.notices_of(db.session, {world.subscription().stripe_id})[world.subscription().stripe_id]
        assert (kept.to_address, kept.outcome, kept.closed_at) == (proof.to_masked, "sent", proof.sent_at)
        admin = world.client()
        sign_in(admin, a_reader(role=Role.ADMIN))
        organisation = db.session.scalars(select(Organisation.id)).one()
        text = words(admin.get(f"/admin/organisations/{organisation}", headers={"Accept-Language": "en"}).text)
        assert "Renewal notice sent on" in text and sent_to not in text.split("Renewal notice")[1][:120]
    with clock.frozen(clock.now() + timedelta(days=6 * 365)):
        assert retention.run()["proofs of renewal notices"] == 1
    assert buyer.reader_id


def test_a_card_is_told_about_once_in_its_last_month_and_not_after_it_was_replaced(world: World) -> None:
    subscriber(world)
    last = paris_date(clock.now()) + timedelta(days=45)
    with writing() as unit:
        unit.scalars(select(Subscription)).one().card_expires_on = last
    told = []
    for days in (31, 30, 29, 0):
        with clock.frozen(datetime.combine(last - timedelta(days=days), datetime.min.time().replace(hour=10), PARIS)):
            told.append(renewals.process_due())
    assert told == [0, 1, 0, 0]
    with writing() as unit:
        unit.scalars(select(Subscription)).one().card_last4 = "0000"
    with clock.frozen(datetime.combine(last - timedelta(days=29), datetime.min.time().replace(hour=11), PARIS)):
        mailer.deliver_due()
        assert world.mails("card_expiring")[0].outcome == "unwanted"


def test_the_card_of_stripe_tells_its_last_day(world: World) -> None:
    subscriber(world)
    found = world.subscription().card_expires_on
    assert found and (found + timedelta(days=1)).day == 1
