"""One question put to the decision's rules, with what several of them need worked out once. Standard library only."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.access.vocabulary import ArticleFacts, GrantFacts, GrantState, ReaderFacts, Source

# Looked up once: each page asks for them a dozen times, and a member of an enumeration is slow to find.
_GONE, _LIVE = (GrantState.ENDED, GrantState.REVOKED), (GrantState.ACTIVE, GrantState.GRACE)
_TRIAL = Source.TRIAL


@dataclass(slots=True)
class Case:
    """One question put to the rules, with what several of them need worked out once."""

    article: ArticleFacts
    reader: ReaderFacts
    at: datetime
    here: tuple[tuple[GrantFacts, GrantState, bool], ...] = field(init=False)

    def __post_init__(self) -> None:
        slugs = {vertical.slug for vertical in self.article.verticals}
        self.here = tuple(
            (grant, grant.state(self.at), grant.reaches(self.at))
            for grant in self.reader.grants
            if grant.vertical in slugs
        )

    def reached(self, state: GrantState) -> list[GrantFacts]:
        """Grants on this article's verticals that reach the reader and are in this state."""
        return [grant for grant, its_state, reaches in self.here if reaches and its_state is state]

    def over(self, source: Source) -> list[GrantFacts]:
        """Grants of this source here that ended or were revoked, the latest first."""
        grants = [grant for grant, state, _ in self.here if grant.source is source and state in _GONE]
        return sorted(grants, key=GrantFacts.last_instant, reverse=True) if len(grants) > 1 else grants

    def tried(self, slug: str) -> bool:
        """A trial grant or a ledger row says that this vertical was tried."""
        if slug in self.reader.tried:
            return True
        for grant in self.reader.grants:  # a loop: a generator would cost as much as what it asks
            if grant.source is _TRIAL and grant.vertical == slug and grant.starts_at <= self.at:
                return True
        return False

    def trial_vertical(self) -> str | None:
        """The first of the article's verticals that this reader could still try."""
        for vertical in self.article.verticals:
            if vertical.trial_open and not self.tried(vertical.slug):
                return vertical.slug
        return None

    def right_elsewhere(self) -> bool:
        """True when some other vertical is open to this reader now."""
        return any(grant.state(self.at) in _LIVE and grant.reaches(self.at) for grant in self.reader.grants)
