"""What else may happen in a story of money: payments disputed at a bank, colleagues on licences, bills by transfer.

Parts of the machine in test_machine.py, kept apart so that each can be read alone.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import stripe
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import select

from portal import clock
from portal.billing import disputing, sync
from portal.billing.models import Subscription
from portal.billing.models_disputes import Dispute
from portal.db import db, end_reading, writing
from portal.organisations import founding, invitations, removing, seats
from portal.organisations.models import Invitation
from tests.billing.world import Buyer, World
from tests.builders import a_reader
from tests.profile.inviting import invite
from tests.sandbox.shop import everything

DECIDED_WITHIN = timedelta(days=75)
COLLEAGUE = "collegue@example.org"


class Disputes:
    """Payments that the buyer's bank takes back, for a while or for good."""

    world: World
    disputed: bool
    released: set[str]

    @rule()
    def a_payment_is_disputed(self) -> None:
        for one in everything(self.world.sandbox.url, "/v1/charges"):
            if one["paid"] and not one["refunded"] and not one["disputed"]:
                self.world.sandbox.control("dispute", subject=one["id"])
                self.disputed = True
                return

    @rule(outcome=st.sampled_from(["won", "lost"]))
    def the_bank_decides(self, outcome: str) -> None:
        for one in self._open_disputes():
            self.world.sandbox.control("dispute-closed", subject=one["id"], outcome=outcome)

    @rule()
    def staff_open_what_a_dispute_closes(self) -> None:
        """As on the organisation's page: their word is kept, then the subscription is read again."""
        end_reading()
        found = db.session.execute(
            select(Dispute.id, Dispute.stripe_id, Subscription.stripe_id)
            .join(Subscription, Subscription.id == Dispute.subscription_id)
            .where(Dispute.released_at.is_(None))
        ).all()
        end_reading()
        for dispute_id, stripe_id, subscription_id in found:
            with writing() as unit:
                disputing.release(unit, unit.get_one(Dispute, dispute_id), actor_id=None)
            self.released.add(stripe_id)
            sync.subscription(db.session, self.world.gateway, subscription_id)

    def banks_have_decided(self) -> None:
        """No bank takes longer: what is still open by then is lost."""
        latest = (clock.now() - DECIDED_WITHIN).timestamp()
        for one in self._open_disputes():
            if one["created"] < latest:
                self.world.sandbox.control("dispute-closed", subject=one["id"], outcome="lost")

    def _open_disputes(self) -> list[dict[str, Any]]:
        found = everything(self.world.sandbox.url, "/v1/disputes") if self.disputed else ()
        return [one for one in found if one["status"] == "needs_response"]


class Team:
    """One colleague, who is invited, sits down when a licence is free, and is taken off again."""

    buyer: Buyer
    colleague_id: int | None
    seated: bool

    @rule()
    def the_manager_invites(self) -> None:
        organisation = founding.managed_by(db.session, self.buyer.reader_id)
        end_reading()
        if organisation is None:
            return
        self.buyer.sign_in()
        if self.buyer.client.get(f"/organisation/{organisation.id}/").status_code == 200:
            assert invite(self.buyer.client, organisation, COLLEAGUE).status_code in (200, 303)

    @rule()
    def the_colleague_accepts(self) -> None:
        end_reading()
        waiting = db.session.scalars(select(Invitation.id).order_by(Invitation.id.desc())).first()
        end_reading()
        if waiting is None:
            return
        self.colleague_id = self.colleague_id or a_reader(COLLEAGUE).id
        with suppress(invitations.NotInvited, seats.NoSeatLeft), writing() as unit:
            invitations.accept(unit, waiting, self.colleague_id)
            self.seated = True

    @precondition(lambda self: self.seated)
    @rule()
    def the_colleague_is_taken_off(self) -> None:
        organisation = founding.managed_by(db.session, self.buyer.reader_id)
        assert organisation is not None and self.colleague_id
        organisation_id = organisation.id
        end_reading()
        with writing() as unit:
            seat = seats.seat_of(unit, organisation_id, self.colleague_id)
            assert seat is not None and removing.remove(unit, seat, actor_id=self.buyer.reader_id)
        self.seated = False


class Transfers:
    """A subscription that is moved to invoices, in the Dashboard, and invoices that are paid by transfer."""

    world: World

    @rule(data=st.data(), days=st.sampled_from([0, 7, 30]))
    def invoices_are_sent_from_now_on(self, data: st.DataObject, days: int) -> None:
        for known in self._live(data):  # type: ignore[attr-defined]
            wish: Any = {"collection_method": "send_invoice", "days_until_due": days}
            self._changes(known, wish)  # type: ignore[attr-defined]

    @rule(data=st.data())
    def the_card_is_charged_again(self, data: st.DataObject) -> None:
        for known in self._live(data):  # type: ignore[attr-defined]
            self._changes(known, {"collection_method": "charge_automatically"})  # type: ignore[attr-defined]

    @rule()
    def a_transfer_arrives(self) -> None:
        for one in everything(self.world.sandbox.url, "/v1/invoices", status="open"):
            with suppress(stripe.InvalidRequestError):
                self.world.stripe.v1.invoices.pay(one["id"], {"paid_out_of_band": True})
            return
