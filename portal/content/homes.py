"""Front pages: the site's and each vertical's."""

from dataclasses import dataclass

from flask import render_template
from sqlalchemy import select

from portal.content import lists, queries
from portal.content.fronts import access_chip, find_vertical, named, offer, tagline
from portal.content.models import Article, Category, Rubric
from portal.content.views import blueprint
from portal.db import db
from portal.verticals import VerticalInfo, all_verticals
from portal.web import PUBLIC, allow

FIRST, LOOKED_AT, ALSO, PER_COLUMN = 5, 10, 6, 4
_NEWS = "infos"


@dataclass(frozen=True, slots=True)
class Band:
    """A strip of the home page."""

    vertical: VerticalInfo
    tagline: str
    items: list[lists.Headline]


@dataclass(frozen=True, slots=True)
class Column:
    """The newest of a rubric on a vertical's front page."""

    name: str
    url: str
    items: list[lists.Headline]


@blueprint.get("/")
@allow(PUBLIC)
def home() -> str:
    """A lead and four more, a band for each vertical, and what is free."""
    offer()
    front = _led(lists.latest(LOOKED_AT))
    shown = [item.url for item in front]
    bands = []
    for vertical in all_verticals(db.session):
        items = lists.latest(4, Article.primary_vertical_id == vertical.id, but=shown)
        bands.append(Band(vertical, tagline(vertical), items))
    free_items = lists.latest(4, queries.free_now())
    return render_template("content/home.html", front=front, bands=bands, free=free_items)


def _led(items: list[lists.Headline]) -> list[lists.Headline]:
    """The newest, led by the first among them that has a drawing: long pieces lead, news follow."""
    lead = next((item for item in items if item.cover), items[0]) if items else None
    return [lead, *(item for item in items if item is not lead)][:FIRST] if lead else []


@blueprint.get("/<slug:vertical>/")
@allow(PUBLIC)
def vertical_home(vertical: str) -> str:
    """A vertical's front page: a lead, what was published since, and a column for each slower rubric."""
    offer()
    here = find_vertical(vertical)
    front = _led(lists.latest(LOOKED_AT, queries.in_vertical(here.id)))
    shown = [item.url for item in front]
    also = lists.latest(ALSO, queries.in_vertical(here.id), but=shown)
    columns = _columns(here, [*shown, *(item.url for item in also)])
    about = {"here": here, "tagline": tagline(here), "chip": access_chip(here), "subjects": _subjects(here)}
    return render_template("content/vertical.html", front=front, also=also, columns=columns, **about)


def _columns(here: VerticalInfo, shown: list[str]) -> list[Column]:
    rows = db.session.execute(select(Rubric.id, Rubric.slug, Rubric.name, Rubric.name_en).order_by(Rubric.position))
    columns = []
    for row in rows.all():
        if row.slug != _NEWS:
            where = (queries.in_vertical(here.id), Article.rubric_id == row.id)
            items = lists.latest(PER_COLUMN, *where, but=shown)
            columns.append(Column(named(row), f"/{here.slug}/rubric/{row.slug}", items))
    return [column for column in columns if column.items]


def _subjects(here: VerticalInfo) -> list[tuple[str, str]]:
    statement = select(Category.slug, Category.name, Category.name_en)
    statement = statement.where(Category.vertical_id == here.id, Category.parent_id.is_(None))
    rows = db.session.execute(statement.order_by(Category.position))
    return [(named(row), f"/{here.slug}/category/{row.slug}") for row in rows]
