"""Putting a question to the house and answering it: what is kept, who is told, and what is refused."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.identity import AddressError
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, writing
from portal.enquiries import asking
from portal.enquiries.asking import EnquiryError
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader, a_vertical, an_article

QUESTION = "Bonjour,\nvos données sont-elles disponibles au format tableur ?"
HOUSE = "assistance@example.org"


def asked(session: AnySession, **more: Any) -> Enquiry:
    given: dict[str, Any] = {
        "kind": EnquiryKind.CONTACT,
        "name": "Camille Orvault",
        "email": "camille@atelier.example.org",
        "message": QUESTION,
        "locale": "fr",
    }
    with writing(session) as unit:
        return asking.ask(unit, **(given | more))


def mails(session: AnySession, kind: str) -> list[Mail]:
    return list(session.scalars(select(Mail).where(Mail.kind == kind).order_by(Mail.id)))


def acts(session: AnySession) -> list[str]:
    statement = select(AuditEvent.act).where(AuditEvent.target_kind == "enquiry").order_by(AuditEvent.id)
    return list(session.scalars(statement))


@pytest.fixture
def support(app: object) -> Reader:
    return a_reader("support@example.org", role=Role.SUPPORT, name="Noor Belval")


def test_a_question_is_kept_and_both_sides_are_told(session: AnySession) -> None:
    enquiry = asked(session, subject="Une question sur un article")
    kept = session.get_one(Enquiry, enquiry.id)
    assert (kept.state, kept.message, kept.answer) == (EnquiryState.OPEN, QUESTION, "")
    (received,), (staff,) = mails(session, "enquiry_received"), mails(session, "enquiry_for_staff")
    assert received.to_address == "camille@atelier.example.org"
    assert QUESTION in received.text
    assert "un jour ouvré" in received.text
    assert staff.to_address == HOUSE
    assert f"/admin/enquiries/{enquiry.id}" in staff.text
    assert f"/admin/enquiries/{enquiry.id}" in staff.html
    assert acts(session) == ["enquiry.received"]


def test_two_equal_questions_are_two_enquiries_with_mails_of_their_own(session: AnySession) -> None:
    asked(session)
    asked(session)
    assert len(mails(session, "enquiry_received")) == len(mails(session, "enquiry_for_staff")) == 2


def test_the_mails_name_what_the_form_knew(session: AnySession) -> None:
    article = an_article("sans-titre", title="Les comptes de Paylune")
    a_vertical("fintech")
    facts = {"verticals": ["health", "fintech"], "seats": 40, "siren": "123456789", "start": "2026-05-01"}
    asked(session, kind=EnquiryKind.QUOTE, article_id=article.id, company="Atelier Dorne", facts=facts)
    for mail in mails(session, "enquiry_received") + mails(session, "enquiry_for_staff"):
        for word in ("Les comptes de Paylune", "mind Health, mind Fintech", "40", "Atelier Dorne", "1er\u00a0mai"):
            assert word in mail.text
            assert word in mail.html


def test_a_strangers_throw_away_address_is_refused(session: AnySession) -> None:
    with pytest.raises(AddressError):
        asked(session, email="camille@mailinator.com")
    assert not mails(session, "enquiry_received")


def test_what_a_stranger_writes_cannot_become_markup(session: AnySession) -> None:
    asked(session, message="<img src=x onerror=alert(1)>", name="<b>Camille</b>")
    for mail in mails(session, "enquiry_received") + mails(session, "enquiry_for_staff"):
        assert "<img src=x" not in mail.html
        assert "<b>Camille" not in mail.html


def test_an_answer_is_kept_sent_and_noted(session: AnySession, support: Reader) -> None:
    enquiry = asked(session, locale="en", subject="A question on an article")
    with writing(session) as unit:
        asking.answer(unit, enquiry, "  Yes, as a spreadsheet.\n", support.id)
    kept = session.get_one(Enquiry, enquiry.id)
    assert (kept.state, kept.answer) == (EnquiryState.ANSWERED, "Yes, as a spreadsheet.")
    assert kept.answered_by == support.id
    (mail,) = mails(session, "enquiry_answered")
    assert mail.subject == "Our answer: A question on an article"
    assert "Yes, as a spreadsheet." in mail.text
    assert QUESTION in mail.text
    assert acts(session) == ["enquiry.received", "enquiry.answered"]


def test_a_second_answer_is_refused_and_nothing_is_sent(session: AnySession, support: Reader) -> None:
    enquiry = asked(session)
    with writing(session) as unit:
        asking.answer(unit, enquiry, "Oui.", support.id)
    with pytest.raises(EnquiryError) as refused, writing(session) as unit:
        asking.answer(unit, enquiry, "Non.", support.id)
    assert refused.value.code == "answered"
    assert session.get_one(Enquiry, enquiry.id).answer == "Oui."
    assert len(mails(session, "enquiry_answered")) == 1


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_answer_without_words_is_refused(session: AnySession, support: Reader, text: str) -> None:
    enquiry = asked(session)
    with pytest.raises(EnquiryError) as refused, writing(session) as unit:
        asking.answer(unit, enquiry, text, support.id)
    assert refused.value.code == "empty"
    assert session.get_one(Enquiry, enquiry.id).state is EnquiryState.OPEN


def test_closing_writes_to_nobody_and_ends_the_matter(session: AnySession, support: Reader) -> None:
    enquiry = asked(session)
    with writing(session) as unit:
        asking.close(unit, enquiry, support.id)
    assert session.get_one(Enquiry, enquiry.id).state is EnquiryState.CLOSED
    assert not mails(session, "enquiry_answered")
    with pytest.raises(EnquiryError) as refused, writing(session) as unit:
        asking.answer(unit, enquiry, "Oui.", support.id)
    assert refused.value.code == "closed"
