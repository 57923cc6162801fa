"""Each demo account is in the state that the hub and README promise, and every row of the table has somebody."""

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from portal import clock
from portal.access.vocabulary import Reason
from portal.content import demo
from portal.content.models import Article, RelatedArticle
from portal.db import db, writing
from portal.dev import rows, showcase
from portal.dev.people import people
from portal.factory import create_app
from portal.settings import ROOT, load
from tests.journeys.house import House

PROSPECT = "prospect@example.org"
OF_ARTICLES = {kind: found.row for kind, found in showcase.KINDS.items() if found.row and kind != "locked"}


@pytest.fixture
def commands(house: House) -> Iterator[FlaskCliRunner]:
    """The command line on the same database and clock."""
    app = create_app(load(house.environ()))
    yield app.test_cli_runner()
    with app.app_context():
        db.engine.dispose()
    clock.share(None)


def reason_of(commands: FlaskCliRunner, email: str, path: str) -> str:
    done = commands.invoke(args=["access", "explain", email, path, "--json"])
    assert done.exit_code == 0, done.output
    return str(json.loads(done.output)["reason"])


def article(commands: FlaskCliRunner, wish: str) -> str:
    with commands.app.app_context():
        found = showcase.find(db.session, wish)
    assert found, f"the demonstration holds no article for “{wish}”"
    return found.path


def test_demo_people_are_in_the_state_they_promise(commands: FlaskCliRunner) -> None:
    promised = {one.email: (article(commands, one.article or "health"), one.row.value) for one in people().accounts}
    shown = {email: (path, reason_of(commands, email, path)) for email, (path, _row) in promised.items()}
    assert shown == promised


def test_articles_show_the_rows_that_are_about_articles(commands: FlaskCliRunner) -> None:
    shown = {kind: reason_of(commands, PROSPECT, article(commands, f"/{kind}")) for kind in OF_ARTICLES}
    assert shown == {kind: row.value for kind, row in OF_ARTICLES.items()}


def test_an_edition_without_trials_shows_the_last_two_rows(commands: FlaskCliRunner) -> None:
    path = article(commands, rows.EDITION)
    trials(commands, open_=False)
    try:
        shown = {reason.value: reason_of(commands, email, path) for reason, email in rows.WITHOUT_TRIALS.items()}
    finally:
        trials(commands, open_=True)
    assert shown == {reason.value: reason.value for reason in rows.WITHOUT_TRIALS}


def trials(commands: FlaskCliRunner, *, open_: bool) -> None:
    with commands.app.app_context(), writing() as unit:
        rows.open_trials(unit, open_)


def test_every_reason_has_somebody_or_an_article() -> None:
    """ANONYMOUS is what the hub's "as a stranger" shows at the locked article."""
    accounts = {one.row for one in people().accounts}
    missing = set(Reason) - accounts - {found.row for found in showcase.KINDS.values()} - set(rows.WITHOUT_TRIALS)
    assert missing == set()


def test_the_whole_set_was_loaded_in_the_states_that_its_files_say(commands: FlaskCliRunner) -> None:
    with commands.app.app_context():
        stated = {row.slug: row.state for row in db.session.execute(select(Article.slug, Article.state))}
        related = db.session.scalar(select(func.count()).select_from(RelatedArticle))
    assert stated == {piece.slug: piece.state for piece in demo.read_pieces(ROOT / "demo")}
    assert related


def test_every_kind_of_article_is_there(commands: FlaskCliRunner) -> None:
    with commands.app.app_context():
        assert set(showcase.KINDS) - set(showcase.find_all(db.session)) == set()


@pytest.mark.parametrize("act", [["db", "upgrade"], ["demo", "load"]])
def test_preparing_again_changes_nothing(commands: FlaskCliRunner, act: list[str]) -> None:
    done = commands.invoke(args=act)
    assert done.exit_code == 0, done.output
    assert not any(word in done.output for word in ("Added", "Made", "Noted", "paid"))
