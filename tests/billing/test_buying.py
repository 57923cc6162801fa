"""From the summary to open access, by whichever way the news comes first."""

from datetime import timedelta

from sqlalchemy import func, select

from portal import clock
from portal.access import facts
from portal.accounts.models import Reader
from portal.billing.models import AttemptState, CheckoutAttempt, Invoice
from portal.db import db, end_reading
from tests.billing.world import World
from tests.sandbox.shop import DECLINED


def opens(reader_id: int, vertical: str = "health") -> bool:
    """Whether this reader holds a live right on a vertical."""
    end_reading()
    known = facts.of_account(db.session, db.session.get_one(Reader, reader_id), clock.now())
    live = (grant for grant in known.grants if grant.vertical == vertical and grant.reaches(clock.now()))
    return any(grant.state(clock.now() + timedelta(seconds=30)).value in ("active", "grace") for grant in live)


def test_the_return_page_opens_access_before_any_webhook(world: World) -> None:
    buyer = world.buyer()
    answer = buyer.subscribe()
    assert answer.status_code == 200
    assert "It is open" in answer.text or "ouvert" in answer.text
    assert opens(buyer.reader_id)
    assert not opens(buyer.reader_id, "media")


def test_the_webhook_alone_opens_access_when_nobody_comes_back(world: World) -> None:
    buyer = world.buyer()
    buyer.pay(buyer.order())
    assert not opens(buyer.reader_id)
    assert world.deliver() > 0
    assert world.pending() == 0
    assert opens(buyer.reader_id)
    assert len(world.mails("receipt")) == 1
    assert len(world.mails("subscription_started")) == 1
    assert db.session.scalar(select(func.count()).select_from(Invoice)) == 1
    assert db.session.scalars(select(CheckoutAttempt.state)).all() == [AttemptState.COMPLETED]


def test_a_declined_card_leaves_the_page_open_and_nothing_here(world: World) -> None:
    buyer = world.buyer()
    answer = buyer.order()
    page = buyer.pay(answer, DECLINED)
    assert page.status == 422
    world.deliver()
    assert not opens(buyer.reader_id)
    assert world.mails() == []
    assert buyer.pay(answer).status == 303
