"""One article for every reason for which somebody of the demonstration may, or may not, read one."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from portal import clock
from portal.access.decision import decide
from portal.access.facts import of_account
from portal.access.vocabulary import ANONYMOUS, Outcome, ReaderFacts, Reason
from portal.accounts import readers
from portal.content import lists
from portal.content.models import Article
from portal.content.queries import LISTED
from portal.db import db
from tools.judging.pages import LOCALES, Page
from tools.judging.people import STRANGER, Who, account

_STATUS = {Outcome.FULL: 200, Outcome.PREVIEW: 200, Outcome.GONE: 410, Outcome.ABSENT: 404}


def articles(app: Flask, emails: list[str]) -> tuple[set[Page], list[str]]:
    """An article for each reason, and where each demo account begins; also the reasons that nobody meets."""
    with app.app_context():
        rows = db.session.execute(LISTED.order_by(Article.published_at.desc())).all()
        people = {STRANGER: ANONYMOUS, **dict(_accounts(emails))}
        by_reason: dict[Reason, list[Page]] = {}
        for who, facts in people.items():
            for reason, page in _decided(who, facts, rows):
                by_reason.setdefault(reason, list(_both(page)))
        pages = {page for group in by_reason.values() for page in group}
        pages |= {Page(who, LOCALES[0], "", about="where the hub leads") for who in people if who.email}
        db.session.remove()
        db.engine.dispose()
    return pages, [reason.value for reason in Reason if reason not in by_reason]


def _accounts(emails: list[str]) -> Iterator[tuple[Who, ReaderFacts]]:
    for email in emails:
        reader = readers.by_address(db.session, email)
        if reader is not None:
            yield account(email), of_account(db.session, reader, clock.now())


def _decided(who: Who, facts: ReaderFacts, rows: Any) -> Iterator[tuple[Reason, Page]]:
    for row in rows:
        decision = decide(lists.article_facts(row), facts, clock.now())
        yield decision.reason, Page(who, LOCALES[0], _path(row), _STATUS[decision.outcome], decision.reason.value)


def _both(page: Page) -> Iterator[Page]:
    return (Page(page.who, locale, page.path, page.status, page.about) for locale in LOCALES)


def _path(row: Any) -> str:
    return f"/{row.vertical}/article/{row.slug}"
