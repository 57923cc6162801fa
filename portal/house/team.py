"""The team, from the bylines: who writes for which title, and where their articles are."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from portal import clock
from portal.content.models import Article, ArticleAuthor, Author, article_verticals
from portal.content.queries import public
from portal.db import AnySession
from portal.verticals import Vertical, VerticalInfo


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who signs articles of a title. `chief`: leads its newsroom."""

    name: str
    job: str
    initials: str
    url: str
    articles: int
    chief: bool


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A title and who writes for it, whoever leads it first."""

    vertical: VerticalInfo
    members: list[Member]


def newsrooms(session: AnySession, verticals: tuple[VerticalInfo, ...]) -> list[Newsroom]:
    """Every title with at least one byline on a published article, in the order of the masthead. Two statements."""
    chiefs = {row.id: row.editor_in_chief for row in session.execute(select(Vertical.id, Vertical.editor_in_chief))}
    members: dict[int, list[Member]] = {}
    slugs = {vertical.id: vertical.slug for vertical in verticals}
    for row in session.execute(_bylines(), {"at": clock.now()}):
        if row.vertical_id in slugs:
            member = _member(row, slugs[row.vertical_id], chiefs.get(row.vertical_id, ""))
            members.setdefault(row.vertical_id, []).append(member)
    return [
        Newsroom(vertical, sorted(members[vertical.id], key=lambda one: not one.chief))
        for vertical in verticals
        if vertical.id in members
    ]


def _bylines() -> Select[Any]:
    """Author × title with the number of published articles, in the order of names."""
    vertical = article_verticals.c.vertical_id
    return (
        select(Author.slug, Author.name, Author.job, vertical, func.count(Article.id).label("articles"))
        .join(ArticleAuthor, ArticleAuthor.author_id == Author.id)
        .join(Article, Article.id == ArticleAuthor.article_id)
        .join(article_verticals, article_verticals.c.article_id == Article.id)
        .where(public())
        .group_by(Author.id, Author.slug, Author.name, Author.job, vertical)
        .order_by(Author.name)
    )


def _member(row: Any, vertical: str, chief: str) -> Member:
    return Member(
        name=row.name,
        job=row.job,
        initials="".join(word[0] for word in row.name.replace("-", " ").split()[:2]).upper(),
        url=f"/{vertical}/author/{row.slug}",
        articles=row.articles,
        chief=bool(chief) and row.name == chief,
    )
