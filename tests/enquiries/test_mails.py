"""The three mails of an enquiry, in both languages: nothing missing, nothing of another language."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.db import AnySession, writing
from portal.enquiries import asking
from portal.enquiries.models import EnquiryKind
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader, a_vertical

FACTS = {"verticals": ["health"], "seats": 1200, "siren": "732829320", "start": "2026-05-04"}
ARRIVED = {
    "fr": {
        EnquiryKind.CONTACT: "Nous avons bien reçu votre message",
        EnquiryKind.RESEARCH: "mind Research a bien reçu votre demande",
        EnquiryKind.QUOTE: "Nous avons bien reçu votre demande de devis",
        EnquiryKind.ACCESS: "Nous avons bien reçu votre demande d’aide",
    },
    "en": {
        EnquiryKind.CONTACT: "Your message has reached us",
        EnquiryKind.RESEARCH: "Your request has reached mind Research",
        EnquiryKind.QUOTE: "Your request for a quote has reached us",
        EnquiryKind.ACCESS: "Your request for help has reached us",
    },
}
TOLD = {
    "fr": ("au plus tard le mercredi\u00a011\u00a0mars", "1\u202f200", "4\u00a0mai\u00a02026", "732\u00a0829\u00a0320"),
    "en": ("on Wednesday\u00a011\u00a0March at the latest", "1,200", "4\u00a0May\u00a02026", "732\u00a0829\u00a0320"),
}


def sent(session: AnySession, kind: EnquiryKind, locale: str, **more: Any) -> dict[str, Mail]:
    a_vertical("health")
    given: dict[str, Any] = {"name": "Camille Orvault", "email": "camille@atelier.example.org", "message": "Bonjour."}
    with writing(session) as unit:
        enquiry = asking.ask(unit, kind=kind, locale=locale, **(given | more))
    with writing(session) as unit:
        asking.answer(unit, enquiry, "Oui.\n\nNon.", a_reader(role=Role.SUPPORT).id)
    return {mail.kind: mail for mail in session.scalars(select(Mail))}


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("kind", list(EnquiryKind))
def test_every_kind_is_acknowledged_in_its_senders_language(
    session: AnySession, kind: EnquiryKind, locale: str
) -> None:
    mail = sent(session, kind, locale, facts=FACTS)["enquiry_received"]
    assert mail.subject == ARRIVED[locale][kind]
    for word in (*TOLD[locale], "Bonjour.", "mind Health"):
        assert word in mail.text
        assert word in mail.html


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_house_reads_french_whatever_the_sender_speaks(session: AnySession, locale: str) -> None:
    mail = sent(session, EnquiryKind.QUOTE, locale, facts=FACTS)["enquiry_for_staff"]
    assert mail.locale == "fr"
    assert mail.subject == "Demande de devis : Camille Orvault"
    assert "au plus tard le mercredi\u00a011\u00a0mars" in mail.text


@pytest.mark.parametrize(("locale", "before"), [("fr", "Vous aviez écrit"), ("en", "You had written")])
def test_an_answer_carries_its_question(session: AnySession, locale: str, before: str) -> None:
    mail = sent(session, EnquiryKind.CONTACT, locale)["enquiry_answered"]
    assert mail.text.index("Oui.\n\nNon.") < mail.text.index(before) < mail.text.index("Bonjour.")
    assert "http://localhost/contact" in mail.html


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_a_quote_without_a_message_leaves_no_hole(session: AnySession, locale: str) -> None:
    mails = sent(session, EnquiryKind.QUOTE, locale, message="", facts=FACTS)
    for mail in mails.values():
        assert "\n\n\n\n\n" not in mail.text
        assert "None" not in mail.text + mail.html


def test_a_subject_chosen_from_the_list_is_told_in_the_language_of_who_reads(session: AnySession) -> None:
    mails = sent(session, EnquiryKind.CONTACT, "en", subject="My personal data", facts={"topic": "data"})
    assert "My personal data" in mails["enquiry_received"].text
    assert "Mes données personnelles" in mails["enquiry_for_staff"].text


def test_the_longest_names_still_make_a_mail(session: AnySession) -> None:
    more = {"name": "é" * 120, "subject": "à" * 160, "company": "ô" * 120, "message": "x" * 4_000}
    assert len(sent(session, EnquiryKind.CONTACT, "fr", **more)) == 3
