"""What heals when news was lost: reconcile, by hand and by the worker."""

from datetime import timedelta

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Reader
from portal.billing import customers, reconcile
from portal.billing.models import Invoice, ReconcileRun
from portal.db import db, end_reading, writing
from portal.organisations import following, founding
from tests.billing.test_buying import opens
from tests.billing.test_life import subscriber
from tests.billing.world import World
from tests.builders import a_reader, an_organisation


def test_reconcile_finds_nothing_when_all_is_well(world: World) -> None:
    subscriber(world)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        found = reconcile.run(db.session, world.gateway)
    assert found.drifts == [] and found.subscriptions_seen == 1 and found.events_seen > 5


def test_reconcile_restores_everything_after_days_without_webhooks(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    with world.later(days=33):
        dry = reconcile.run(db.session, world.gateway, dry_run=True)
        assert dry.drifts and not opens(buyer.reader_id)
        assert db.session.scalar(select(func.count()).select_from(ReconcileRun)) == 0
        found = reconcile.run(db.session, world.gateway)
        assert found.drifts and opens(buyer.reader_id)
        assert db.session.scalar(select(func.count()).select_from(Invoice)) == 2
        assert reconcile.run(db.session, world.gateway).drifts == []
        runs = db.session.scalars(select(ReconcileRun).order_by(ReconcileRun.id)).all()
        assert [bool(run.drifts) for run in runs] == [True, False]


def test_the_worker_reconciles_every_quarter_of_an_hour(world: World) -> None:
    subscriber(world)

    def runs() -> int:
        end_reading()
        return db.session.scalar(select(func.count()).select_from(ReconcileRun)) or 0

    reconcile.periodic()
    reconcile.periodic()
    assert runs() == 1
    with clock.frozen(clock.now() + timedelta(minutes=15)):
        reconcile.periodic()
    assert runs() == 2


def test_a_payment_nobody_told_of_opens_after_a_quarter_of_an_hour_at_most(world: World) -> None:
    buyer = world.buyer()
    reconcile.periodic()  # the worst case: the last pass began a moment before
    buyer.pay(buyer.order())
    with world.later(minutes=14):
        reconcile.periodic()
        assert not opens(buyer.reader_id)
    with world.later(minutes=15):
        reconcile.periodic()
        assert opens(buyer.reader_id) and len(world.mails("receipt")) == 1


def test_the_next_pass_tells_stripe_where_mail_about_money_goes_now(world: World) -> None:
    buyer = subscriber(world)
    reconcile.run(db.session, world.gateway)
    with clock.frozen(clock.now() + timedelta(minutes=5)):
        with writing() as unit:
            reader, organisations = unit.get_one(Reader, buyer.reader_id), following.held(unit, buyer.reader_id)
            before, reader.email = reader.email, "elsewhere@example.org"
            following.follow(unit, reader, before, organisations)
        assert known_at_stripe(world) == [before]
        assert reconcile.run(db.session, world.gateway, dry_run=True).to_tell == [organisations[0].id]
        assert known_at_stripe(world) == [before]
        reconcile.run(db.session, world.gateway)
        assert known_at_stripe(world) == ["elsewhere@example.org"]
    with clock.frozen(clock.now() + timedelta(minutes=20)):
        reconcile.run(db.session, world.gateway)
        assert reconcile.run(db.session, world.gateway).to_tell == []


def test_a_customer_that_is_gone_at_stripe_holds_no_pass_up(world: World) -> None:
    buyer = subscriber(world)
    organisation_id = founding.organisation_of(db.session, buyer.reader_id).id
    customer = customers.stripe_id(db.session, organisation_id, livemode=False)
    world.stripe.v1.customers.delete(str(customer))
    assert customers.tell(db.session, world.gateway, organisation_id) is False
    assert customers.tell(db.session, world.gateway, an_organisation(a_reader()).id) is False


def known_at_stripe(world: World) -> list[str]:
    """The addresses of the customers there."""
    return [str(one.email) for one in world.stripe.v1.customers.list().data]


def test_the_command_says_what_drifted_and_fails(world: World) -> None:
    from portal.billing.cli import commands

    buyer = world.buyer()
    buyer.pay(buyer.order())
    runner = world.app.test_cli_runner()
    stripe_group, plans_group = commands
    first = runner.invoke(stripe_group, ["reconcile"])
    assert first.exit_code == 1 and "subscription unknown here" in first.output
    second = runner.invoke(stripe_group, ["reconcile"])
    assert second.exit_code == 0 and "0 drifts" in second.output
    assert runner.invoke(stripe_group, ["sync-plans"]).output == "4 plans are known at Stripe.\n"
    assert "bundle\thealth+fintech+media" in runner.invoke(plans_group, ["list"]).output
    assert opens(buyer.reader_id)


def test_a_restored_backup_and_a_replay_send_no_old_news(world: World) -> None:
    subscriber(world)
    with writing() as unit:
        for table in ("outbox",):
            unit.execute(db.metadata.tables[table].delete())
        unit.execute(db.metadata.tables["subscription_items"].delete())
        unit.execute(db.metadata.tables["invoices"].delete())
        unit.execute(db.metadata.tables["subscriptions"].delete())
    with clock.frozen(clock.now() + timedelta(days=4)):
        reconcile.run(db.session, world.gateway)
        assert [mail.kind for mail in world.mails()] == ["receipt"]
