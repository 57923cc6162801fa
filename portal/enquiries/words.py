"""What kinds and facts of enquiries are called, in the current language: for mails, thank-you pages and the queue."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal.content.models import Article
from portal.db import AnySession
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.formats import day, integer
from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _
from portal.typography import NBSP
from portal.verticals import Vertical
from portal.working_days import answer_by

Rows = list[tuple[str, str]]

KINDS: Mapping[EnquiryKind, object] = {
    EnquiryKind.CONTACT: _("Message"),
    EnquiryKind.RESEARCH: _("Request to mind Research"),
    EnquiryKind.QUOTE: _("Request for a quote"),
    EnquiryKind.ACCESS: _("Help with access"),
}
STATES: Mapping[EnquiryState, object] = {
    EnquiryState.OPEN: _("To answer"),
    EnquiryState.ANSWERED: _("Answered"),
    EnquiryState.CLOSED: _("Closed without an answer"),
}
ARRIVED: Mapping[EnquiryKind, object] = {
    EnquiryKind.CONTACT: _("Your message has reached us"),
    EnquiryKind.RESEARCH: _("Your request has reached mind Research"),
    EnquiryKind.QUOTE: _("Your request for a quote has reached us"),
    EnquiryKind.ACCESS: _("Your request for help has reached us"),
}
_NEXT: Mapping[EnquiryKind, object] = {
    EnquiryKind.CONTACT: _("Our team answers you by e-mail within one working day, on %(day)s at the latest."),
    EnquiryKind.RESEARCH: _(
        "An analyst of mind Research writes to you within one working day, on %(day)s at the latest."
    ),
    EnquiryKind.QUOTE: _(
        "You receive our quote, or a question on what you need, within one working day, on %(day)s at the latest."
    ),
    EnquiryKind.ACCESS: _(
        "Our team looks at your rights and answers you within one working day, on %(day)s at the latest."
    ),
}
TOPICS: Mapping[str, object] = {
    "subscription": _("Subscription, payment or invoice"),
    "reading": _("Reading an article"),
    "newsroom": _("Newsroom (a correction, a piece of news)"),
    "advertising": _("Advertising and partnerships"),
    "data": _("My personal data"),
    "other": _("Another subject"),
}


def next_step(kind: EnquiryKind, asked_at: datetime) -> str:
    """Who answers, and until when at the latest."""
    return str(_NEXT[kind]) % {"day": day(answer_by(asked_at), weekday=True, year=False)}


def heading(enquiry: Enquiry) -> str:
    """What an enquiry is called in the queue: its kind, and its subject or its number of licences."""
    kind, seats = str(KINDS[enquiry.kind]), enquiry.facts.get("seats")
    about = ngettext("%(num)s licence", "%(num)s licences", seats) if seats else _subject(enquiry)
    return gettext("%(term)s: %(value)s", term=kind, value=about) if about else kind


def _subject(enquiry: Enquiry) -> str:
    return str(TOPICS.get(enquiry.facts.get("topic", ""), enquiry.subject))


def facts(session: AnySession, enquiry: Enquiry) -> Rows:
    """What the form knew beside the message, as terms and values."""
    known = enquiry.facts
    found = [
        (gettext("Subject"), _subject(enquiry)),
        (gettext("Article"), _title(session, enquiry.article_id)),
        (gettext("Titles"), _verticals(session, known.get("verticals") or [])),
        (gettext("Licences"), integer(known["seats"]) if known.get("seats") else ""),
        (gettext("Wished start"), day(date.fromisoformat(known["start"])) if known.get("start") else ""),
        (gettext("Company"), enquiry.company),
        (gettext("SIREN"), siren_words(known.get("siren") or "")),
        (gettext("Phone"), enquiry.phone),
    ]
    return [(term, value) for term, value in found if value]


def explanation(enquiry: Enquiry) -> Rows:
    """The explanation that came with a question about access; nothing for what is not pairs."""
    pairs: Any = enquiry.facts.get("explanation") or []
    return [(str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, (list, tuple)) and len(pair) == 2]


def siren_words(siren: str) -> str:
    """Nine figures as they are written: three by three."""
    return NBSP.join(siren[start : start + 3] for start in range(0, len(siren), 3))


def _title(session: AnySession, article_id: int | None) -> str:
    return "" if article_id is None else session.scalar(select(Article.title).where(Article.id == article_id)) or ""


def _verticals(session: AnySession, slugs: list[str]) -> str:
    statement = select(Vertical.name).where(Vertical.slug.in_(slugs)).order_by(Vertical.position, Vertical.id)
    return ", ".join(session.scalars(statement)) if slugs else ""
