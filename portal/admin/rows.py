"""A reader's rights as staff see them: one row a grant, with who gave it, and one for each vertical without any."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal import formats
from portal.access import words
from portal.access.standing import RightState, chip_of, once, state_of
from portal.access.vocabulary import GrantFacts, ReaderFacts, Source
from portal.admin.queries import GrantNote
from portal.i18n import gettext, ngettext
from portal.trials.dates import days_left
from portal.verticals import VerticalInfo

_FIRST = {RightState.EXPIRED: 2, RightState.NO_SEAT: 1, RightState.FUTURE: 1}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the access table. `grant_id` is None for a vertical without any right."""

    slug: str
    name: str
    state: tuple[str, str]
    source: str
    source_detail: str
    start: str
    end: str
    end_detail: str
    grant_id: int | None
    extendable: bool
    changeable: bool


def access_rows(
    facts: ReaderFacts, now: datetime, verticals: Sequence[VerticalInfo], notes: Mapping[int, GrantNote]
) -> list[Row]:
    """Rows by vertical in the masthead's order, open rights first."""
    by_slug: dict[str, list[GrantFacts]] = {}
    for grant in once(facts.grants, now):
        by_slug.setdefault(grant.vertical, []).append(grant)
    rows = []
    for vertical in verticals:
        grants = sorted(by_slug.get(vertical.slug, ()), key=lambda grant: _order(grant, now))
        rows += [_row(grant, now, vertical, notes.get(grant.grant_id)) for grant in grants]
        if not grants:
            rows.append(_closed(vertical, tried=vertical.slug in facts.tried))
    return rows


def _order(grant: GrantFacts, now: datetime) -> tuple[int, float]:
    return _FIRST.get(state_of(grant, now), 0), -grant.last_reached().timestamp()


def _closed(vertical: VerticalInfo, *, tried: bool) -> Row:
    origin = gettext("Tried before") if tried else gettext("Never tried")
    chip = (gettext("Closed"), "plain")
    return Row(vertical.slug, vertical.name, chip, origin, "", "", "", "", None, extendable=False, changeable=False)


def _row(grant: GrantFacts, now: datetime, vertical: VerticalInfo, note: GrantNote | None) -> Row:
    kind = state_of(grant, now)
    over = kind is RightState.EXPIRED
    own = grant.organisation_id is None
    return Row(
        slug=vertical.slug,
        name=vertical.name,
        state=chip_of(kind),
        source=words.source_words(grant),
        source_detail=_detail(grant, note),
        start=words.start_words(grant.starts_at),
        end=words.short_end(grant.told_end()),
        end_detail=_end_detail(grant, now, over=over),
        grant_id=grant.grant_id,
        extendable=own and grant.source is Source.TRIAL and grant.revoked_at is None,
        changeable=own and grant.source is not Source.SUBSCRIPTION and not over,
    )


def _detail(grant: GrantFacts, note: GrantNote | None) -> str:
    since = gettext("since %(start)s", start=formats.day(grant.starts_at))
    if note is None:
        return since
    if note.organisation:
        return note.organisation
    given = gettext("by %(name)s", name=note.giver) if note.giver else ""
    reason = note.reason if grant.source is Source.ADMIN else ""
    return ", ".join(part for part in (given, reason) if part) or since


def _end_detail(grant: GrantFacts, now: datetime, *, over: bool) -> str:
    left = days_left(grant.told_end(), now)
    if over:
        cause = words.CAUSES.get(grant.end_cause) if grant.end_cause else None
        return str(cause) if cause else ngettext("%(num)s day ago", "%(num)s days ago", max(-left, 0))
    return gettext("today") if left <= 0 else ngettext("%(num)s day left", "%(num)s days left", left)
