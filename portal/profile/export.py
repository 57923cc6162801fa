"""Everything kept about a reader, room by room: what the copy they may ask for holds.

No hashes, tokens or secrets; nothing about other people; no reason that staff wrote for each other.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Executable, select

from portal.access.models import Grant, TrialLedger
from portal.accounts.models import Reader, ReaderSession, SecondAddress
from portal.accounts.models_security import AddressChange, SecondFactor
from portal.accounts.second_address import keys_of
from portal.audit import AuditEvent
from portal.billing.models import CheckoutAttempt, Invoice, Plan, Price, Subscription
from portal.billing.models_changing import SubscriptionChange
from portal.billing.models_invoiced import InvoiceOrder
from portal.billing.models_leaving import Cancellation, Withdrawal
from portal.content.models import Article
from portal.db import AnySession
from portal.enquiries.models import Enquiry
from portal.newsletters.models import Newsletter, NewsletterChoice
from portal.organisations.models import Invitation, Manager, Organisation, Seat
from portal.organisations.models_team import JoinRequest
from portal.outbox import Mail
from portal.reading.models import Reading, SavedArticle
from portal.trials.models import TrialRequest
from portal.verticals import Vertical

Row = dict[str, Any]

_IDENTITY = (
    *("email", "name", "company", "locale", "theme", "created_at", "confirmed_at", "suspended_at"),
    *("marketing_consent_at", "last_seen_at", "origin"),
)


def collect(session: AnySession, reader_id: int) -> dict[str, Row | list[Row]]:
    """{room: its one row, or its rows, oldest first}, as JSON values (instants in ISO 8601, amounts in cents)."""
    reader = session.get_one(Reader, reader_id)
    rooms: dict[str, Row | list[Row]] = {"identity": _plain({name: getattr(reader, name) for name in _IDENTITY})}
    for room, statement in _tables(reader_id).items():
        rooms[room] = [_plain(row) for row in session.execute(statement).mappings()]
    return rooms


def _plain(row: Mapping[Any, Any]) -> Row:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _tables(reader_id: int) -> Mapping[str, Executable]:
    return {
        **_account(reader_id),
        **_rights(reader_id),
        **_money(reader_id),
        **_asked_for(reader_id),
        **_use(reader_id),
    }


def _account(reader_id: int) -> Mapping[str, Executable]:
    signed = ReaderSession
    return {
        "sessions": select(
            signed.created_at, signed.last_seen_at, signed.expires_at, signed.ended_at, signed.end_cause, signed.device
        )
        .where(signed.reader_id == reader_id)
        .order_by(signed.id),
        "second_factor": select(SecondFactor.created_at).where(SecondFactor.reader_id == reader_id),
        "second_addresses": select(SecondAddress.email, SecondAddress.proved_at)
        .where(SecondAddress.reader_id == reader_id)
        .order_by(SecondAddress.id),
        "address_changes": select(
            AddressChange.email,
            AddressChange.created_at,
            AddressChange.left_at,
            AddressChange.taken_at,
            AddressChange.ended_at,
        )
        .where(AddressChange.reader_id == reader_id)
        .order_by(AddressChange.id),
        "security_events": select(AuditEvent.at, AuditEvent.act)
        .where(AuditEvent.target_kind == "reader", AuditEvent.target_id == reader_id)
        .order_by(AuditEvent.id),
    }


def _rights(reader_id: int) -> Mapping[str, Executable]:
    vertical, organisation = Vertical.name.label("vertical"), Organisation.name.label("organisation")
    ends = (Grant.starts_at, Grant.ends_at, Grant.grace_until, Grant.revoked_at, Grant.end_cause, Grant.created_at)
    tried = select(vertical, TrialLedger.tried_at, TrialLedger.forget_at).join_from(
        TrialLedger, Vertical, Vertical.id == TrialLedger.vertical_id
    )
    wish = TrialRequest
    asked = select(vertical, wish.kind, wish.created_at, wish.message, wish.answered_at, wish.answer, wish.reply)
    return {
        "rights": select(vertical, Grant.source, *ends)
        .join_from(Grant, Vertical, Vertical.id == Grant.vertical_id)
        .where(Grant.reader_id == reader_id)
        .order_by(Grant.id),
        "trials_used": tried.join(Reader, Reader.person_key == TrialLedger.person_key)
        .where(Reader.id == reader_id)
        .order_by(TrialLedger.id),
        "trial_requests": asked.join_from(TrialRequest, Vertical, Vertical.id == TrialRequest.vertical_id)
        .where(TrialRequest.reader_id == reader_id)
        .order_by(TrialRequest.id),
        "seats": select(organisation, Seat.opened_at, Seat.closed_at, Seat.close_cause)
        .join_from(Seat, Organisation, Organisation.id == Seat.organisation_id)
        .where(Seat.reader_id == reader_id)
        .order_by(Seat.id),
        "offices": select(organisation, Manager.role, Manager.since, Manager.ended_at)
        .join_from(Manager, Organisation, Organisation.id == Manager.organisation_id)
        .where(Manager.reader_id == reader_id)
        .order_by(Manager.id),
        "invitations": select(organisation, Invitation.email, Invitation.created_at, Invitation.accepted_at)
        .join_from(Invitation, Organisation, Organisation.id == Invitation.organisation_id)
        .where(Invitation.email_key.in_(keys_of(reader_id)))
        .order_by(Invitation.id),
        "licence_requests": select(organisation, JoinRequest.created_at, JoinRequest.answered_at, JoinRequest.answer)
        .join_from(JoinRequest, Organisation, Organisation.id == JoinRequest.organisation_id)
        .where(JoinRequest.reader_id == reader_id)
        .order_by(JoinRequest.id),
    }


def _money(reader_id: int) -> Mapping[str, Executable]:
    """Of the organisations the reader looks after now: what they see under “Billing”."""
    managed = select(Manager.organisation_id).where(Manager.reader_id == reader_id, Manager.ended_at.is_(None))
    name, identity, bought = Organisation.name.label("organisation"), Organisation, CheckoutAttempt
    place = (identity.street, identity.postal_code, identity.city, identity.country, identity.purchase_reference)
    paid, owed, placed = Subscription, Invoice, InvoiceOrder
    return {
        "organisations": select(identity.name, identity.kind, identity.seats, identity.siren, identity.vat_number)
        .add_columns(identity.billing_email, *place)
        .where(identity.id.in_(managed))
        .order_by(identity.id),
        "purchases": select(Plan.name.label("plan"), Price.interval, bought.quantity, bought.state, bought.created_at)
        .add_columns(bought.terms_version, bought.terms_accepted_at, bought.immediate_start, bought.promotion_code)
        .join_from(bought, Price, Price.id == bought.price_id)
        .join(Plan, Plan.id == Price.plan_id)
        .where(bought.reader_id == reader_id)
        .order_by(bought.id),
        "orders": select(name, placed.accepted_at, placed.terms_version, placed.purchase_reference, placed.service_code)
        .add_columns(placed.commitment_number, placed.state)
        .join_from(placed, identity, identity.id == placed.organisation_id)
        .where(placed.accepted_by == reader_id)
        .order_by(placed.id),
        "subscriptions": select(name, paid.status, paid.quantity, paid.currency, paid.started_at, paid.renews_at)
        .add_columns(paid.ending_at, paid.ended_at, paid.card_brand, paid.card_last4)
        .join_from(paid, identity, identity.id == paid.organisation_id)
        .where(paid.organisation_id.in_(managed))
        .order_by(paid.id),
        "invoices": select(name, owed.number, owed.status, owed.currency, owed.subtotal, owed.tax, owed.total)
        .add_columns(owed.discount, owed.amount_paid, owed.amount_due, owed.created_at, owed.due_at, owed.paid_at)
        .join_from(owed, identity, identity.id == owed.organisation_id)
        .where(owed.organisation_id.in_(managed), owed.status != "draft")
        .order_by(owed.id),
    }


def _asked_for(reader_id: int) -> Mapping[str, Executable]:
    """What the reader agreed to or asked for about subscriptions: changes, ends, first orders given back."""
    name, end, back, change = Organisation.name.label("organisation"), Cancellation, Withdrawal, SubscriptionChange
    return {
        "changes": select(name, change.state, change.due, change.created_at, change.closed_at)
        .join_from(change, Subscription, Subscription.id == change.subscription_id)
        .join(Organisation, Organisation.id == Subscription.organisation_id)
        .where(change.reader_id == reader_id)
        .order_by(change.id),
        "cancellations": select(name, end.by_link, end.reason, end.asked_at, end.done_at, end.withdrawn_at)
        .join_from(end, Organisation, Organisation.id == end.organisation_id)
        .where(end.asked_by == reader_id)
        .order_by(end.id),
        "withdrawals": select(name, back.by_law, back.pro_rata, back.amount, back.currency, back.asked_at)
        .add_columns(back.ended_at, back.done_at)
        .join_from(back, Organisation, Organisation.id == back.organisation_id)
        .where(back.asked_by == reader_id)
        .order_by(back.id),
    }


def _use(reader_id: int) -> Mapping[str, Executable]:
    title, letter = Article.title.label("article"), Newsletter.name.label("newsletter")
    asked = Enquiry
    return {
        "reading_log": select(title, Reading.day, Reading.first_at, Reading.times)
        .join_from(Reading, Article, Article.id == Reading.article_id, isouter=True)
        .where(Reading.reader_id == reader_id)
        .order_by(Reading.first_at, Reading.article_id),
        "saved_articles": select(title, SavedArticle.saved_at)
        .join_from(SavedArticle, Article, Article.id == SavedArticle.article_id, isouter=True)
        .where(SavedArticle.reader_id == reader_id)
        .order_by(SavedArticle.saved_at, SavedArticle.article_id),
        "newsletters": select(letter, NewsletterChoice.wanted, NewsletterChoice.changed_at)
        .join_from(NewsletterChoice, Newsletter, Newsletter.id == NewsletterChoice.newsletter_id)
        .where(NewsletterChoice.reader_id == reader_id)
        .order_by(Newsletter.id),
        "enquiries": select(asked.kind, asked.state, asked.name, asked.email, asked.company, asked.phone)
        .add_columns(asked.subject, asked.message, asked.created_at, asked.answer, asked.answered_at)
        .where(asked.reader_id == reader_id)
        .order_by(asked.id),
        "mails": select(Mail.created_at, Mail.subject).where(Mail.reader_id == reader_id).order_by(Mail.id),
    }
