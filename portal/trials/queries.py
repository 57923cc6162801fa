"""What the trial pages and mails read: running trials of a company, what was read, names of verticals."""

from collections.abc import Iterable
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleAccess, ArticleFacts, ArticleState, Source, VerticalFacts
from portal.accounts.models import Reader
from portal.clock import paris_date
from portal.db import AnySession
from portal.i18n import gettext as _
from portal.reading.models import Reading
from portal.verticals import VerticalInfo, all_verticals

_FRESH_FOR = 5.0  # seconds
_LONG_AGO = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def running_in_company(session: AnySession, company_key: str, vertical_id: int, at: datetime) -> int:
    """How many trials of this vertical are running for addresses of this company."""
    statement = (
        select(func.count())
        .select_from(Grant)
        .join(Reader, Reader.id == Grant.reader_id)
        .where(Reader.company_key == company_key, Grant.vertical_id == vertical_id, Grant.source == Source.TRIAL)
        .where(Grant.starts_at <= at, Grant.ends_at > at, Grant.revoked_at.is_(None))
    )
    return session.scalar(statement) or 0


def articles_read(session: AnySession, reader_id: int, since: datetime) -> list[int]:
    """The articles this reader has opened since that day, each once, the last opened first."""
    statement = select(Reading.article_id).where(Reading.reader_id == reader_id, Reading.day >= paris_date(since))
    last = (func.max(Reading.first_at).desc(), Reading.article_id.desc())
    return list(session.scalars(statement.group_by(Reading.article_id).order_by(*last)))


def verticals_by_slug(session: AnySession) -> dict[str, VerticalInfo]:
    """Every vertical that is not retired, by its slug, in the order of the masthead."""
    return {vertical.slug: vertical for vertical in all_verticals(session)}


def vertical_names(session: AnySession, needed: Iterable[str] = ()) -> dict[str, str]:
    """Names of verticals by slug, read at most every few seconds, or when a needed one is not known yet."""
    found: tuple[float, dict[str, str]] | None = current_app.extensions.get("portal.vertical_names")
    fresh = found is not None and clock.monotonic() - found[0] < _FRESH_FOR
    if found is None or not fresh or not found[1].keys() >= set(needed):
        names = {slug: vertical.name for slug, vertical in verticals_by_slug(session).items()}
        found = current_app.extensions["portal.vertical_names"] = (clock.monotonic(), names)
    return found[1]


def guarded_article(slug: str, *, trial_open: bool = True) -> ArticleFacts:
    """An article for subscribers of this vertical: asking about it is asking about the vertical."""
    vertical = VerticalFacts(slug, trial_open=trial_open)
    return ArticleFacts(0, ArticleState.PUBLISHED, ArticleAccess.SUBSCRIBER, (vertical,), published_at=_LONG_AGO)


def listed(names: Iterable[str]) -> str:
    """ "mind Health, mind Fintech et mind Media", in the current language."""
    *first, last = names
    return _("%(first)s and %(last)s", first=", ".join(first), last=last) if first else last
