"""What people can type where a name, a company or a search is asked for, and what becomes of it.

Signs that break the line or turn the text around them are refused beside their field; signs that show nothing are left
out; everything else is somebody's name. No name forges a header of a mail.
"""

from email import message_from_bytes

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import PendingRegistration, Reader
from portal.db import AnySession, writing
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.mailer import compose
from portal.outbox import Mail
from portal.roles import Role
from portal.verticals import forget_site_verticals
from tests.builders import a_reader, a_vertical
from tests.forms import sign_in, submit

REFUSED = {
    "nul": "Cl\0aire",
    "a line and a header": "Claire\r\nBcc: all@example.org",
    "a line of another system": "Claire\x85Bcc: all@example.org",
    "a line of Unicode": "Claire\u2028x",
    "right to left": "\u202eeriaC",
    "isolated": "Claire\u2066x",
    "bell": "Cl\x07aire",
}
KEPT = {
    "emoji": ("👩\u200d⚕️ Claire", "👩\u200d⚕️ Claire"),
    "from anywhere": ("Zoé d’Ornano-Lévêque 王小明 علي\u200cرضا", "Zoé d’Ornano-Lévêque 王小明 علي\u200cرضا"),
    "invisible signs": ("Cl\u200bai\u2060re\ufeff", "Claire"),
    "nothing to be seen": (" \u200b\u200d \u200c\ufeff", ""),
    "a surrogate alone": (b"Cl\xed\xa0\x80aire", "Cl%ED%A0%80aire"),  # bytes that are no text stay as they were sent
}
ADDRESS = "claire@clinique.example.org"
LETTER = {"email": ADDRESS, "message": "Une question.", "topic": "newsroom", "verticals": ["health"], "seats": "40"}
NEW = {"email": ADDRESS, "password": "quatre mots sans rapport", "verticals": ["health"]}
PAGES: dict[str, tuple[tuple[str, ...], dict[str, object]]] = {
    "/register": (("name", "company"), NEW),
    "/trial": (("name", "company"), NEW),
    "/profile/identity": (("name", "company"), {"locale": "fr", "theme": "auto"}),
    "/contact": (("name",), LETTER),
    "/research": (("name", "company"), LETTER),
    "/quote": (("name", "company"), LETTER),
}


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    a_vertical()
    forget_site_verticals()


def sent(client: FlaskClient, page: str, text: str | bytes) -> tuple[int, str]:
    """Status and page after this was typed into every such field."""
    if page.startswith("/profile"):
        sign_in(client, a_reader())
    fields, more = PAGES[page]
    answer = submit(client, page, {**more, **dict.fromkeys(fields, text)})
    return answer.status_code, answer.text


@pytest.mark.parametrize("page", PAGES)
def test_what_would_break_or_turn_its_line_is_refused_beside_its_field(
    client: FlaskClient, session: AnySession, page: str
) -> None:
    for kind, typed in REFUSED.items():
        status, text = sent(client, page, typed)
        assert status == 422, kind
        assert all(f'id="{field}-error"' in text for field in PAGES[page][0]), kind
    assert kept(session) == []


@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("page", PAGES)
def test_every_other_name_is_kept_as_it_is_seen(client: FlaskClient, session: AnySession, page: str, kind: str) -> None:
    typed, seen = KEPT[kind]
    status, text = sent(client, page, typed)
    if seen or page in ("/register", "/trial", "/profile/identity"):
        assert (status, kept(session)) == (303, [seen] * bool(seen)), text
    else:
        assert status == 422 and 'id="name-error"' in text  # a letter has a sender


def kept(session: AnySession) -> list[str]:
    """The names that are in the database now."""
    session.rollback()
    return [
        name for table in (Reader, PendingRegistration, Enquiry) for name in session.scalars(select(table.name)) if name
    ]


@pytest.mark.parametrize("page", ["/search", "/admin/readers", "/profile/access"])
def test_a_search_for_anything_is_a_search(client: FlaskClient, page: str) -> None:
    sign_in(client, a_reader(role=Role.ADMIN))
    for text in (*REFUSED.values(), *(typed for typed, _seen in KEPT.values())):
        answer = client.get(page, query_string={"q": text, "article": text})
        assert answer.status_code == (404 if page == "/profile/access" else 200) and "<h1" in answer.text, text


def test_no_name_forges_a_header_of_a_mail(session: AnySession) -> None:
    """As if a form had let it through, or a row came from elsewhere."""
    forged = "Claire\r\nBcc: all@example.org\r\n\r\nHello"
    with writing() as unit:
        asking.ask(
            unit, kind=EnquiryKind.CONTACT, locale="fr", name=forged, email=ADDRESS, message="Bonjour.", subject=forged
        )
    mails = session.scalars(select(Mail)).all()
    assert any("Bcc" in mail.subject for mail in mails)
    for mail in mails:
        received = message_from_bytes(compose(mail, "mind <assistance@example.org>").as_bytes())
        assert "Bcc" not in received and "Content-Type" in received
