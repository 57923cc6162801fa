"""What becomes of seats, offices and organisations when a person's account is erased."""

from collections.abc import Sequence

from sqlalchemy import func, select, union

from portal import audit, clock
from portal.accounts.identity import email_key
from portal.db import AnySession
from portal.organisations import founding, seats
from portal.organisations.models import Invitation, Manager, Organisation, OrganisationKind, Seat
from portal.organisations.models_team import Answer, JoinRequest, MailDomain, ReplacementRequest

CAUSE = "erased"


def of(session: AnySession, reader_id: int, *, hold: bool = False) -> Sequence[Organisation]:
    """The organisations this reader sits in or looks after, in the order of their ids; locked when they are to hold."""
    seated = select(Seat.organisation_id).where(Seat.reader_id == reader_id, Seat.closed_at.is_(None))
    managed = select(Manager.organisation_id).where(Manager.reader_id == reader_id, Manager.ended_at.is_(None))
    statement = select(Organisation).where(Organisation.id.in_(union(seated, managed))).order_by(Organisation.id)
    if hold:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return session.scalars(statement).all()


def manages_alone(session: AnySession, organisation_id: int, reader_id: int) -> bool:
    """True when this reader looks after it and nobody else does."""
    return {one.reader_id for one in founding.managers_of(session, organisation_id)} == {reader_id}


def others_sit(session: AnySession, organisation_id: int, reader_id: int) -> bool:
    """True when somebody else holds one of its licences."""
    return any(one.reader_id != reader_id for one in seats.open_seats(session, organisation_id))


def leave(session: AnySession, organisation: Organisation, reader_id: int, *, actor_id: int | None) -> None:
    """Close the seat and end the office, the last one's too: whoever calls has asked whether anybody is left behind."""
    seat = seats.seat_of(session, organisation.id, reader_id)
    if seat is not None:
        seats.close_seat(session, seat, CAUSE, actor_id=actor_id)
    for office in founding.managers_of(session, organisation.id):
        if office.reader_id == reader_id:
            office.ended_at = clock.now()
            target, values = ("organisation", organisation.id), {"reader_id": reader_id}
            audit.record(session, "manager.removed", actor_id=actor_id, target=target, values=values)
    session.flush()


def forget_identity(
    session: AnySession, reader_id: int, left: Sequence[Organisation], addresses: Sequence[str]
) -> None:
    """What was this person's alone has no name any more; elsewhere, mail about money leaves their addresses.

    `left` are the organisations they have just left. The number stays: invoices are kept under it.
    """
    leaving_now = {one.id for one in left}
    for one in _ever_managed(session, reader_id):
        alone = one.id in leaving_now or one.kind is OrganisationKind.INDIVIDUAL
        if alone and not founding.managers_of(session, one.id) and not seats.open_seats(session, one.id):
            one.name = f"erased-{one.id}"
            one.billing_email = one.siren = one.vat_number = one.purchase_reference = ""
            one.street = one.postal_code = one.city = ""
            _forget_domains(session, one.id)
    of_address = func.lower(Organisation.billing_email).in_([address.lower() for address in addresses])
    for one in session.scalars(select(Organisation).where(of_address)):
        one.billing_email = ""
    session.flush()


def _forget_domains(session: AnySession, organisation_id: int) -> None:
    """A domain may be a person's name."""
    for one in session.scalars(select(MailDomain).where(MailDomain.organisation_id == organisation_id)):
        one.ended_at = one.ended_at or clock.now()
        one.domain = f"erased-{one.id}.invalid"


def _ever_managed(session: AnySession, reader_id: int) -> Sequence[Organisation]:
    managed = select(Manager.organisation_id).where(Manager.reader_id == reader_id)
    return session.scalars(select(Organisation).where(Organisation.id.in_(managed)).order_by(Organisation.id)).all()


def withdraw_invitations(session: AnySession, addresses: Sequence[str], placeholder: str) -> None:
    """Seats offered to these addresses wait no more, and the addresses are forgotten."""
    theirs = Invitation.email_key.in_([email_key(address) for address in addresses])
    for one in session.scalars(select(Invitation).where(theirs).order_by(Invitation.id)):
        if one.accepted_at is None and one.withdrawn_at is None:
            one.withdrawn_at = clock.now()
        one.email = one.email_key = placeholder
    session.flush()


def withdraw_wishes(session: AnySession, reader_id: int, addresses: Sequence[str], placeholder: str) -> None:
    """Licences asked for by this person, or asked for them beyond what their managers may give, wait no more."""
    for wish in session.scalars(select(JoinRequest).where(JoinRequest.reader_id == reader_id)):
        _end_wish(wish)
    theirs = ReplacementRequest.email_key.in_([email_key(address) for address in addresses])
    for asked in session.scalars(select(ReplacementRequest).where(theirs)):
        _end_wish(asked)
        asked.email = asked.email_key = placeholder
    session.flush()


def _end_wish(wish: JoinRequest | ReplacementRequest) -> None:
    if wish.answered_at is None:
        wish.answered_at, wish.answer = clock.now(), Answer.WITHDRAWN
