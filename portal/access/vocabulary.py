"""The words of decisions: what is known of an article and a reader, and what is answered.

Standard library only; every instant is aware.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

RENEWAL_SLACK = timedelta(hours=24)
"""A renewal may lag behind the period it pays for: rights that renew run so much longer, and nobody is told of it."""


class Source(StrEnum):
    """Where a right comes from."""

    TRIAL = "trial"
    SUBSCRIPTION = "subscription"
    ADMIN = "admin"


class EndCause(StrEnum):
    """Why a right ended."""

    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    PAUSED = "paused"
    REFUNDED = "refunded"
    REVOKED = "revoked"
    DISPUTED = "disputed"


class ArticleState(StrEnum):
    """Where an article is in its life."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class ArticleAccess(StrEnum):
    """Who an article is meant for."""

    FREE = "free"
    REGISTERED = "registered"
    SUBSCRIBER = "subscriber"


class Outcome(StrEnum):
    """What the reader gets: the text, its beginning, 410 or 404."""

    FULL = "full"
    PREVIEW = "preview"
    GONE = "gone"
    ABSENT = "absent"


class Reason(StrEnum):
    """Why; every reason has its words in both languages."""

    STAFF = "STAFF"
    WITHDRAWN = "WITHDRAWN"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    FREE = "FREE"
    FREE_WINDOW = "FREE_WINDOW"
    ANONYMOUS = "ANONYMOUS"
    SUSPENDED = "SUSPENDED"
    UNCONFIRMED = "UNCONFIRMED"
    REGISTERED = "REGISTERED"
    GRANT_SUBSCRIPTION = "GRANT_SUBSCRIPTION"
    GRANT_SEAT = "GRANT_SEAT"
    GRANT_ADMIN = "GRANT_ADMIN"
    GRANT_TRIAL = "GRANT_TRIAL"
    GRACE_SUBSCRIPTION = "GRACE_SUBSCRIPTION"
    GRACE_SEAT = "GRACE_SEAT"
    PAYMENT_PENDING = "PAYMENT_PENDING"
    SEAT_INVITED = "SEAT_INVITED"
    NOT_STARTED = "NOT_STARTED"
    PAYMENT_OVERDUE = "PAYMENT_OVERDUE"
    PAYMENT_DISPUTED = "PAYMENT_DISPUTED"
    SUBSCRIPTION_ENDED = "SUBSCRIPTION_ENDED"
    SEAT_ENDED = "SEAT_ENDED"
    ADMIN_GRANT_ENDED = "ADMIN_GRANT_ENDED"
    TRIAL_ENDED = "TRIAL_ENDED"
    OTHER_VERTICAL_TRY = "OTHER_VERTICAL_TRY"
    OTHER_VERTICAL_BUY = "OTHER_VERTICAL_BUY"
    TRIAL_AVAILABLE = "TRIAL_AVAILABLE"
    BUY = "BUY"


class NextStep(StrEnum):
    """What is offered to the reader next."""

    NONE = "none"
    SIGN_UP = "sign-up"
    CONTACT = "contact"
    CONFIRM = "confirm"
    PAY = "pay"
    SETTLE = "settle"
    WAIT = "wait"
    ACCEPT_SEAT = "accept-seat"
    TAKE_SEAT = "take-seat"
    RENEW = "renew"
    ASK_MANAGER = "ask-manager"
    SUBSCRIBE = "subscribe"
    START_TRIAL = "start-trial"
    RELATED = "related"


class GrantState(StrEnum):
    """Where a grant stands at an instant."""

    REVOKED = "revoked"
    FUTURE = "future"
    ACTIVE = "active"
    GRACE = "grace"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class VerticalFacts:
    """A vertical of an article, as far as decisions care."""

    slug: str
    trial_open: bool = True
    on_sale: bool = True


@dataclass(frozen=True, slots=True)
class ArticleFacts:
    """An article as far as decisions care; `verticals` begins with the primary one. Instants are aware."""

    article_id: int
    state: ArticleState
    access: ArticleAccess
    verticals: tuple[VerticalFacts, ...]
    published_at: datetime | None = None
    free_from: datetime | None = None
    free_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant as one reader holds it: their own, or an organisation's through a seat (`seated_*`) or as its manager.

    A manager without a seat (`seated_from` is None and `organisation_id` set) pays but does not read.
    """

    grant_id: int
    vertical: str
    source: Source
    starts_at: datetime
    ends_at: datetime
    grace_until: datetime | None = None
    revoked_at: datetime | None = None
    end_cause: EndCause | None = None
    organisation_id: int | None = None
    manages: bool = False
    seated_from: datetime | None = None
    seated_until: datetime | None = None

    def state(self, at: datetime) -> GrantState:
        """The first of revoked, future, active, grace, ended that holds at this instant."""
        if self.revoked_at is not None and at >= self.revoked_at:
            return GrantState.REVOKED
        if at < self.starts_at:
            return GrantState.FUTURE
        if at < self.ends_at:
            return GrantState.ACTIVE
        if self.grace_until is not None and at < self.grace_until:
            return GrantState.GRACE
        return GrantState.ENDED

    def reaches(self, at: datetime) -> bool:
        """True when the grant is the reader's own or an open seat brings it to them."""
        if self.organisation_id is None:
            return True
        if self.seated_from is None or at < self.seated_from:
            return False
        return self.seated_until is None or at < self.seated_until

    def pays(self) -> bool:
        """True when this reader is the one who pays for it, or it is their own."""
        return self.organisation_id is None or self.manages

    def last_instant(self) -> datetime:
        """When the right stops reaching this reader, grace aside."""
        return self._earliest(self.ends_at)

    def last_reached(self) -> datetime:
        """When the right stops reaching this reader, grace included."""
        return self._earliest(self.grace_until or self.ends_at)

    def told_end(self) -> datetime:
        """The end as people are told it: a right that renews runs a little longer than what was paid for."""
        end = self.last_reached()
        renews = self.source is Source.SUBSCRIPTION and self.end_cause is None and self.grace_until is None
        return end - RENEWAL_SLACK if renews and end == self.ends_at else end

    def _earliest(self, end: datetime) -> datetime:
        ends = [end]
        if self.revoked_at is not None:
            ends.append(self.revoked_at)
        if self.seated_until is not None:
            ends.append(self.seated_until)
        return min(ends)


@dataclass(frozen=True, slots=True)
class AwaitedFacts:
    """A payment for a vertical that came back from Checkout and is not yet confirmed; half-open [since, until)."""

    vertical: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """A seat covering a vertical that waits for this reader; half-open [since, until)."""

    invitation_id: int
    vertical: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """A reader as far as decisions care. `reader_id` None is the anonymous visitor; `tried` holds vertical slugs."""

    reader_id: int | None = None
    sees_everything: bool = False
    confirmed: bool = False
    suspended: bool = False
    grants: tuple[GrantFacts, ...] = ()
    tried: frozenset[str] = frozenset()
    awaited: tuple[AwaitedFacts, ...] = ()
    invitations: tuple[InvitationFacts, ...] = ()

    def through(self, organisation_id: int) -> "ReaderFacts":
        """What the seats of this organisation alone bring: nothing of the reader's own, nothing from elsewhere."""
        seats = (g for g in self.grants if g.organisation_id == organisation_id and g.seated_from is not None)
        return ReaderFacts(
            reader_id=self.reader_id,
            confirmed=self.confirmed,
            suspended=self.suspended,
            grants=tuple(replace(grant, manages=False) for grant in seats),
        )


ANONYMOUS = ReaderFacts()


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why. `vertical` is the one the reason is about; `until` when the outcome may change."""

    outcome: Outcome
    reason: Reason
    grant: GrantFacts | None = None
    until: datetime | None = None
    next_step: NextStep = NextStep.NONE
    vertical: str | None = None

    @property
    def full(self) -> bool:
        """True when the whole text may leave the server."""
        return self.outcome is Outcome.FULL
