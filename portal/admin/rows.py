"""Rights as staff see them: one row a grant, with who gave it, and one for each vertical without any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from portal import formats
from portal.access import words
from portal.access.standing import Contract, RightState, chip_of, once, state_of
from portal.access.vocabulary import EndCause, GrantFacts, ReaderFacts, Source
from portal.admin.queries import GrantNote
from portal.i18n import gettext, ngettext
from portal.trials.dates import days_left
from portal.verticals import VerticalInfo

_FIRST = {RightState.EXPIRED: 2, RightState.NO_SEAT: 1, RightState.FUTURE: 1}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the access table, and of the table beside the drawing. `grant_id` is None without any right.

    `organisation_id` is the organisation whose seat brings the right to a reader.
    """

    vertical: VerticalInfo
    state: tuple[str, str]
    source: str
    source_detail: str = ""
    start: str = ""
    end: str = ""
    end_detail: str = ""
    grant_id: int | None = None
    organisation_id: int | None = None
    extendable: bool = False
    changeable: bool = False

    @property
    def chip(self) -> str:
        """What a chip says of an open right, for the head of the page; "" of a closed one."""
        return f"{self.vertical.name}, {self.state[0].lower()}" if self.grant_id and self.state[1] != "plain" else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What else is known of grants, by their ids: who gave them, and the contracts behind subscriptions."""

    notes: Mapping[int, GrantNote]
    contracts: Mapping[int, Contract] = field(default_factory=dict)


def access_rows(facts: ReaderFacts, now: datetime, verticals: Sequence[VerticalInfo], known: Known) -> list[Row]:
    """A reader's rights by vertical in the masthead's order, open ones first."""
    tried = dict.fromkeys(facts.tried, gettext("Tried before"))
    empty = {vertical.slug: tried.get(vertical.slug, gettext("Never tried")) for vertical in verticals}
    return _rows(once(facts.grants, now), now, verticals, known, empty)


def organisation_rows(
    grants: Iterable[GrantFacts], now: datetime, verticals: Sequence[VerticalInfo], known: Known
) -> list[Row]:
    """The same for what an organisation holds itself."""
    empty = {vertical.slug: gettext("No right") for vertical in verticals}
    return _rows(grants, now, verticals, known, empty)


def _rows(
    grants: Iterable[GrantFacts],
    now: datetime,
    verticals: Sequence[VerticalInfo],
    known: Known,
    empty: Mapping[str, str],
) -> list[Row]:
    by_slug: dict[str, list[GrantFacts]] = {}
    for grant in grants:
        by_slug.setdefault(grant.vertical, []).append(grant)
    rows = []
    for vertical in verticals:
        held = sorted(by_slug.get(vertical.slug, ()), key=lambda grant: _order(grant, now))
        rows += [_row(one, now, vertical, known) for one in held]
        if not held:
            rows.append(Row(vertical, (gettext("Closed"), "plain"), empty[vertical.slug]))
    return rows


def _order(grant: GrantFacts, now: datetime) -> tuple[int, float]:
    return _FIRST.get(state_of(grant, now), 0), -grant.last_reached().timestamp()


def _row(grant: GrantFacts, now: datetime, vertical: VerticalInfo, known: Known) -> Row:
    kind = state_of(grant, now, known.contracts.get(grant.grant_id))
    over = kind is RightState.EXPIRED
    own = grant.organisation_id is None
    return Row(
        vertical=vertical,
        state=_chip(grant, kind),
        source=words.source_words(grant),
        source_detail=_detail(grant, known.notes.get(grant.grant_id)),
        start=words.start_words(grant.starts_at),
        end=words.short_end(grant.told_end()),
        end_detail=_end_detail(grant, now, kind),
        grant_id=grant.grant_id,
        organisation_id=grant.organisation_id,
        extendable=own and grant.source is Source.TRIAL and grant.revoked_at is None,
        changeable=own and grant.source is not Source.SUBSCRIPTION and not over,
    )


def _chip(grant: GrantFacts, kind: RightState) -> tuple[str, str]:
    """Staff are told apart what ended and what one of them ended."""
    if kind is RightState.EXPIRED and grant.revoked_at is not None and grant.end_cause is EndCause.REVOKED:
        return gettext("Revoked"), "plain"
    return chip_of(kind)


def _detail(grant: GrantFacts, note: GrantNote | None) -> str:
    since = gettext("since %(start)s", start=formats.day(grant.starts_at))
    if note is None:
        return since
    if note.organisation and grant.organisation_id is not None:
        return note.organisation
    given = gettext("by %(name)s", name=note.giver) if note.giver else ""
    reason = note.reason if grant.source is Source.ADMIN else ""
    return ", ".join(part for part in (given, reason) if part) or since


def _end_detail(grant: GrantFacts, now: datetime, kind: RightState) -> str:
    left = days_left(grant.told_end(), now)
    if kind is RightState.FUTURE:
        return gettext("from %(start)s", start=words.start_words(grant.starts_at))
    if kind is RightState.EXPIRED:
        cause = words.CAUSES.get(grant.end_cause) if grant.end_cause else None
        return str(cause) if cause else ngettext("%(num)s day ago", "%(num)s days ago", max(-left, 0))
    return gettext("today") if left <= 0 else ngettext("%(num)s day left", "%(num)s days left", left)
