"""A disputed payment where the setting closes what it paid for: closed while open, told in words, won restores."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.access import replay
from portal.access.models import Grant
from portal.access.vocabulary import EndCause, GrantState
from portal.billing.gateway import KEY
from portal.billing.models_disputes import Dispute
from portal.db import db, end_reading
from portal.organisations.models import Organisation
from portal.roles import Role
from tests.billing.test_buying import opens
from tests.billing.world import Buyer, World, connect
from tests.builders import a_reader, an_article
from tests.forms import submit
from tests.sandbox.shop import words


@pytest.fixture
def strict(world: World) -> World:
    """A house that closes what is disputed."""
    world.gateway = world.app.extensions[KEY] = connect(world.app, world.sandbox.url, suspend_disputed=True)
    return world


def disputed(world: World, buyer: Buyer) -> str:
    """Subscribe, and dispute the payment half an hour later; returns the subscription's id."""
    buyer.subscribe()
    world.deliver()
    known = world.subscription().stripe_id
    world.sandbox.control("dispute", subject=known)
    world.deliver()
    return known


def opens_at(reader_id: int, at: datetime) -> bool:
    """Whether history says that this reader could read at that instant."""
    end_reading()
    known = replay.reader_at(db.session, reader_id, at)
    assert known is not None
    return any(grant.reaches(at) and grant.state(at) is GrantState.ACTIVE for grant in known.grants)


def cause() -> EndCause | None:
    end_reading()
    return db.session.scalars(select(Grant.end_cause)).one()


def test_by_default_a_dispute_closes_nothing(world: World) -> None:
    buyer = world.buyer()
    disputed(world, buyer)
    assert opens(buyer.reader_id) and db.session.scalars(select(Dispute)).all() == []


def test_it_closes_while_it_is_open_and_says_why_everywhere(strict: World) -> None:
    buyer = strict.buyer()
    article = an_article()
    disputed(strict, buyer)
    assert not opens(buyer.reader_id) and cause() is EndCause.DISPUTED
    buyer.client.set_cookie("locale", "en")
    with strict.later(minutes=5):
        page = words(buyer.client.get(f"/health/article/{article.slug}").text)
        assert "A disputed payment keeps mind Health closed" in page and "Write to us" in page
        text = words(buyer.billing())
        assert "mind Health is closed until the dispute about a payment is settled." in text
        assert "renewed on" not in text and "Cancel the subscription" in text
        answer = buyer.client.get("/billing/change?vertical=media")
        assert (answer.status_code, answer.location) == (303, "/billing/"), "nothing more is sold that stays shut"
        why = words(buyer.client.get(f"/help/why?article={article.slug}").text)
        assert "Beginning only: closed while a payment is disputed" in why


def test_won_restores_without_a_gap_in_what_comes_after(strict: World) -> None:
    buyer = strict.buyer()
    known = disputed(strict, buyer)
    before = strict.subscription().renews_at
    strict.sandbox.control("dispute-closed", subject=known, outcome="won")
    strict.deliver()
    assert opens(buyer.reader_id) and cause() is None
    assert strict.subscription().renews_at == before
    assert "renewed on" in words(buyer.client.get("/billing/", headers={"Accept-Language": "en"}).text)


def test_lost_stays_closed_until_the_buyer_pays_again(strict: World) -> None:
    buyer = strict.buyer()
    known = disputed(strict, buyer)
    strict.sandbox.control("dispute-closed", subject=known, outcome="lost")
    strict.deliver()
    assert not opens(buyer.reader_id) and cause() is EndCause.DISPUTED
    with strict.later(days=32):
        strict.deliver()
        buyer.sign_in()
        assert opens(buyer.reader_id), "the renewal was paid"


def test_staff_open_it_again_whatever_the_bank_says(strict: World) -> None:
    buyer = strict.buyer()
    disputed(strict, buyer)
    end_reading()
    organisation_id = db.session.scalar(select(Organisation.id))
    dispute_id = db.session.scalar(select(Dispute.id))
    path, act = f"/admin/organisations/{organisation_id}", f"/admin/billing/disputes/{dispute_id}/release"
    auditor = strict.buyer(a_reader(role=Role.AUDITOR)).client
    assert act not in auditor.get(path).text and "Paiements contestés" in auditor.get(path).text
    desk = strict.buyer(a_reader(role=Role.SUPPORT)).client
    assert act in desk.get(path).text
    for _again in range(2):
        assert submit(desk, act, page=path).status_code == 303
    assert opens(buyer.reader_id) and act not in desk.get(path).text
    strict.sandbox.control("dispute-closed", subject=strict.subscription().stripe_id, outcome="lost")
    strict.deliver()
    assert opens(buyer.reader_id), "what staff decided stays decided"


def test_a_dispute_of_somebody_else_closes_nothing(strict: World) -> None:
    first, second = strict.buyer(), strict.buyer()
    disputed(strict, first)
    second.subscribe("media-month-eur")
    strict.deliver()
    assert not opens(first.reader_id) and opens(second.reader_id, "media")


def test_history_remembers_when_it_was_open_and_when_it_was_not(strict: World) -> None:
    buyer = strict.buyer()
    with strict.later(hours=2):
        known = disputed(strict, buyer)
        shut = clock.now()
    with strict.later(days=3):
        strict.sandbox.control("dispute-closed", subject=known, outcome="won")
        strict.deliver()
        assert not opens_at(buyer.reader_id, shut + timedelta(hours=1))
        assert opens_at(buyer.reader_id, clock.now())


def test_switching_the_setting_off_opens_everything_at_the_next_look(strict: World) -> None:
    buyer = strict.buyer()
    known = disputed(strict, buyer)
    strict.gateway = strict.app.extensions[KEY] = connect(strict.app, strict.sandbox.url)
    strict.stripe.v1.subscriptions.update(known, {"metadata": {"seen": "again"}})
    strict.deliver()
    assert opens(buyer.reader_id)
