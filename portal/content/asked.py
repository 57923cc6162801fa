"""An article asked for by one reader, and what was decided: what page, lock panel and explanation share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.access.case import Case
from portal.access.decision import decide
from portal.access.vocabulary import ANONYMOUS, ArticleFacts, Decision, ReaderFacts
from portal.content import lock_wishes
from portal.content.lock import Locked, Panel, panel
from portal.db import db


@dataclass(frozen=True, slots=True)
class Asked:
    """`row` is one of queries.FACTS or queries.LISTED."""

    row: Any
    facts: ArticleFacts
    reader: ReaderFacts
    decision: Decision
    at: datetime

    @property
    def path(self) -> str:
        """The article's right address."""
        return f"/{self.row.vertical}/article/{self.row.slug}"

    @property
    def open_to_all(self) -> bool:
        """Whether a stranger would read all of it now."""
        return decide(self.facts, ANONYMOUS, self.at).full

    def name(self, slug: str | None, default: str = "") -> str:
        """What one of the article's verticals is called."""
        return next((name for known, name, *_rest in self.row.verticals if known == slug), default)

    def panel(self, email: str) -> Panel:
        """The panel of a refusal; `email` is the reader's own address, empty for a stranger."""
        try_slug = Case(self.facts, self.reader, self.at).trial_vertical()
        locked = Locked(
            decision=self.decision,
            access=self.row.access,
            path=self.path,
            name=self.name(self.decision.vertical, self.name(self.row.vertical)),
            words=self.row.words_locked,
            tables=self.row.tables_locked,
            trial_open=try_slug is not None and try_slug == self.decision.vertical,
            try_slug=try_slug,
            try_name=self.name(try_slug),
            email=email,
        )
        return lock_wishes.told(db.session, panel(locked), locked, self.reader, self.at)
