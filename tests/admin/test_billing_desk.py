"""The back office's page for Stripe: what it shows, who may see it, who may act, and what acting does."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.audit import AuditEvent
from portal.billing import reconcile, sync
from portal.billing.gateway import KEY
from portal.billing.models import Price, ReconcileRun, StripeEvent, Subscription
from portal.db import db, end_reading, writing
from portal.organisations.models import Organisation
from portal.roles import Permission, Role, is_staff, may
from tests.billing.conftest import sandbox, world  # noqa: F401 - fixtures
from tests.billing.test_cancelling import NOWHERE
from tests.billing.test_life import subscriber
from tests.billing.world import World, connect
from tests.builders import a_reader
from tests.forms import csrf_token, sign_in, submit
from tests.sandbox.shop import words

ENGLISH = {"Accept-Language": "en"}


def staff(world: World, role: Role = Role.ADMIN) -> FlaskClient:  # noqa: F811
    client = world.client()
    sign_in(client, a_reader(role=role))
    return client


def page(client: FlaskClient) -> str:
    answer = client.get("/admin/billing", headers=ENGLISH)
    assert answer.status_code == 200
    return words(answer.text)


def acts() -> list[str]:
    end_reading()
    return list(db.session.scalars(select(AuditEvent.act).where(AuditEvent.act.like("billing.%"))))


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_it_and_who_may_act(world: World, role: Role) -> None:  # noqa: F811
    subscriber(world)
    client = staff(world, role)
    event = db.session.scalars(select(StripeEvent.id)).first()
    answer = client.get("/admin/billing")
    sees = may(role, Permission.SEE_BILLING)
    assert answer.status_code == (200 if sees else 403)
    if sees:
        assert ("/replay" in answer.text) is may(role, Permission.REPAIR_BILLING)
    token = csrf_token(client, "/cancel")
    expected = 303 if may(role, Permission.REPAIR_BILLING) else 403
    for path in (f"events/{event}/replay", f"subscriptions/{world.subscription().id}/sync"):
        assert client.post(f"/admin/billing/{path}", data={"csrf_token": token}).status_code == expected, path
    assert is_staff(role) or not sees


def test_before_any_comparison_it_says_so_and_afterwards_when_it_was(world: World) -> None:  # noqa: F811
    client = staff(world)
    assert "Nothing was compared" in page(client) and "never" in page(client)
    reconcile.run(db.session, world.gateway)
    text = page(client)
    assert "Nothing was compared" not in text and "No difference lately" in text
    with clock.frozen(clock.now() + timedelta(minutes=41)):
        assert "Nothing was compared" in page(client)


def test_drift_is_shown_and_told_to_administrators_once_a_day(world: World) -> None:  # noqa: F811
    subscriber(world)
    client = staff(world)
    a_reader(role=Role.SUPPORT)
    for _time in range(2):
        with writing() as unit:
            unit.scalars(select(Subscription)).one().quantity = 7
        reconcile.run(db.session, world.gateway)
    assert "differed from Stripe’s" in page(client) and world.subscription().stripe_id in page(client)
    mails = world.mails("billing_alert")
    assert [mail.kind for mail in mails] == ["billing_alert"] and world.subscription().stripe_id in mails[0].text
    with clock.frozen(clock.now() + timedelta(days=1)), writing() as unit:
        unit.scalars(select(Subscription)).one().quantity = 7
    with clock.frozen(clock.now() + timedelta(days=1)):
        reconcile.run(db.session, world.gateway)
    assert len(world.mails("billing_alert")) == 2


def test_an_alert_is_one_mail_to_each_administrator_and_links_to_its_organisation(world: World) -> None:  # noqa: F811
    client = staff(world)
    a_reader(role=Role.ADMIN)
    subscriber(world)
    with writing() as unit:
        for price in unit.scalars(select(Price)):
            price.stripe_price_id = None
    for _time in range(3):
        sync.subscription(db.session, world.gateway, world.subscription().stripe_id)
    assert len(world.mails("billing_alert")) == 2
    organisation = db.session.scalars(select(Organisation.id)).one()
    answer = client.get("/admin/billing", headers=ENGLISH)
    assert f"/admin/organisations/{organisation}" in answer.text and "a price that we do not sell" in answer.text


def test_a_failing_webhook_is_shown_and_put_back_by_a_post(world: World) -> None:  # noqa: F811
    buyer = world.buyer()
    answer = buyer.order()
    buyer.pay(answer)
    world.app.extensions[KEY] = broken = connect(world.app, NOWHERE)
    good, world.gateway = world.gateway, broken
    world.deliver()
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        world.work()
    world.gateway = world.app.extensions[KEY] = good
    client = staff(world)
    assert "Tried in vain" in page(client)
    end_reading()
    event = db.session.scalars(select(StripeEvent).where(StripeEvent.done_at.is_(None))).first()
    assert event and event.next_attempt_at > clock.now()
    answer = submit(client, f"/admin/billing/events/{event.id}/replay", page="/admin/billing")
    assert answer.status_code == 303 and answer.location.startswith("/admin/billing")
    end_reading()
    again = db.session.get_one(StripeEvent, event.id)
    assert (again.attempts, again.done_at) == (0, None) and again.next_attempt_at <= clock.now()
    assert world.work() >= 1 and "billing.event-replayed" in acts()


def test_one_that_was_done_may_be_replayed_too_and_changes_nothing(world: World) -> None:  # noqa: F811
    subscriber(world)
    client, before = staff(world), len(world.mails())
    event = db.session.scalars(select(StripeEvent.id)).first()
    submit(client, f"/admin/billing/events/{event}/replay", page="/admin/billing")
    assert world.pending() == 1 and world.work() == 1 and world.pending() == 0
    assert len(world.mails()) == before


@pytest.mark.parametrize("event", ["evt_nowhere", "x" * 81, "%00"])
def test_an_event_that_nobody_knows_is_404(world: World, event: str) -> None:  # noqa: F811
    client = staff(world)
    token = csrf_token(client, "/cancel")
    answer = client.post(f"/admin/billing/events/{event}/replay", data={"csrf_token": token})
    assert answer.status_code == 404 and acts() == []


def test_a_subscription_is_read_again_from_its_organisations_and_its_readers_page(world: World) -> None:  # noqa: F811
    buyer = subscriber(world)
    client, row = staff(world), world.subscription()
    for where in (f"/admin/organisations/{row.organisation_id}", f"/admin/readers/{buyer.reader_id}"):
        with writing() as unit:
            unit.scalars(select(Subscription)).one().quantity = 7
        sent = {"back": where}
        answer = submit(client, f"/admin/billing/subscriptions/{row.id}/sync", sent, page=where, headers=ENGLISH)
        assert (answer.status_code, answer.location) == (303, where)
        assert "what stands here is what stands there" in client.get(where, headers=ENGLISH).text
        end_reading()
        assert db.session.scalar(select(Subscription.quantity)) == 1
    assert acts().count("billing.resynced") == 2


def test_reading_again_leads_nowhere_else_and_says_when_stripe_is_silent(world: World) -> None:  # noqa: F811
    subscriber(world)
    client, row = staff(world), world.subscription()
    world.app.extensions[KEY] = connect(world.app, NOWHERE)
    path = f"/admin/billing/subscriptions/{row.id}/sync"
    answer = submit(client, path, {"back": "https://evil.example.org/"}, page="/admin/billing", headers=ENGLISH)
    assert (answer.status_code, answer.location) == (303, f"/admin/organisations/{row.organisation_id}")
    assert "Stripe does not answer" in client.get("/admin/billing", headers=ENGLISH).text
    assert "billing.resynced" not in acts()
    nobodys = path.replace(f"/{row.id}/", "/999999/")
    assert submit(client, nobodys, page="/admin/billing").status_code == 404


def test_junk_in_a_run_is_no_fault_of_the_page(world: World) -> None:  # noqa: F811
    client = staff(world)
    with writing() as unit:
        drifts = [{"what": "something new", "id": "sub_<b>"}]
        unit.add(ReconcileRun(started_at=clock.now(), finished_at=None, drifts=drifts))
    assert "something new" in page(client) and "sub_<b>" not in client.get("/admin/billing").text
