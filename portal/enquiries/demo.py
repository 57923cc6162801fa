"""The demonstration's letters, put to the house and answered as people would, each at its own hour."""

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select

from portal import clock
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import AnySession
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.enquiries.words import TOPICS
from portal.i18n import use_locale

ANSWERS = "support@example.org"
_PLAIN = ("name", "email", "message", "company", "phone")


def load(session: AnySession, folder: Path, now: datetime) -> int:
    """Put the letters that are missing, once the accounts are there; returns how many were put."""
    letters = tomllib.loads((folder / "letters.toml").read_text(encoding="utf-8"))["letters"]
    missing = [letter for letter in letters if not _known(session, letter)]
    for letter in missing:
        came_at = now - timedelta(hours=letter["hours_ago"])
        with clock.frozen(came_at):
            enquiry = _asked(session, letter)
        staff = _reader(session, ANSWERS)
        if "answer" in letter and staff is not None:
            with clock.frozen(came_at + timedelta(hours=2)):
                asking.answer(session, enquiry, letter["answer"], staff)
    return len(missing)


def _known(session: AnySession, letter: dict[str, Any]) -> bool:
    same = select(Enquiry.id).where(Enquiry.email == letter["email"], Enquiry.kind == EnquiryKind(letter["kind"]))
    return bool(session.scalar(select(exists(same))))


def _asked(session: AnySession, letter: dict[str, Any]) -> Enquiry:
    topic, locale = letter.get("topic", ""), letter.get("locale", "fr")
    with use_locale(locale):
        subject = str(TOPICS.get(topic, ""))
    return asking.ask(
        session,
        kind=EnquiryKind(letter["kind"]),
        subject=subject,
        reader_id=_reader(session, letter.get("reader", "")),
        article_id=session.scalar(select(Article.id).where(Article.slug == letter.get("article", ""))),
        facts={**letter.get("facts", {}), **({"topic": topic} if topic else {})},
        locale=locale,
        **{field: letter[field] for field in _PLAIN if field in letter},
    )


def _reader(session: AnySession, email: str) -> int | None:
    return session.scalar(select(Reader.id).where(Reader.email_key == email_key(email)))
