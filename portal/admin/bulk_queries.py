"""What the pages of a list say: the effect on one account in words, and what one act has given."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.standing import chip_of, state_of
from portal.access.vocabulary import GrantFacts, Source
from portal.access.words import short_end, source_words, start_words
from portal.accounts.models import Reader
from portal.admin.bulk_plan import Change, Effect, lasts_until
from portal.db import AnySession
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations.models import Organisation
from portal.verticals import Vertical

EFFECTS: Mapping[Effect, tuple[object, str]] = {
    Effect.NEW: (_("New"), "ok"),
    Effect.OVERLAPS: (_("Overlaps"), "warn"),
    Effect.COVERED: (_("Has it already"), "plain"),
}


def spoken(change: Change) -> str:
    """The right that is there already, beside which another would be given or which makes it needless."""
    if change.known is None:
        return ""
    source, end = source_words(change.known), short_end(lasts_until(change.known))
    if change.known.starts_at > clock.now():
        start = start_words(change.known.starts_at)
        return gettext("%(source)s, from %(start)s until %(end)s", source=source, start=start, end=end)
    return gettext("%(source)s, until %(end)s", source=source, end=end)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who received something by an act, and how it stands now: (slug, name, until when, state, tone) by vertical."""

    name: str
    email: str
    reader_id: int | None
    organisation_id: int | None
    rights: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Act:
    """One act of giving, as its page shows it."""

    at: datetime
    actor: str
    reason: str
    start: str
    receivers: tuple[Receiver, ...]


def act(session: AnySession, act_id: str) -> Act | None:
    """What staff gave by the act with this id, in two statements; None when it gave nothing."""
    statement = (
        select(Grant, Vertical.slug, Vertical.name, Reader, Organisation.name.label("firm"))
        .join(Vertical, Vertical.id == Grant.vertical_id)
        .outerjoin(Reader, Reader.id == Grant.reader_id)
        .outerjoin(Organisation, Organisation.id == Grant.organisation_id)
        .where(Grant.act_id == act_id, Grant.source == Source.ADMIN)
        .order_by(Grant.id)
    )
    rows = session.execute(statement).all()
    if not rows:
        return None
    first = rows[0].Grant
    actor = session.get(Reader, first.actor_id) if first.actor_id else None
    return Act(
        at=first.created_at,
        actor=(actor.name or actor.email) if actor else gettext("the portal itself"),
        reason=first.reason,
        start=start_words(first.starts_at),
        receivers=tuple(_receivers(rows)),
    )


def _receivers(rows: Iterable[Any]) -> Iterator[Receiver]:
    grouped: dict[tuple[int | None, int | None], list[Any]] = {}
    for row in rows:
        grouped.setdefault((row.Grant.reader_id, row.Grant.organisation_id), []).append(row)
    for (reader_id, organisation_id), group in grouped.items():
        reader, rights = group[0].Reader, tuple(_right(row.Grant, row.slug, row.name) for row in group)
        name = (reader.name or reader.email) if reader else group[0].firm
        yield Receiver(name, reader.email if reader and reader.name else "", reader_id, organisation_id, rights)


def _right(grant: Grant, slug: str, name: str) -> tuple[str, str, str, str, str]:
    facts = GrantFacts(grant.id, slug, grant.source, grant.starts_at, grant.ends_at, revoked_at=grant.revoked_at)
    state = state_of(facts, clock.now())
    revoked = grant.revoked_at is not None
    word, tone = (gettext("Revoked"), "plain") if revoked else chip_of(state)
    return slug, name, short_end(grant.revoked_at or grant.ends_at), word, tone
