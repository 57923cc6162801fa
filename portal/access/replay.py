"""Facts as they stood at a past instant, from the history that every change writes: the same decision, years later.

Subjects are found through today's rows (who holds a grant, a seat or an invitation never changes); what they said is
read from the snapshots recorded by then.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

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
from portal.accounts.person_keys import now_under
from portal.accounts.second_address import keys_of
from portal.db import AnySession
from portal.history import as_of
from portal.organisations.models import Invitation, Manager, Seat
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
    return _Past(session, reader_id, at).facts(account)


class _Past:
    """One reader at one past instant: the snapshots, sorted into facts."""

    def __init__(self, session: AnySession, reader_id: int, at: datetime) -> None:
        self.session, self.reader_id, self.at = session, reader_id, at
        self.slugs = {id_: facts["slug"] for id_, facts in self._of("vertical", select(Vertical.id)).items()}
        self.seats = self._of("seat", select(Seat.id).where(Seat.reader_id == reader_id))
        managers = self._of("manager", select(Manager.id).where(Manager.reader_id == reader_id))
        self.managed = {m["organisation_id"] for m in managers.values() if m["ended_at"] is None}

    def _of(self, kind: str, ids: Any) -> Snapshots:
        return as_of(self.session, kind, self.session.scalars(ids), self.at)

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
        own = self._of("grant", select(Grant.id).where(Grant.reader_id == self.reader_id))
        yield from (self._grant(id_, facts) for id_, facts in own.items())
        organisations = {seat["organisation_id"] for seat in self.seats.values()} | self.managed
        shared = self._of("grant", select(Grant.id).where(Grant.organisation_id.in_(organisations)))
        for id_, facts in shared.items():
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
        """Rows that were this person's then; they may go by another key today (see ledger.rekey)."""
        key = bytes.fromhex(person)
        keys = {key, now_under(self.session, key)}
        ledger = self._of("ledger", select(TrialLedger.id).where(TrialLedger.person_key.in_(keys)))
        return frozenset(self.slugs[facts["vertical_id"]] for facts in ledger.values() if facts["person_key"] == person)

    def _awaited(self) -> tuple[AwaitedFacts, ...]:
        rows = self._of("awaited", select(AwaitedRight.id).where(AwaitedRight.organisation_id.in_(self.managed)))
        return tuple(
            AwaitedFacts(
                self.slugs[facts["vertical_id"]],
                datetime.fromisoformat(facts["since"]),
                datetime.fromisoformat(facts["until"]),
            )
            for facts in rows.values()
            if facts["settled_at"] is None
        )

    def _invitations(self) -> Iterable[InvitationFacts]:
        """Waiting invitations, once for each live grant of their organisation, as the present statement has them."""
        keys = keys_of(self.reader_id, self.at)
        rows = self._of("invitation", select(Invitation.id).where(Invitation.email_key.in_(keys)))
        waiting = {id_: facts for id_, facts in rows.items() if facts["closed_at"] is None}
        organisations = {facts["organisation_id"] for facts in waiting.values()}
        grants = self._of("grant", select(Grant.id).where(Grant.organisation_id.in_(organisations)))
        for id_, facts in waiting.items():
            for grant in grants.values():
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
