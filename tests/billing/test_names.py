"""An order asks for the name and the company that an account does not know yet, kindly, and once."""

import pytest

from portal.accounts.acquaintance import known_of
from portal.db import AnySession
from tests.billing.world import World


def called(session: AnySession, reader_id: int) -> tuple[str, str]:
    """Name and company of this account, now."""
    session.rollback()
    known = known_of(session, reader_id)
    return known["name"], known["company"]


def test_an_order_asks_a_firm_kindly_for_a_name_and_then_never_again(world: World, session: AnySession) -> None:
    buyer = world.buyer()
    summary = "/billing/checkout?price=health-month-eur&as=firm"
    assert 'name="name"' in buyer.client.get(summary).text
    buyer.order(name="Camille Orvault")
    assert called(session, buyer.reader_id) == ("Camille Orvault", "Clinique des Tilleuls")
    assert 'name="name"' not in buyer.client.get(summary).text


def test_an_order_without_a_name_is_an_order(world: World, session: AnySession) -> None:
    buyer = world.buyer()
    assert buyer.order().status_code == 303
    assert called(session, buyer.reader_id) == ("", "Clinique des Tilleuls")


def test_whoever_buys_in_their_own_name_has_told_it(world: World, session: AnySession) -> None:
    buyer = world.buyer()
    buyer.order(kind="person", name="Camille Orvault", company="")
    assert called(session, buyer.reader_id) == ("Camille Orvault", "")


@pytest.mark.parametrize("field", ["company", "name", "street", "postal_code", "city", "purchase_reference"])
def test_nothing_that_an_invoice_shows_breaks_or_turns_its_line(world: World, field: str) -> None:
    buyer, kind = world.buyer(), "person" if field == "name" else "firm"
    for text in ("Clin\0ique", "Clinique\r\nX", "\u202eeuqinilC", "Clinique\u2028X"):
        answer = buyer.order(kind=kind, **{field: text})
        assert answer.status_code == 422 and f'id="{field}-error"' in answer.text, text
    assert buyer.order(kind=kind, **{field: " \u200b2\u200d "}).status_code == 303
