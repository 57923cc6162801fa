"""Taking a colleague off a licence, and giving the place to another: at once, or once staff agree to one more."""

from sqlalchemy import func, select

from portal import audit, clock
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import invitations, inviting, mails, replacing, seats
from portal.organisations.inviting import Inviter
from portal.organisations.models import Organisation, Seat
from portal.organisations.models_team import Answer, ReplacementRequest


class CannotReplace(ValueError):
    """The place cannot be given to this address; the code says why: member, waiting, over (nobody sits there)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Answered(Exception):
    """Somebody has answered this request in the meantime."""


def remove(session: AnySession, seat: Seat, *, actor_id: int | None) -> bool:
    """Take whoever sits there off the licence, now, and tell them; False when nobody sits there any more."""
    seats.hold(session, seat.organisation_id)
    session.refresh(seat)
    if seat.closed_at is not None:
        return False
    seats.close_seat(session, seat, replacing.REMOVED, actor_id=actor_id)
    if seat.reader_id != actor_id:
        mails.seat_removed(session, seat)
    return True


def replace(session: AnySession, by: Inviter, seat: Seat, address: str) -> ReplacementRequest | None:
    """Take one person off and invite another; None when that is done, the request when staff are to agree first.

    Raises CannotReplace.
    """
    organisation = seats.hold(session, by.organisation.id)
    check(session, seat, address)
    if replacing.allowance(session, organisation).left == 0:
        return _asked(session, by, seat, address)
    _replaced(session, by, seat, address, actor_id=by.reader_id)
    return None


def check(session: AnySession, seat: Seat, address: str) -> None:
    """Raise CannotReplace when nobody sits there any more, or the address has a licence or an invitation already."""
    session.refresh(seat)
    if seat.closed_at is not None:
        raise CannotReplace("over")
    sits = select(Seat.id).join(Reader, Reader.id == Seat.reader_id)
    here = (Seat.organisation_id == seat.organisation_id, Seat.closed_at.is_(None))
    if session.scalar(sits.where(*here, Reader.email_key == email_key(address))):
        raise CannotReplace("member")
    if invitations.waiting_for(session, seat.organisation_id, address):
        raise CannotReplace("waiting")


def _replaced(session: AnySession, by: Inviter, seat: Seat, address: str, *, actor_id: int) -> None:
    remove(session, seat, actor_id=actor_id)
    offered = invitations.invite(session, by.organisation.id, address, actor_id=by.reader_id)
    inviting.send(session, by, offered)
    values = {"reader_id": seat.reader_id, "invitation_id": offered.id}
    audit.record(
        session, "seat.replaced", actor_id=actor_id, target=("organisation", by.organisation.id), values=values
    )


def _asked(session: AnySession, by: Inviter, seat: Seat, address: str) -> ReplacementRequest:
    """One request waits for a seat; asked again, with the address that was meant."""
    asked = _waiting(session, seat.id)
    if asked is None:
        asked = ReplacementRequest(organisation_id=by.organisation.id, seat_id=seat.id, asked_by=by.reader_id, reply="")
        session.add(asked)
    asked.email, asked.email_key, asked.created_at = address, email_key(address), clock.now()
    asked.asked_by = by.reader_id
    session.flush()
    _audit(session, "seat.replacement-asked", asked, by.reader_id)
    return asked


def _waiting(session: AnySession, seat_id: int) -> ReplacementRequest | None:
    statement = select(ReplacementRequest).where(
        ReplacementRequest.seat_id == seat_id, ReplacementRequest.answered_at.is_(None)
    )
    return session.scalars(statement).one_or_none()


def approve(session: AnySession, request_id: int, *, actor_id: int) -> None:
    """Agree to one replacement more, and make it; the managers are told. Raises Answered, CannotReplace."""
    asked = _held(session, request_id)
    seat, organisation = session.get_one(Seat, asked.seat_id), session.get_one(Organisation, asked.organisation_id)
    check(session, seat, asked.email)
    _answer(session, asked, Answer.APPROVED, "", actor_id)
    locale = session.get_one(Reader, asked.asked_by).locale or "fr"
    _replaced(session, Inviter(organisation, asked.asked_by, locale), seat, asked.email, actor_id=actor_id)
    mails.replacement_answered(session, asked)


def decline(session: AnySession, request_id: int, reply: str, *, actor_id: int) -> None:
    """Say no, with a sentence for the managers. Raises Answered."""
    asked = _held(session, request_id)
    _answer(session, asked, Answer.DECLINED, reply, actor_id)
    mails.replacement_answered(session, asked)


def _held(session: AnySession, request_id: int) -> ReplacementRequest:
    """The request, after its organisation: in the order in which everything that counts licences holds them."""
    seats.hold(session, session.get_one(ReplacementRequest, request_id).organisation_id)
    asked = session.get_one(ReplacementRequest, request_id, with_for_update=True, populate_existing=True)
    if asked.answered_at is not None:
        raise Answered
    return asked


def _answer(session: AnySession, asked: ReplacementRequest, answer: Answer, reply: str, actor_id: int) -> None:
    asked.answered_at, asked.answer, asked.reply, asked.answered_by = clock.now(), answer, reply, actor_id
    session.flush()
    act = "seat.replacement-approved" if answer is Answer.APPROVED else "seat.replacement-declined"
    _audit(session, act, asked, actor_id)


def _audit(session: AnySession, act: str, asked: ReplacementRequest, actor_id: int) -> None:
    seat = session.get_one(Seat, asked.seat_id)
    target, values = ("organisation", asked.organisation_id), {"reader_id": seat.reader_id, "request_id": asked.id}
    audit.record(session, act, actor_id=actor_id, target=target, values=values, personal={"email": asked.email})


WAITING = select(func.count(ReplacementRequest.id)).where(ReplacementRequest.answered_at.is_(None))
"""How many requests wait for staff."""
