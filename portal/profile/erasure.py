"""Erasing an account: everything personal goes in one transaction; what the law or fairness keeps has no name any more.

What stays: the reader's row under a number, with its rights and seats as they were (history of decisions), invoices
of its organisations, the audit without personal values, and the trial ledger's keyed hash of the address.
"""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update

from portal import audit, clock
from portal.access import grants, ledger
from portal.access.models import AwaitedRight, Grant
from portal.access.vocabulary import Source
from portal.accounts import mails
from portal.accounts.identity import email_key
from portal.accounts.models import (
    AccountToken,
    AddressProof,
    PendingRegistration,
    Reader,
    ReaderSession,
    SecondAddress,
)
from portal.accounts.models_security import AddressChange, DataExport, RecoveryCode, SecondFactor, SignInCode
from portal.billing.mirror import LIVE
from portal.billing.models import AttemptState, CheckoutAttempt, Subscription
from portal.billing.models_invoiced import InvoiceOrder, OrderState
from portal.db import AnySession
from portal.newsletters.models import NewsletterChoice
from portal.organisations import leaving
from portal.organisations.models import Organisation
from portal.profile import traces
from portal.reading.models import Reading, SavedArticle
from portal.roles import is_staff
from portal.trials.models import TrialRequest

_REASON = "Account erased"
_OWN: tuple[type[Any], ...] = (
    *(ReaderSession, AccountToken, SecondFactor, RecoveryCode, SecondAddress, AddressProof, SignInCode),
    *(AddressChange, DataExport, NewsletterChoice, SavedArticle, Reading),
)
_TYPED: tuple[type[Any], ...] = (PendingRegistration, SecondAddress, AddressProof, SignInCode, AddressChange)


class EraseRefused(ValueError):
    """The account is not erased now; the cause says why: what hindrance() says."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def hindrance(session: AnySession, reader: Reader) -> str:
    """Why this account cannot be erased now; empty when nothing hinders it.

    staff: an administrator takes the role first · suspended: a person must look at it · organisation: others read by
    it, or it has a contract, and nobody else manages it · subscription: it would be paid on · payment: one is being
    made.
    """
    if is_staff(reader.role):
        return "staff"
    if reader.suspended_at is not None:
        return "suspended"
    mine = [one for one in leaving.of(session, reader.id) if leaving.manages_alone(session, one.id, reader.id)]
    causes = [cause for one in mine if (cause := _left_behind(session, one, reader.id))]
    return min(causes, key=("organisation", "subscription", "payment").index, default="")


def _left_behind(session: AnySession, one: Organisation, reader_id: int) -> str:
    """What would be left with nobody to look after it."""
    if leaving.others_sit(session, one.id, reader_id) or _has_contract(session, one.id):
        return "organisation"
    live = (Subscription.organisation_id == one.id, Subscription.status.in_(LIVE))
    # One that was cancelled and runs out is no reason to keep anybody for a year.
    if session.scalar(select(Subscription.id).where(*live, Subscription.ending_at.is_(None)).limit(1)):
        return "subscription"
    return "payment" if _is_paying(session, one.id) else ""


def _has_contract(session: AnySession, organisation_id: int) -> bool:
    """Rights given to the organisation by agreement, without a subscription at Stripe."""
    given = (Grant.organisation_id == organisation_id, Grant.source == Source.ADMIN, Grant.revoked_at.is_(None))
    return session.scalar(select(Grant.id).where(*given, Grant.ends_at > clock.now()).limit(1)) is not None


def _is_paying(session: AnySession, organisation_id: int) -> bool:
    now = clock.now()
    begun = (CheckoutAttempt.organisation_id == organisation_id, CheckoutAttempt.state == AttemptState.OPEN)
    awaited = (AwaitedRight.organisation_id == organisation_id, AwaitedRight.settled_at.is_(None))
    ordered = (InvoiceOrder.organisation_id == organisation_id, InvoiceOrder.state == OrderState.OPEN)
    found = (
        session.scalar(select(InvoiceOrder.id).where(*ordered, InvoiceOrder.opened_at.is_(None)).limit(1)),
        session.scalar(select(CheckoutAttempt.id).where(*begun, CheckoutAttempt.expires_at > now).limit(1)),
        session.scalar(select(AwaitedRight.id).where(*awaited, AwaitedRight.until > now).limit(1)),
    )
    return any(found)


def erase(session: AnySession, reader: Reader, *, actor_id: int | None) -> None:
    """Erase the account, and write its last mail. Raises EraseRefused; erased already, nothing happens.

    `actor_id` is the reader themselves, or None for the house (nobody has used the account for years).
    """
    # Not against foreign keys: whoever opens a seat holds its organisation and then needs the reader to be there.
    reader = session.get_one(Reader, reader.id, with_for_update={"key_share": True}, populate_existing=True)
    if reader.erased_at is not None:
        return
    organisations = leaving.of(session, reader.id, hold=True)
    if (cause := hindrance(session, reader)) and (actor_id is not None or cause != "suspended"):
        raise EraseRefused(cause)
    addresses, locale = traces.addresses_of(session, reader), reader.locale or "fr"
    placeholder = f"erased-{reader.id}@erased.invalid"
    for one in organisations:
        leaving.leave(session, one, reader.id, actor_id=actor_id)
    leaving.forget_identity(session, reader.id, organisations, addresses)
    leaving.withdraw_invitations(session, addresses, placeholder)
    leaving.withdraw_wishes(session, reader.id, addresses, placeholder)
    _end_rights(session, reader, actor_id)
    _delete_rows(session, reader.id, addresses)
    traces.forget(session, reader.id, addresses, placeholder)
    person = reader.person_key
    _empty(reader, placeholder)
    session.flush()
    ledger.forget(session, person)
    audit.record(session, "account.erased", actor_id=actor_id, target=("reader", reader.id))
    mails.account_erased(session, addresses[0], locale)
    session.flush()


def _end_rights(session: AnySession, reader: Reader, actor_id: int | None) -> None:
    """Open rights end now, each by an act; the ledger knows the person by their present address, too."""
    now = clock.now()
    mine = select(Grant).where(Grant.reader_id == reader.id).order_by(Grant.id).with_for_update()
    for grant in session.scalars(mine.execution_options(populate_existing=True)).all():
        if grant.source is Source.TRIAL and not ledger.has_tried(session, reader.person_key, grant.vertical_id):
            ledger.write(session, reader.person_key, grant.vertical_id, grant.starts_at)
        if grant.revoked_at is None and (grant.grace_until or grant.ends_at) > now:
            grants.revoke(session, grant, reason=_REASON, actor_id=actor_id)
        if grant.reason:
            grant.reason = _REASON
    for request in session.scalars(select(TrialRequest).where(TrialRequest.reader_id == reader.id)):
        request.message = request.reply = ""
        request.answered_at = request.answered_at or now
    session.flush()


def _delete_rows(session: AnySession, reader_id: int, addresses: Sequence[str]) -> None:
    keys = {email_key(address) for address in addresses}
    for table in _OWN:
        session.execute(delete(table).where(table.reader_id == reader_id))
    for table in _TYPED:
        session.execute(delete(table).where(table.email_key.in_(keys)))
    looking = update(ReaderSession).where(ReaderSession.viewing_as_id == reader_id)
    session.execute(looking.values(viewing_as_id=None))


def _empty(reader: Reader, placeholder: str) -> None:
    """A number without a person. The ledger keeps its own hash of the address; this row needs none.

    Not confirmed any more: no reminder is written to what is no address.
    """
    reader.email = reader.email_key = placeholder
    reader.person_key, reader.company_key = secrets.token_bytes(32), None
    reader.name = reader.company = ""
    reader.password_hash = reader.locale = reader.theme = reader.suspended_reason = reader.origin = None
    reader.marketing_consent_at = reader.last_seen_at = reader.confirmed_at = None
    reader.erased_at = clock.now()


def tidy(session: AnySession) -> int:
    """The worker's look: readings noted in the last second of an account, and last mails that have left."""
    erased = select(Reader.id).where(Reader.erased_at.is_not(None))
    late = session.execute(delete(Reading).where(Reading.reader_id.in_(erased)))
    return int(late.rowcount) + traces.forget_last_mails(session)  # type: ignore[attr-defined]
