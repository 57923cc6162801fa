"""Saving articles: revisions, addresses, states."""

from datetime import timedelta

import pytest

from portal import clock
from portal.access.vocabulary import ArticleState
from portal.content import articles
from portal.content.articles import ArticleError
from portal.content.models import ArticleSearch, ArticleText, Author, FormerSlug
from portal.db import AnySession, writing
from portal.history import as_of
from tests.builders import a_rubric, a_vertical
from tests.content.helpers import CANARY, FIGURE, saved


def manuscript(**more: object) -> articles.Manuscript:
    values = {
        "title": "Deux",
        "standfirst": "Chapô.",
        "source": "Texte.",
        "verticals": [a_vertical()],
        "rubric": a_rubric(),
    }
    return articles.Manuscript(**{**values, **more})  # type: ignore[arg-type]


def test_what_is_saved_is_ready_to_be_shown(session: AnySession) -> None:
    article = saved(title="L'essai : oui")
    text = session.get_one(ArticleText, article.id)
    assert article.title == "L’essai\u00a0: oui"
    assert CANARY in text.body_html
    assert "canari" not in text.preview_html
    assert text.figures[0]["label"] == FIGURE
    assert article.tables_locked == 1
    assert 0 < article.words_locked < article.words


def test_every_saved_change_makes_a_new_revision(session: AnySession) -> None:
    article = saved()
    before = article.revision
    with writing() as unit:
        articles.change(unit, article.id, manuscript())
    assert articles.load(session, article.id).revision == before + 1
    with writing() as unit:
        articles.withdraw(unit, article.id)
    assert articles.load(session, article.id).revision == before + 2


def test_only_the_title_the_standfirst_and_the_preview_can_be_searched(session: AnySession) -> None:
    article = saved(title="Élections à l’hôpital")
    folded = session.get_one(ArticleSearch, article.id).folded
    assert "elections a l'hopital" in folded
    assert "guichet" in folded
    assert "canari" not in folded


def test_an_article_published_ahead_of_its_hour_is_scheduled(session: AnySession) -> None:
    article = saved(at=clock.now() + timedelta(hours=1))
    assert article.state is ArticleState.SCHEDULED


def test_two_articles_cannot_have_one_address(session: AnySession) -> None:
    saved("pareil")
    with pytest.raises(ArticleError, match="pareil"):
        saved("pareil")


def test_a_former_address_stays_with_its_article(session: AnySession) -> None:
    article = saved("avant")
    with writing() as unit:
        articles.move(unit, article.id, "apres")
    with pytest.raises(ArticleError, match="avant"):
        saved("avant")
    with writing() as unit:
        articles.move(unit, article.id, "avant")
    assert session.query(FormerSlug.slug).all() == [("apres",)]


def test_an_article_without_a_vertical_is_refused(session: AnySession) -> None:
    with pytest.raises(ArticleError, match="vertical"), writing() as unit:
        articles.create(unit, "seul", manuscript(verticals=[]))


def test_authors_keep_the_order_of_the_byline(session: AnySession) -> None:
    with writing() as unit:
        names = [Author(slug=slug, name=slug.title()) for slug in ("zoe", "anna", "marc")]
        unit.add_all(names)
        unit.flush()
        article = articles.create(unit, "signe", manuscript(authors=names))
        articles.change(unit, article.id, manuscript(authors=[names[2], names[0]]))
    lines = articles.load(session, article.id).bylines
    assert [line.author_id for line in lines] == [names[2].id, names[0].id]


def test_what_decisions_need_of_an_article_is_kept_for_replay(session: AnySession) -> None:
    article = saved(others=("fintech",))
    facts = as_of(session, "article", [article.id], clock.now())[article.id]
    assert facts["state"] == "published"
    assert facts["vertical_ids"] == [a_vertical("health").id, a_vertical("fintech").id]


def test_a_text_cannot_hold_the_marks_of_kept_pages(session: AnySession) -> None:
    article = saved(title="Un \ue000csrf\ue000", source="\ue000csrf\ue000 ici. " * 20)
    assert article.title == "Un csrf"
    assert "\ue000" not in session.get_one(ArticleText, article.id).body_html
