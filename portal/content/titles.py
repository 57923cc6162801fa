"""Titles of published articles by their ids, for rooms that know nothing else of articles."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.access.vocabulary import ArticleState
from portal.content.models import Article
from portal.db import AnySession
from portal.reading.titles import Titled
from portal.verticals import Vertical

_THERE = (ArticleState.PUBLISHED, ArticleState.SCHEDULED)


def published(session: AnySession, article_ids: Sequence[int], at: datetime) -> dict[int, Titled]:
    """{id: title, language and address} of those of these articles that are published at this instant."""
    statement = (
        select(Article.id, Article.title, Article.lang, Article.slug, Vertical.slug.label("vertical"))
        .join(Vertical, Vertical.id == Article.primary_vertical_id)
        .where(Article.id.in_(article_ids), Article.state.in_(_THERE), Article.published_at <= at)
    )
    return {
        row.id: Titled(row.id, row.title, row.lang, f"/{row.vertical}/article/{row.slug}")
        for row in session.execute(statement)
    }
