"""A letter made now from the newest articles: titles and standfirsts, which anybody may read, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal.content import lists, queries
from portal.content.lists import Headline
from portal.content.models import Article, Rubric
from portal.newsletters.queries import Letter
from portal.verticals import VerticalInfo


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into a letter: how many articles, of which rubric, and whether a free one leads."""

    length: int
    rubric: str = ""
    free_first: bool = False


_RECIPES: Mapping[str, Recipe] = {
    "hebdo": Recipe(5, free_first=True),
    "alertes": Recipe(1, rubric="infos"),
    "data": Recipe(3, rubric="data"),
}
_USUAL = Recipe(6)


def compose(vertical: VerticalInfo, letter: Letter) -> list[Headline]:
    """The articles of the letter in their order; fewer, or none, when there are not enough."""
    recipe = _RECIPES.get(letter.slug, _USUAL)
    where: list[Any] = [queries.in_vertical(vertical.id)]
    lead = lists.latest(1, *where, queries.free_now()) if recipe.free_first else []
    if recipe.rubric:
        where.append(Article.rubric_id.in_(select(Rubric.id).where(Rubric.slug == recipe.rubric)))
    shown = [item.url for item in lead]
    return [*lead, *lists.latest(recipe.length - len(lead), *where, but=shown)]
