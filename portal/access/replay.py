"""Facts as they stood at a past instant, from the history that every change writes: the same decision, years later.

Subjects are found through today's rows (who holds a grant, a seat or an invitation never changes); what they said is
read from the snapshots recorded by then.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, LargeBinary, bindparam, literal, select, union_all
from sqlalchemy.sql.selectable import CompoundSelect, Select

from portal.access.models import AwaitedRight, Grant, TrialLedger
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    AwaitedFacts,
    EndCause,
    GrantFacts,
    InvitationFacts,
    ReaderFacts,
    Source,
    VerticalFacts,
)
from portal.accounts.models import PersonKey
from portal.accounts.second_address import keys_of
from portal.db import AnySession, UTCDateTime
from portal.history import Snapshot, as_of
from portal.organisations.models import Invitation, Manager, Seat
from portal.prepared import Prepared
from portal.roles import Permission, Role, may
from portal.verticals import Vertical

Facts = dict[str, Any]
Snapshots = dict[int, Facts]


def article_at(session: AnySession, article_id: int, at: datetime) -> ArticleFacts | None:
    """The article as it stood at this instant; None when it did not exist yet."""
    facts = as_of(session, "article", [article_id], at).get(article_id)
    if facts is None:
        return None
    verticals = as_of(session, "vertical", facts["vertical_ids"], at)
    return ArticleFacts(
        article_id=article_id,
        state=ArticleState(facts["state"]),
        access=ArticleAccess(facts["access"]),
        verticals=tuple(_vertical(verticals[id_]) for id_ in facts["vertical_ids"] if id_ in verticals),
        published_at=_instant(facts["published_at"]),
        free_from=_instant(facts["free_from"]),
        free_until=_instant(facts["free_until"]),
    )


def reader_at(session: AnySession, reader_id: int, at: datetime) -> ReaderFacts | None:
    """The reader's facts as they stood at this instant; None when the account did not exist yet."""
    account = as_of(session, "reader", [reader_id], at).get(reader_id)
    if account is None:
        return None
    asked = {"reader_id": reader_id, "at": at, "person_key": bytes.fromhex(account["person_key"])}
    said: dict[str, Snapshots] = {}
    for row in PAST.all(session, asked):
        said.setdefault(row.branch, {})[row.subject_id] = row.facts
    return _Past(reader_id, at, said).facts(account)


def _branch(name: str, kind: str, subjects: Any) -> Select[Any]:
    """The snapshots of these subjects that were recorded by then."""
    told = (literal(name).label("branch"), Snapshot.subject_id, Snapshot.facts, Snapshot.recorded_at, Snapshot.id)
    by_then = Snapshot.recorded_at <= bindparam("at", type_=UTCDateTime())
    return select(*told).where(Snapshot.kind == kind, Snapshot.subject_id.in_(subjects), by_then)


def _past() -> CompoundSelect[Any]:
    """One UNION ALL, built once: whatever of a reader is found through today's rows, the newest snapshots last.

    No OR stands between two subqueries: PostgreSQL would read every grant there is.
    """
    reader = bindparam("reader_id", type_=Integer)
    invited = Invitation.email_key.in_(keys_of(reader, bindparam("at", type_=UTCDateTime())))
    seats = select(Seat.organisation_id).where(Seat.reader_id == reader)
    managed = select(Manager.organisation_id).where(Manager.reader_id == reader)
    theirs = Grant.organisation_id.in_(union_all(seats, managed))
    inviting = Grant.organisation_id.in_(select(Invitation.organisation_id).where(invited))
    person = bindparam("person_key", type_=LargeBinary)
    today = select(PersonKey.person_key).where(PersonKey.key_hash == person)  # see ledger.rekey
    tried = TrialLedger.person_key.in_(union_all(select(person), today))
    return union_all(
        _branch("vertical", "vertical", select(Vertical.id)),
        _branch("seat", "seat", select(Seat.id).where(Seat.reader_id == reader)),
        _branch("manager", "manager", select(Manager.id).where(Manager.reader_id == reader)),
        _branch("own", "grant", select(Grant.id).where(Grant.reader_id == reader)),
        _branch("shared", "grant", select(Grant.id).where(theirs)),
        _branch("ledger", "ledger", select(TrialLedger.id).where(tried)),
        _branch("awaited", "awaited", select(AwaitedRight.id).where(AwaitedRight.organisation_id.in_(managed))),
        _branch("invitation", "invitation", select(Invitation.id).where(invited)),
        _branch("inviting", "grant", select(Grant.id).where(inviting)),
    ).order_by("recorded_at", "id")


PAST = Prepared(_past())


class _Past:
    """One reader at one past instant: what the snapshots of each branch said, sorted into facts."""

    def __init__(self, reader_id: int, at: datetime, said: dict[str, Snapshots]) -> None:
        self.reader_id, self.at, self.said = reader_id, at, said
        self.slugs = {id_: facts["slug"] for id_, facts in self._of("vertical").items()}
        self.seats = self._of("seat")
        self.managed = {m["organisation_id"] for m in self._of("manager").values() if m["ended_at"] is None}

    def _of(self, branch: str) -> Snapshots:
        return self.said.get(branch, {})

    def facts(self, account: Facts) -> ReaderFacts:
        return ReaderFacts(
            reader_id=self.reader_id,
            sees_everything=may(Role(account["role"]), Permission.READ_EVERYTHING),
            confirmed=account["confirmed_at"] is not None,
            suspended=account["suspended_at"] is not None,
            grants=tuple(self._grants()),
            tried=self._tried(account["person_key"]),
            awaited=self._awaited(),
            invitations=tuple(self._invitations()),
        )

    def _grants(self) -> Iterable[GrantFacts]:
        yield from (self._grant(id_, facts) for id_, facts in self._of("own").items())
        for id_, facts in self._of("shared").items():
            yield from self._shared(id_, facts)

    def _shared(self, grant_id: int, facts: Facts) -> Iterable[GrantFacts]:
        """The grant once for each seat; and once more for a manager who holds no open seat."""
        organisation_id = facts["organisation_id"]
        seats = [seat for seat in self.seats.values() if seat["organisation_id"] == organisation_id]
        manages = organisation_id in self.managed
        yield from (self._grant(grant_id, facts, manages=manages, seat=seat) for seat in seats)
        if manages and all(seat["closed_at"] is not None for seat in seats):
            yield self._grant(grant_id, facts, manages=True)

    def _grant(self, grant_id: int, facts: Facts, *, manages: bool = False, seat: Facts | None = None) -> GrantFacts:
        return GrantFacts(
            grant_id=grant_id,
            vertical=self.slugs[facts["vertical_id"]],
            source=Source(facts["source"]),
            starts_at=datetime.fromisoformat(facts["starts_at"]),
            ends_at=datetime.fromisoformat(facts["ends_at"]),
            grace_until=_instant(facts["grace_until"]),
            revoked_at=_instant(facts["revoked_at"]),
            end_cause=EndCause(facts["end_cause"]) if facts["end_cause"] else None,
            organisation_id=facts["organisation_id"],
            manages=manages,
            seated_from=_instant(seat["opened_at"]) if seat else None,
            seated_until=_instant(seat["closed_at"]) if seat else None,
        )

    def _tried(self, person: str) -> frozenset[str]:
        """Rows that were this person's then; they may go by another key today."""
        mine = (facts for facts in self._of("ledger").values() if facts["person_key"] == person)
        return frozenset(self.slugs[facts["vertical_id"]] for facts in mine)

    def _awaited(self) -> tuple[AwaitedFacts, ...]:
        return tuple(
            AwaitedFacts(
                self.slugs[facts["vertical_id"]],
                datetime.fromisoformat(facts["since"]),
                datetime.fromisoformat(facts["until"]),
            )
            for facts in self._of("awaited").values()
            if facts["settled_at"] is None and facts["organisation_id"] in self.managed
        )

    def _invitations(self) -> Iterable[InvitationFacts]:
        """Waiting invitations, once for each live grant of their organisation, as the present statement has them."""
        waiting = {id_: facts for id_, facts in self._of("invitation").items() if facts["closed_at"] is None}
        for id_, facts in waiting.items():
            for grant in self._of("inviting").values():
                if grant["organisation_id"] == facts["organisation_id"] and _covers(grant, self.at):
                    yield InvitationFacts(
                        id_,
                        self.slugs[grant["vertical_id"]],
                        datetime.fromisoformat(facts["created_at"]),
                        datetime.fromisoformat(facts["expires_at"]),
                    )


def _covers(grant: Facts, at: datetime) -> bool:
    end = _instant(grant["grace_until"]) or datetime.fromisoformat(grant["ends_at"])
    return grant["revoked_at"] is None and end > at


def _vertical(facts: Facts) -> VerticalFacts:
    return VerticalFacts(slug=facts["slug"], trial_open=facts["trial_open"], on_sale=facts["on_sale"])


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
