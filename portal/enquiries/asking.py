"""Putting a question to the house and answering it: one row, one audit event and one mail an act."""

from typing import Any

from sqlalchemy import select

from portal import audit, clock
from portal.accounts.identity import checked_address
from portal.db import AnySession
from portal.enquiries import mails
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState


class EnquiryError(ValueError):
    """The enquiry cannot be settled so; the code says why: empty, answered, closed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def ask(
    session: AnySession,
    *,
    kind: EnquiryKind,
    name: str,
    email: str,
    message: str,
    subject: str = "",
    company: str = "",
    phone: str = "",
    reader_id: int | None = None,
    article_id: int | None = None,
    facts: dict[str, Any] | None = None,
    locale: str,
    answered_elsewhere: bool = False,
) -> Enquiry:
    """Keep a question; tell its sender that it has arrived, and the house that it waits.

    `facts` (JSON values) may hold `verticals` (slugs), `seats` (a number), `siren`, `start` (a day, YYYY-MM-DD) and
    `explanation`, a list of [term, value] pairs already in words. `answered_elsewhere`: the caller writes to its sender
    and has looked at the address. Raises AddressError for a stranger's bad address.
    """
    enquiry = Enquiry(
        kind=kind,
        state=EnquiryState.OPEN,
        name=name,
        email=email if reader_id is not None or answered_elsewhere else checked_address(email),
        message=message,
        subject=subject,
        company=company,
        phone=phone,
        reader_id=reader_id,
        article_id=article_id,
        facts=facts or {},
        locale=locale,
        created_at=clock.now(),
        answer="",
    )
    session.add(enquiry)
    session.flush()
    _note(session, "enquiry.received", enquiry, reader_id)
    if not answered_elsewhere:
        mails.received(session, enquiry)
    mails.for_staff(session, enquiry)
    return enquiry


def answer(session: AnySession, enquiry: Enquiry, text: str, actor_id: int) -> Enquiry:
    """Answer an open enquiry by mail. Raises EnquiryError for an empty text, and for one that is settled already."""
    if not text.strip():
        raise EnquiryError("empty")
    held = _still_open(session, enquiry)
    held.answer = text.strip()
    _settle(session, held, EnquiryState.ANSWERED, actor_id)
    mails.answered(session, held)
    return held


def answered_otherwise(session: AnySession, enquiry: Enquiry, text: str, actor_id: int) -> None:
    """Note that an open enquiry was answered by another mail (a quote, say); one that is settled stays as it is."""
    held = session.get_one(Enquiry, enquiry.id, with_for_update=True, populate_existing=True)
    if held.state is EnquiryState.OPEN:
        held.answer = text
        _settle(session, held, EnquiryState.ANSWERED, actor_id)


def close(session: AnySession, enquiry: Enquiry, actor_id: int | None) -> Enquiry:
    """Take an open enquiry from the queue without an answer; its sender is not written to. Raises EnquiryError."""
    held = _still_open(session, enquiry)
    _settle(session, held, EnquiryState.CLOSED, actor_id)
    return held


def _still_open(session: AnySession, enquiry: Enquiry) -> Enquiry:
    """The enquiry as it is now, held: of two members of staff answering at once the second is told."""
    statement = select(Enquiry).where(Enquiry.id == enquiry.id).with_for_update()
    held = session.scalars(statement.execution_options(populate_existing=True)).one()
    if held.state is not EnquiryState.OPEN:
        raise EnquiryError(held.state.value)
    return held


def _settle(session: AnySession, enquiry: Enquiry, state: EnquiryState, actor_id: int | None) -> None:
    """`answered_at` and `answered_by` tell when and by whom it left the queue, also without an answer."""
    enquiry.state, enquiry.answered_at, enquiry.answered_by = state, clock.now(), actor_id
    session.flush()
    _note(session, f"enquiry.{state.value}", enquiry, actor_id)


def _note(session: AnySession, act: str, enquiry: Enquiry, actor_id: int | None) -> None:
    about = {"kind": enquiry.kind.value}
    audit.record(session, act, actor_id=actor_id, target=("enquiry", enquiry.id), values=about)
