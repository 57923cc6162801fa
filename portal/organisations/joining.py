"""A reader whose address is on an organisation's mail domain asks for a licence; its managers answer.

A domain is an organisation's when one of its managers reads mail there (their own confirmed address, or another one
they have proved, is on it) and it is no provider's for everybody: ADR 25. It opens nothing by itself, and whoever asks
is told that the organisation subscribes, and of nobody in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from portal import audit, clock, throttle
from portal.accounts.identity import company_key, email_key, is_disposable, is_relay
from portal.accounts.models import Reader, SecondAddress
from portal.db import AnySession, refusing
from portal.organisations import invitations, mails, seats
from portal.organisations.models import Organisation, OrganisationKind, Seat
from portal.organisations.models_team import Answer, JoinRequest, MailDomain

AGAIN = timedelta(days=30)
A_MONTH = 5  # wishes of one reader, whatever becomes of them


class DomainRefused(ValueError):
    """The domain is not made the organisation's; the code says why: not-yours, everybodys, alone, taken, yours."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Taken(DomainRefused):
    """Another organisation was first."""

    def __init__(self) -> None:
        super().__init__("taken")


class NotOffered(Exception):
    """No organisation offers this reader to ask, or it was answered already."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An organisation a reader may ask for a licence; `asked_at` while their wish waits, `declined` for a month."""

    organisation_id: int
    name: str
    asked_at: datetime | None = None
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody who asks, as managers see them."""

    id: int
    name: str
    email: str
    created_at: datetime


def domain_of(address: str) -> str:
    """What stands behind the @, in lower case."""
    return email_key(address).rpartition("@")[2]


def own_domains(session: AnySession, reader_id: int) -> list[str]:
    """The domains this reader reads mail on and that are no provider's, their account's first."""
    reader = session.get_one(Reader, reader_id)
    addresses = [reader.email] if reader.confirmed_at is not None else []
    proved = select(SecondAddress.email).where(SecondAddress.reader_id == reader_id).order_by(SecondAddress.id)
    found = [one for one in (*addresses, *session.scalars(proved)) if _is_a_companys(one)]
    return list(dict.fromkeys(map(domain_of, found)))


def _is_a_companys(address: str) -> bool:
    domain = domain_of(address)
    return company_key(address) is not None and not is_relay(domain) and not is_disposable(domain)


def prove(session: AnySession, organisation_id: int, domain: str, *, actor_id: int) -> MailDomain:
    """Make a domain the organisation's on the word of a manager who reads mail there. Raises DomainRefused."""
    organisation = seats.hold(session, organisation_id)
    if organisation.kind is OrganisationKind.INDIVIDUAL:
        raise DomainRefused("alone")
    if domain not in own_domains(session, actor_id):
        raise DomainRefused("not-yours")
    known = _open_domain(session, domain)
    if known is not None:
        raise DomainRefused("yours" if known.organisation_id == organisation_id else "taken")
    row = MailDomain(organisation_id=organisation_id, domain=domain, proved_by=actor_id, proved_at=clock.now())
    with refusing(session, "uq_mail_domains_open", Taken):
        session.add(row)
    _audit(session, "organisation.domain-proved", organisation_id, actor_id, {"domain_id": row.id})
    return row


def provable(session: AnySession, organisation: Organisation, reader_id: int) -> list[str]:
    """The domains this manager could make the organisation's."""
    if organisation.kind is OrganisationKind.INDIVIDUAL:
        return []
    known = {one.domain for one in domains(session, organisation.id)}
    return [one for one in own_domains(session, reader_id) if one not in known]


def give_up(session: AnySession, organisation_id: int, domain_id: int, *, actor_id: int) -> bool:
    """The domain offers nothing any more; wishes that wait stay to be answered. False when it is not theirs now."""
    row = session.get(MailDomain, domain_id)
    if row is None or row.organisation_id != organisation_id or row.ended_at is not None:
        return False
    row.ended_at = clock.now()
    session.flush()
    _audit(session, "organisation.domain-given-up", organisation_id, actor_id, {"domain_id": row.id})
    return True


def domains(session: AnySession, organisation_id: int) -> Sequence[MailDomain]:
    """The domains that are the organisation's now."""
    statement = select(MailDomain).where(MailDomain.organisation_id == organisation_id, MailDomain.ended_at.is_(None))
    return session.scalars(statement.order_by(MailDomain.domain)).all()


def _open_domain(session: AnySession, domain: str) -> MailDomain | None:
    statement = select(MailDomain).where(MailDomain.domain == domain, MailDomain.ended_at.is_(None))
    return session.scalars(statement).one_or_none()


def offers(session: AnySession, email: str, reader_id: int) -> list[Offer]:
    """The organisation whose domain this confirmed address is on, unless one sits there; with what was asked."""
    row = session.execute(_offering(domain_of(email), reader_id)).first()
    if row is None:
        return []
    declined = row.answer is Answer.DECLINED and clock.now() < row.answered_at + AGAIN
    waits = row.asked_at is not None and row.answered_at is None
    return [Offer(row.id, row.name, row.asked_at if waits else None, declined)]


def _offering(domain: str, reader_id: int) -> Select[int, str, datetime, datetime | None, Answer | None]:
    sits = select(Seat.id).where(Seat.organisation_id == Organisation.id, Seat.reader_id == reader_id)
    asked = (JoinRequest.organisation_id == Organisation.id) & (JoinRequest.reader_id == reader_id)
    return (
        select(
            Organisation.id,
            Organisation.name,
            JoinRequest.created_at.label("asked_at"),
            JoinRequest.answered_at,
            JoinRequest.answer,
        )
        .join(MailDomain, MailDomain.organisation_id == Organisation.id)
        .outerjoin(JoinRequest, asked)
        .where(MailDomain.domain == domain, MailDomain.ended_at.is_(None), Organisation.seats > 0)
        .where(~sits.where(Seat.closed_at.is_(None)).exists())
        .order_by(JoinRequest.id.desc())
        .limit(1)
    )


def ask(session: AnySession, organisation_id: int, reader_id: int) -> bool:
    """Ask its managers for a licence; True when they are told, False when the wish waits already.

    Raises NotOffered, Throttled.
    """
    seats.hold(session, organisation_id)
    reader = session.get_one(Reader, reader_id)
    if reader.confirmed_at is None or reader.suspended_at is not None:
        raise NotOffered
    offer = next(iter(offers(session, reader.email, reader_id)), None)
    if offer is None or offer.organisation_id != organisation_id or offer.declined:
        raise NotOffered
    if offer.asked_at is not None:
        return False
    throttle.hit(session, f"join:{reader_id}", limit=A_MONTH, window=AGAIN)
    wish = JoinRequest(organisation_id=organisation_id, reader_id=reader_id, created_at=clock.now())
    session.add(wish)
    session.flush()
    _audit(session, "seat.asked-for", organisation_id, reader_id, {"reader_id": reader_id})
    mails.join_asked(session, wish)
    return True


def wishes(session: AnySession, organisation_id: int) -> list[Wish]:
    """Who waits for an answer, the oldest first."""
    statement = (
        select(JoinRequest.id, Reader.name, Reader.email, JoinRequest.created_at)
        .join(Reader, Reader.id == JoinRequest.reader_id)
        .where(JoinRequest.organisation_id == organisation_id, JoinRequest.answered_at.is_(None))
    )
    return [Wish(*row) for row in session.execute(statement.order_by(JoinRequest.created_at, JoinRequest.id))]


def approve(session: AnySession, organisation_id: int, wish_id: int, *, actor_id: int) -> bool:
    """Give the licence, and say so; False when it was answered already. Raises LookupError, seats.NoSeatLeft."""
    wish = _held(session, organisation_id, wish_id)
    if wish is None:
        return False
    reader = session.get_one(Reader, wish.reader_id)
    seats.open_seat(session, organisation_id, wish.reader_id, actor_id=actor_id)
    offered = invitations.waiting_for(session, organisation_id, reader.email)
    if offered is not None:
        offered.accepted_at = clock.now()
    _answer(session, wish, Answer.APPROVED, actor_id)
    return True


def decline(session: AnySession, organisation_id: int, wish_id: int, *, actor_id: int) -> bool:
    """Say no; False when it was answered already. Raises LookupError."""
    wish = _held(session, organisation_id, wish_id)
    if wish is not None:
        _answer(session, wish, Answer.DECLINED, actor_id)
    return wish is not None


def _held(session: AnySession, organisation_id: int, wish_id: int) -> JoinRequest | None:
    seats.hold(session, organisation_id)
    wish = session.get(JoinRequest, wish_id, with_for_update=True, populate_existing=True)
    if wish is None or wish.organisation_id != organisation_id:
        raise LookupError("This organisation was asked no such thing.")
    return wish if wish.answered_at is None else None


def _answer(session: AnySession, wish: JoinRequest, answer: Answer, actor_id: int) -> None:
    wish.answered_at, wish.answer, wish.answered_by = clock.now(), answer, actor_id
    session.flush()
    act = "seat.wish-approved" if answer is Answer.APPROVED else "seat.wish-declined"
    _audit(session, act, wish.organisation_id, actor_id, {"reader_id": wish.reader_id})
    mails.join_answered(session, wish)


def _audit(session: AnySession, act: str, organisation_id: int, actor_id: int, values: dict[str, object]) -> None:
    audit.record(session, act, actor_id=actor_id, target=("organisation", organisation_id), values=values)
