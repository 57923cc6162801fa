"""What is written about a person in words: mails, questions to the house, personal values of the audit."""

import json
import re
from collections.abc import Sequence

from markupsafe import escape
from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.accounts import readers, second_address
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.audit import AuditEvent, AuditPersonal
from portal.billing.models_invoiced import WrittenQuote
from portal.db import AnySession
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryState
from portal.organisations.models import Invitation
from portal.outbox import Mail

WORDS = "(erased)"
LAST_MAIL = "account_erased"


def addresses_of(session: AnySession, reader: Reader) -> list[str]:
    """The reader's address, those they have proved, and those they had before; but no other account's own."""
    proved = [one.email for one in second_address.proved(session, reader.id)]
    moved = select(AuditPersonal.values).join(AuditEvent, AuditEvent.id == AuditPersonal.event_id)
    moved = moved.where(AuditPersonal.reader_id == reader.id, AuditEvent.act == "account.address-changed")
    before = [str(values["before"]) for values in session.scalars(moved) if "before" in values]
    others = [one for one in dict.fromkeys([*proved, *before]) if readers.by_address(session, one) is None]
    return [reader.email, *others]


def forget(session: AnySession, reader_id: int, addresses: Sequence[str], placeholder: str) -> None:
    """Take the person out of everything written; rows stay where something counts them."""
    for address in addresses:
        _forget_address(session, reader_id, address, email_key(address), placeholder)
    _forget_inviter(session, reader_id)
    session.flush()


def _forget_inviter(session: AnySession, reader_id: int) -> None:
    """The mails of invitations this person has sent keep their link, and lose the name of who invites."""
    name = session.scalar(select(Reader.name).where(Reader.id == reader_id))
    sent = session.scalars(select(Invitation.id).where(Invitation.invited_by == reader_id)).all()
    for one in sent if name else ():
        for mail in session.scalars(select(Mail).where(Mail.key.startswith(f"invitation:{one}:"))):
            mail.subject, mail.text = (part.replace(str(name), WORDS) for part in (mail.subject, mail.text))
            mail.html = mail.html.replace(str(escape(name)), WORDS)


def _forget_address(session: AnySession, reader_id: int, address: str, key: str, placeholder: str) -> None:
    enquiries = _enquiries(session, reader_id, address, key)
    for one in enquiries:
        _empty_enquiry(session, one, placeholder)
    for quote in session.scalars(select(WrittenQuote).where(_is(WrittenQuote.email, address, key))):
        quote.recipient, quote.email, quote.note = "", placeholder, ""
    own = or_(Mail.reader_id == reader_id, _is(Mail.to_address, address, key))
    for mail in session.scalars(select(Mail).where(own)):
        mail.to_address = placeholder
        _empty_mail(mail)
    _empty_copies(session, enquiries)
    _replace_in_others(session, address, key, placeholder)
    _forget_audit(session, reader_id, address)


def _is(column: InstrumentedAttribute[str], address: str, key: str) -> ColumnElement[bool]:
    return or_(column == address, func.lower(column).in_({key, address.lower()}))


def _enquiries(session: AnySession, reader_id: int, address: str, key: str) -> Sequence[Enquiry]:
    theirs = or_(Enquiry.reader_id == reader_id, _is(Enquiry.email, address, key))
    return session.scalars(select(Enquiry).where(theirs).order_by(Enquiry.id)).all()


def _empty_enquiry(session: AnySession, one: Enquiry, placeholder: str) -> None:
    """One that waits is closed: there is nobody left to answer."""
    if one.state is EnquiryState.OPEN:
        asking.close(session, one, None)
    one.name, one.email, one.message = WORDS, placeholder, WORDS
    one.company = one.phone = one.subject = ""
    one.facts, one.answer = {}, WORDS if one.answer else ""


def _empty_copies(session: AnySession, enquiries: Sequence[Enquiry]) -> None:
    """The house was told each question in full."""
    keys = [f"enquiry_{kind}:{one.id}" for one in enquiries for kind in ("for_staff", "received", "answered")]
    for mail in session.scalars(select(Mail).where(Mail.key.in_(keys))):
        _empty_mail(mail)


def _empty_mail(mail: Mail) -> None:
    """What has not left yet never leaves."""
    if mail.closed_at is None:
        mail.closed_at, mail.outcome = clock.now(), "erased"
    mail.subject = mail.text = mail.html = WORDS
    mail.headers, mail.facts, mail.error = {}, {}, ""


def _replace_in_others(session: AnySession, address: str, key: str, placeholder: str) -> None:
    """Mails to other people keep their words, but for the address."""
    spelled = {one for text in (address, key) for one in (text, str(escape(text)))}
    any_case = re.compile("|".join(map(re.escape, sorted(spelled))), re.IGNORECASE)
    parts = (Mail.subject, Mail.text, Mail.html)
    found = or_(*(part.icontains(one, autoescape=True) for part in parts for one in spelled))
    for mail in session.scalars(select(Mail).where(found)):
        mail.subject = any_case.sub(placeholder, mail.subject)
        mail.text = any_case.sub(placeholder, mail.text)
        mail.html = any_case.sub(placeholder, mail.html)


def _forget_audit(session: AnySession, reader_id: int, address: str) -> None:
    """The reader's own personal values, and those of other acts that name the address; the events stay."""
    written = cast(AuditPersonal.values, Text)
    named = [written.contains(one, autoescape=True) for one in {address, json.dumps(address)[1:-1]}]
    mine = select(AuditEvent.id).where(AuditEvent.target_kind == "reader", AuditEvent.target_id == reader_id)
    which = or_(AuditPersonal.reader_id == reader_id, AuditPersonal.event_id.in_(mine), *named)
    session.execute(delete(AuditPersonal).where(which))


def forget_last_mails(session: AnySession) -> int:
    """The mail that tells of the erasure is all that holds the address: gone once it has left, or after a day."""
    over = or_(Mail.closed_at.is_not(None), Mail.expires_at <= clock.now())
    gone = session.execute(delete(Mail).where(Mail.kind == LAST_MAIL, over))
    return int(gone.rowcount)  # type: ignore[attr-defined]
