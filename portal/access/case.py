"""One question put to the decision's rules, with what several of them need worked out once. Standard library only."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.access.vocabulary import ArticleFacts, GrantFacts, GrantState, ReaderFacts, Source


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
        gone = (GrantState.ENDED, GrantState.REVOKED)
        grants = [grant for grant, state, _ in self.here if grant.source is source and state in gone]
        return sorted(grants, key=GrantFacts.last_instant, reverse=True)

    def tried(self, slug: str) -> bool:
        """A trial grant or a ledger row says that this vertical was tried."""
        if slug in self.reader.tried:
            return True
        trials = (grant for grant in self.reader.grants if grant.source is Source.TRIAL and grant.vertical == slug)
        return any(grant.starts_at <= self.at for grant in trials)

    def trial_vertical(self) -> str | None:
        """The first of the article's verticals that this reader could still try."""
        for vertical in self.article.verticals:
            if vertical.trial_open and not self.tried(vertical.slug):
                return vertical.slug
        return None

    def right_elsewhere(self) -> bool:
        """True when some other vertical is open to this reader now."""
        live = (GrantState.ACTIVE, GrantState.GRACE)
        return any(grant.state(self.at) in live and grant.reaches(self.at) for grant in self.reader.grants)
