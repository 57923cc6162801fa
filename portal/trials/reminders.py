"""Reminders, scheduled from the data: no row waits for a future mail, an indexed query finds whose day has come.

A slot is one kind of reminder for all trials with the same last day. Trials of one reader that end together are one
mail, so each reminder goes once per reader, kind and end; an extension has another end and so reminders of its own.
Whether a mail is still right is decided from the reader's facts when it is written, and again when it is sent.
After an interruption only the newest kind that still makes sense has a slot.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, String, bindparam, cast, literal_column, select

from portal import clock, outbox
from portal.access import facts
from portal.access.models import Grant
from portal.access.vocabulary import GrantFacts, GrantState, ReaderFacts, Source
from portal.accounts.models import Reader
from portal.clock import PARIS, paris_date
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.reading import titles
from portal.trials import mails, queries
from portal.trials.countdown import Countdown, countdown, covered
from portal.trials.dates import end_of_day, last_day

MORNING = time_of_day(9)
_TITLES, _LOOKED_AT = 5, 20  # how many titles a mail tells, and among how many: some may be withdrawn by now
_LOOK_AGAIN = 300.0  # seconds after which a finished slot is asked once more


@dataclass(frozen=True, slots=True)
class Kind:
    """A reminder: sent while so many days are left (negative: after the end), from its hour on the first of them."""

    name: str
    first: int
    last: int
    at_once: bool = False
    marketing: bool = False

    @property
    def mail(self) -> str:
        """The folder of its templates."""
        return f"trial_{self.name}"

    def due_from(self, day: date) -> datetime:
        """The instant from which it may go, for trials whose last day is `day`."""
        if self.at_once:
            return end_of_day(day)
        return datetime.combine(day - timedelta(days=self.first), MORNING, tzinfo=PARIS)

    def key(self, reader_id: int, day: date) -> str:
        """The outbox key: once per reader, kind and end."""
        return f"trial-{self.name}:{reader_id}:{day}"


KINDS = (
    Kind("j7", 7, 4),
    Kind("j3", 3, 2),
    Kind("j1", 1, 0),
    Kind("ended", -1, -6, at_once=True),
    Kind("after7", -7, -13, marketing=True),
    Kind("after30", -30, -36, marketing=True),
)
# Written out, not bound: SQLite uses a partial index only when it can read its condition in the statement.
_A_TRIAL: ColumnElement[bool] = literal_column("grants.source = 'trial'")
_BY_MAIL = {kind.mail: kind for kind in KINDS}


def slots(now: datetime) -> Iterator[tuple[Kind, date]]:
    """Every (kind, last day) whose hour has come and whose words would still be right."""
    today = paris_date(now)
    for kind in KINDS:
        for left in range(kind.first, kind.last - 1, -1):
            day = today + timedelta(days=left)
            if kind.due_from(day) <= now:
                yield kind, day


def _candidates() -> Select[Any]:
    key = bindparam("prefix", type_=String) + cast(Grant.reader_id, String) + bindparam("suffix", type_=String)
    return (
        select(Grant.reader_id)
        .distinct()
        .where(_A_TRIAL, Grant.ends_at > bindparam("begins"), Grant.ends_at <= bindparam("ends"))
        .where(Grant.revoked_at.is_(None), Grant.reader_id > bindparam("after", type_=Integer))
        .where(~select(Mail.id).where(Mail.key == key).exists())
        .order_by(Grant.reader_id)
        .limit(bindparam("limit", type_=Integer))
    )


_CANDIDATES = _candidates()
_CONSENTING = _CANDIDATES.join(Reader, Reader.id == Grant.reader_id).where(Reader.marketing_consent_at.is_not(None))


def candidates(kind: Kind, day: date, *, after: int, limit: int) -> tuple[Select[Any], dict[str, Any]]:
    """Ids of readers beyond `after` with a trial whose last day is `day` and who have not had this reminder.

    A statement made once, and what it is asked with: the worker asks it of some twenty slots at a time.
    """
    asked = {
        "prefix": f"trial-{kind.name}:",
        "suffix": f":{day}",
        "begins": end_of_day(day - timedelta(days=1)),
        "ends": end_of_day(day),
        "after": after,
        "limit": limit,
    }
    return _CONSENTING if kind.marketing else _CANDIDATES, asked


class Reminders:
    """Walks through the slots; remembers how far it came, so that a finished slot is not asked every second."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, date], tuple[int | None, float]] = {}

    def process_due(self, limit: int = 50) -> int:
        """Write the mails of one slot's next readers, one unit of work each; returns how many were looked at."""
        now = clock.now()
        current = list(slots(now))
        names = {(kind.name, day) for kind, day in current}
        self._seen = {slot: seen for slot, seen in self._seen.items() if slot in names}
        for kind, day in current:
            if looked := self._walk(kind, day, now, limit):
                return looked
        return 0

    def _walk(self, kind: Kind, day: date, now: datetime, limit: int) -> int:
        cursor, asked = self._seen.get((kind.name, day), (0, 0.0))
        if cursor is None:
            if clock.monotonic() - asked < _LOOK_AGAIN:
                return 0
            cursor = 0
        readers = list(db.session.scalars(*candidates(kind, day, after=cursor, limit=limit)))
        end_reading()
        for reader_id in readers:
            with writing() as session:
                remind(session, reader_id, kind, day, now)
        reached = readers[-1] if len(readers) == limit else None
        self._seen[kind.name, day] = (reached, clock.monotonic())
        return len(readers)


def remind(session: AnySession, reader_id: int, kind: Kind, day: date, now: datetime) -> bool:
    """Write this reminder for this reader if it is right now; False when it is not, or exists already."""
    reader = session.scalars(select(Reader).where(Reader.id == reader_id)).one()
    lost = losing(session, reader, kind, day, now)
    if not lost or _just_told(session, [grant.grant_id for grant in lost], kind, day):
        return False
    verticals = mails.verticals_named(session, [grant.vertical for grant in lost])
    read = queries.articles_read(session, reader_id, min(grant.starts_at for grant in lost))
    context = {
        **mails.about(_together(lost, [v.name for v in verticals], now), verticals),
        "read": len(read),
        "titles": titles.of(session, read[:_LOOKED_AT], now)[:_TITLES] if kind.name == "j7" else [],
        "unsubscribe_url": mails.unsubscribe_url(reader_id) if kind.marketing else None,
    }
    return outbox.post(
        session,
        kind.mail,
        key=kind.key(reader_id, day),
        to=reader.email,
        locale=reader.locale,
        context=context,
        reader_id=reader_id,
        facts={"day": day.isoformat(), "grants": sorted(grant.grant_id for grant in lost)},
        headers=mails.marketing_headers(reader_id) if kind.marketing else None,
        expires_in=_words_hold_until(kind, day, now) - now,
    )


def losing(session: AnySession, reader: Reader, kind: Kind, day: date, now: datetime) -> list[GrantFacts]:
    """The trials whose last day is `day` and whose end takes something from this reader; none when no mail is due."""
    known = facts.of_account(session, reader, now)
    if known.suspended or not known.confirmed:
        return []
    if kind.marketing and (reader.marketing_consent_at is None or _reads_by_right(known, now)):
        return []
    state = GrantState.ACTIVE if kind.last >= 0 else GrantState.ENDED
    return [
        grant
        for grant in known.grants
        if grant.source is Source.TRIAL
        and grant.state(now) is state
        and last_day(grant.ends_at) == day
        and not covered(known, grant, now)
    ]


def _reads_by_right(known: ReaderFacts, now: datetime) -> bool:
    live = (GrantState.ACTIVE, GrantState.GRACE)
    return any(g.source is not Source.TRIAL and g.reaches(now) and g.state(now) in live for g in known.grants)


def _just_told(session: AnySession, grant_ids: list[int], kind: Kind, day: date) -> bool:
    """True when an extension told this end after the reminder's hour: saying it again the same day is noise."""
    keys = [f"trial-extended:{grant_id}:{day}" for grant_id in grant_ids]
    told = select(Mail.id).where(Mail.key.in_(keys), Mail.created_at > kind.due_from(day))
    return kind.last >= 0 and session.scalar(told) is not None


def _together(lost: list[GrantFacts], names: list[str], now: datetime) -> Countdown:
    return replace(countdown(lost[0], names[0], now), names=tuple(names))


def _words_hold_until(kind: Kind, day: date, now: datetime) -> datetime:
    """Until when the mail may still leave: "tomorrow evening" is true for a day, the others until the next kind."""
    if kind.name == "j1":
        return end_of_day(paris_date(now))
    return end_of_day(day - timedelta(days=kind.last))


def _still_right(session: AnySession, mail: Mail) -> bool:
    """Asked at the moment of sending: the same trials are still about to be lost, or were."""
    reader = session.scalars(select(Reader).where(Reader.id == mail.reader_id)).one_or_none()
    if reader is None:
        return False
    day = date.fromisoformat(mail.facts["day"])
    lost = losing(session, reader, _BY_MAIL[mail.kind], day, clock.now())
    return bool(sorted(grant.grant_id for grant in lost) == mail.facts["grants"])


for _kind in KINDS:
    outbox.still_wanted(_kind.mail)(_still_right)
