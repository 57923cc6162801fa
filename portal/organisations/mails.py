"""The mails of an organisation's people, written to the outbox in the caller's transaction."""

import secrets
from collections.abc import Sequence
from typing import Any

from portal import clock, outbox
from portal.accounts import readers
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import founding, replacing
from portal.organisations.models import Invitation, Organisation, Seat
from portal.organisations.models_team import Answer, JoinRequest, ReplacementRequest
from portal.web import absolute


def accounts_linked(
    session: AnySession, reader: Reader, other: Reader, *, seats: Sequence[str], offices: Sequence[str], locale: str
) -> None:
    """To both addresses: which organisations' seats and offices are now with the reader, and how to object."""
    act = secrets.token_hex(12)
    context = {"reader_email": reader.email, "other_email": other.email, "seats": seats, "offices": offices}
    for person in (reader, other):
        outbox.post(
            session,
            "accounts_linked",
            key=f"accounts_linked:{act}:{person.id}",
            to=person.email,
            locale=person.locale or locale,
            reader_id=person.id,
            context={**context, "linked_at": clock.now(), "url": absolute("/contact")},
        )


def invitation(session: AnySession, offered: Invitation, token: str, inviter: Reader, locale: str) -> None:
    """To the address a licence is offered to: by whom, until when, and the link that answers."""
    known = readers.by_address(session, offered.email)
    outbox.post(
        session,
        "invitation",
        key=f"invitation:{offered.id}:{secrets.token_hex(12)}",
        to=offered.email,
        locale=known.locale if known and known.locale else locale,
        reader_id=known.id if known else None,
        context={
            "organisation": session.get_one(Organisation, offered.organisation_id).name,
            "inviter": inviter.name or inviter.email,
            "expires_at": offered.expires_at,
            "url": absolute(f"/organisation/invitation/{token}"),
        },
        facts={"invitation_id": offered.id, "token_hash": offered.token_hash.hex()},
    )


@outbox.still_wanted("invitation")
def _link_works(session: AnySession, mail: outbox.Mail) -> bool:
    """A link that was replaced or withdrawn, or an offer taken up meanwhile, is not mailed any more."""
    offered = session.get(Invitation, mail.facts.get("invitation_id", 0))
    if offered is None or offered.accepted_at is not None or offered.withdrawn_at is not None:
        return False
    return offered.token_hash.hex() == mail.facts.get("token_hash")


def licences_full(session: AnySession, offered: Invitation) -> None:
    """To each manager, once for an invitation: somebody wanted to accept it, and no licence could be given."""
    organisation = session.get_one(Organisation, offered.organisation_id)
    held = replacing.held(session, organisation)
    told = {"address": offered.email, "seats": organisation.seats, "again_at": held.next_at if held else None}
    _tell_managers(session, "licences_full", organisation, f"{offered.id}", told)


def licences_over(session: AnySession, organisation_id: int, used: int) -> None:
    """To each manager when fewer licences are bought than are in use: nobody is taken off, and nobody new is seated."""
    organisation = session.get_one(Organisation, organisation_id)
    if used <= organisation.seats:
        return
    once = f"{organisation.id}:{organisation.seats}:{used}:{clock.now():%Y%m%d}"
    told = {"seats": organisation.seats, "more": used - organisation.seats}
    _tell_managers(session, "licences_over", organisation, once, told)


def seat_removed(session: AnySession, seat: Seat) -> None:
    """To whoever sat there: what ends, and what stays."""
    person = session.get_one(Reader, seat.reader_id)
    organisation = session.get_one(Organisation, seat.organisation_id)
    key, url = f"seat_removed:{seat.id}", absolute("/profile/")
    _tell(session, "seat_removed", person, key=key, organisation=organisation.name, removed_at=seat.closed_at, url=url)


def _tell_managers(
    session: AnySession, kind: str, organisation: Organisation, once: str, told: dict[str, Any], *, place: str = ""
) -> None:
    """One mail to each who manages an organisation, once; its link leads to the team's page, or a place there."""
    url = absolute(f"/organisation/{organisation.id}/{place}")
    for office in founding.managers_of(session, organisation.id):
        person = session.get_one(Reader, office.reader_id)
        key = f"{kind}:{once}:{person.id}"
        _tell(session, kind, person, key=key, organisation=organisation.name, url=url, **told)


def _tell(session: AnySession, kind: str, person: Reader, *, key: str, **context: object) -> None:
    """One mail to one reader, in their language."""
    outbox.post(
        session, kind, key=key, to=person.email, locale=person.locale or "fr", reader_id=person.id, context=context
    )


def replacement_answered(session: AnySession, asked: ReplacementRequest) -> None:
    """To the managers: what staff say to one replacement more than they may make by themselves."""
    organisation = session.get_one(Organisation, asked.organisation_id)
    told = {"address": asked.email, "approved": asked.answer is Answer.APPROVED, "reply": asked.reply}
    _tell_managers(session, "replacement_answered", organisation, f"{asked.id}", told)


def manager_changed(session: AnySession, organisation_id: int, reader_id: int, what: str) -> None:
    """To whoever manages an organisation from now on, owns it, or does so no more: added, owner, removed."""
    organisation, person = session.get_one(Organisation, organisation_id), session.get_one(Reader, reader_id)
    url = absolute("/profile/" if what == "removed" else f"/organisation/{organisation.id}/")
    key = f"manager_changed:{secrets.token_hex(12)}"
    _tell(session, "manager_changed", person, key=key, organisation=organisation.name, what=what, url=url)


def join_asked(session: AnySession, wish: JoinRequest) -> None:
    """To each manager: a colleague of the organisation's domain asks for a licence."""
    organisation, asker = session.get_one(Organisation, wish.organisation_id), session.get_one(Reader, wish.reader_id)
    _tell_managers(session, "join_asked", organisation, f"{wish.id}", {"address": asker.email}, place="#asked")


def join_answered(session: AnySession, wish: JoinRequest) -> None:
    """To whoever asked for a licence: what their organisation's managers say; not who said it."""
    organisation, asker = session.get_one(Organisation, wish.organisation_id), session.get_one(Reader, wish.reader_id)
    _tell(
        session,
        "join_answered",
        asker,
        key=f"join_answered:{wish.id}",
        organisation=organisation.name,
        approved=wish.answer is Answer.APPROVED,
        url=absolute("/profile/" if wish.answer is Answer.APPROVED else "/plans"),
    )
