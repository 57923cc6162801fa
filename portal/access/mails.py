"""What people are told of rights that staff gave, moved or ended. The staff's reason is never among it.

A reader's right is told to that reader; an organisation's to everybody who looks after it, and its seats read at once.
Each returns how many people are told: nobody is told that something opens while their account is suspended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import clock, outbox
from portal.access import words
from portal.access.mail_words import About, sentences
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.i18n import gettext, use_locale
from portal.organisations import founding, seats
from portal.organisations.models import Organisation
from portal.outbox import Letter
from portal.verticals import Vertical
from portal.web import absolute


def tell_given(session: AnySession, grants: Sequence[Grant]) -> int:
    """One mail for what one act gives to one holder, with its exact dates."""
    return _tell(session, "grant_given", grants, f"grant-given-{grants[0].act_id}")


def tell_many(session: AnySession, grants: Sequence[Grant]) -> int:
    """One mail to each reader of an act that gives to many, composed once for all who are told the same."""
    people: dict[tuple[Any, ...], list[Reader]] = {}
    held = _by_reader(grants)
    for person in session.scalars(select(Reader).where(Reader.id.in_(held)).order_by(Reader.id)):
        same = (person.locale or "fr", person.confirmed_at is None, *(grant.vertical_id for grant in held[person.id]))
        people.setdefault(same, []).append(person)
    for alike in people.values():
        of_first = held[alike[0].id]
        letters = [Letter(f"grant-given-{of_first[0].act_id}-{one.id}", one.email, one.id) for one in alike]
        locale, context = _composed("grant_given", alike[0], _told(session, of_first), later=True)
        outbox.post_same(session, "grant_given", letters, locale=locale, context=context)
    return sum(map(len, people.values()))


def _by_reader(grants: Sequence[Grant]) -> dict[int, list[Grant]]:
    found: dict[int, list[Grant]] = {}
    for grant in grants:
        assert grant.reader_id is not None  # nosec B101 - organisations are given one by one
        found.setdefault(grant.reader_id, []).append(grant)
    return found


def tell_moved(session: AnySession, grant: Grant, before: datetime) -> int:
    """The end moved, from `before`, to a later or an earlier day."""
    key = f"grant-moved-{grant.id}-{clock.now():%Y%m%dT%H%M%S%f}-{grant.ends_at:%Y%m%dT%H%M%S}"
    return _tell(session, "grant_extended", [grant], key, later=grant.ends_at > before)


def tell_revoked(session: AnySession, grant: Grant) -> int:
    """The right has ended before its time."""
    return _tell(session, "grant_revoked", [grant], f"grant-revoked-{grant.id}")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told, whoever reads it: the grants of one holder, their verticals, the organisation if it holds them."""

    grants: Sequence[Grant]
    verticals: Sequence[Vertical]
    organisation: Organisation | None = None
    seats: int = 0

    def about(self, person: Reader, *, later: bool) -> About:
        """The same for this person, in the current language."""
        first = self.grants[0]
        return About(
            names=", ".join(vertical.name for vertical in self.verticals),
            start=words.start_words(first.starts_at),
            end=words.end_words(first.ends_at),
            organisation=self.organisation.name if self.organisation else "",
            seats=self.seats,
            ahead=first.starts_at > clock.now(),
            trial=first.source is Source.TRIAL,
            later=later,
            unconfirmed=person.confirmed_at is None,
        )

    def button(self, kind: str) -> tuple[str, str]:
        """Where the mail leads: whoever looks after an organisation may hold no seat of it."""
        if self.organisation or kind == "grant_revoked":
            return gettext("See my rights"), absolute("/profile/")
        label = gettext("Start reading") if kind == "grant_given" else gettext("Go on reading")
        return label, absolute(f"/{self.verticals[0].slug}/")


def _tell(session: AnySession, kind: str, grants: Sequence[Grant], key: str, *, later: bool = True) -> int:
    people = [one for one in _people(session, grants[0]) if kind == "grant_revoked" or one.suspended_at is None]
    told = _told(session, grants)
    for person in people:
        _post(session, kind, f"{key}-{person.id}", person, told, later=later)
    return len(people)


def _people(session: AnySession, grant: Grant) -> list[Reader]:
    """The reader who holds the grant, or those who look after the organisation that does."""
    if grant.reader_id is not None:
        return [session.get_one(Reader, grant.reader_id)]
    assert grant.organisation_id is not None  # nosec B101 - one of the two, says the constraint
    ids = [manager.reader_id for manager in founding.managers_of(session, grant.organisation_id)]
    return list(session.scalars(select(Reader).where(Reader.id.in_(ids)).order_by(Reader.id)))


def _told(session: AnySession, grants: Sequence[Grant]) -> Told:
    wanted = select(Vertical).where(Vertical.id.in_([grant.vertical_id for grant in grants]))
    verticals = session.scalars(wanted.order_by(Vertical.position, Vertical.id)).all()
    organisation_id = grants[0].organisation_id
    if organisation_id is None:
        return Told(grants, verticals)
    organisation = session.get_one(Organisation, organisation_id)
    return Told(grants, verticals, organisation, seats.used(session, organisation_id))


def _post(session: AnySession, kind: str, key: str, person: Reader, told: Told, *, later: bool) -> None:
    locale, context = _composed(kind, person, told, later=later)
    outbox.post(session, kind, key=key, to=person.email, locale=locale, reader_id=person.id, context=context)


def _composed(kind: str, person: Reader, told: Told, *, later: bool) -> tuple[str, dict[str, Any]]:
    """(language, what the templates show)."""
    locale = person.locale or "fr"
    colour = told.verticals[0].colour if len(told.verticals) == 1 else None
    with use_locale(locale):
        about = told.about(person, later=later)
        label, url = told.button(kind)
        context = {**sentences(kind, about), "start": about.start, "end": about.end}
    return locale, context | {"button": label, "url": url, "colour": colour}
