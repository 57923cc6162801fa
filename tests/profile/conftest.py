"""A reader with nothing, and the same with something in every room that can hold a word of theirs."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import audit, clock
from portal.accounts import address_change, recovery, registration, second_factor, suspension, tokens
from portal.accounts.models import Reader, SecondAddress, TokenPurpose
from portal.accounts.models_security import SignInCode
from portal.accounts.second_address import Asker, ask_for_code
from portal.billing.models import Invoice
from portal.billing.models_invoiced import QuoteState, WrittenQuote
from portal.db import AnySession, writing
from portal.enquiries import asking
from portal.enquiries.models import EnquiryKind
from portal.newsletters.models import Audience, Newsletter, NewsletterChoice
from portal.organisations import invitations, inviting
from portal.organisations import mails as organisation_mails
from portal.organisations.inviting import Inviter
from portal.organisations.models import Organisation, OrganisationKind, Seat
from portal.organisations.models_team import JoinRequest, MailDomain, ReplacementRequest
from portal.profile import copies
from portal.reading import saved
from portal.reading.models import Reading
from portal.roles import Role
from portal.trials import start
from portal.trials.models import RequestKind, TrialRequest
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation
from tests.conftest import NOON
from tests.forms import sign_in
from tests.profile.erasing import ADDRESS, COMPANY, NAME, PASSWORD


@pytest.fixture
def zoe(app: Flask) -> Reader:
    """A reader without anything."""
    return a_reader(ADDRESS, name=NAME, company=COMPANY, password=PASSWORD, origin={"utm_source": NAME}, locale="fr")


@pytest.fixture
def full(zoe: Reader, client: FlaskClient) -> Reader:
    """The same reader with something in every room that can hold a word of theirs."""
    article = an_article("un-article")
    own = an_organisation(zoe, name=NAME, kind=OrganisationKind.INDIVIDUAL, billing_email=ADDRESS, street="3, rue X")
    company = an_organisation(a_reader("boss@example.org"), name="Clinique du Parc", billing_email=ADDRESS.lower())
    seat = a_seat(company, zoe)
    friend = a_reader("friend@example.org")
    sign_in(client, zoe, device=f"Browser of {NAME}")
    with writing() as unit:
        reader = unit.get_one(Reader, zoe.id)
        start.start(unit, reader, ["health"], clock.now())
        a_grant(reader, vertical="media", reason=f"Promised to {NAME}")
        _accounts(unit, reader, friend)
        _questions(unit, reader, article.id)
        unit.add(_an_invoice(own))
        unit.add(_a_quote())
        invitations.invite(unit, company.id, ADDRESS, actor_id=None)
        offered = invitations.invite(unit, own.id, "collegue@example.org", actor_id=zoe.id)
        inviting.send(unit, Inviter(own, zoe.id, "fr"), offered)
        _wishes(unit, reader, company, seat)
        organisation_mails.accounts_linked(unit, friend, reader, seats=["Clinique du Parc"], offices=[], locale="fr")
        letter = Newsletter(
            vertical_id=article.primary_vertical_id, slug="q", name="Q", about="", rhythm="", audience=Audience.RIGHT
        )
        unit.add(letter)
        unit.flush()
        unit.add(NewsletterChoice(reader_id=reader.id, newsletter_id=letter.id, wanted=True, changed_at=NOON))
        unit.add(Reading(reader_id=reader.id, article_id=article.id, day=NOON.date(), first_at=NOON))
        saved.save(unit, reader.id, article.id)
        copies.ask(unit, reader.id)
    copies.make_due()
    return zoe


def _a_quote() -> WrittenQuote:
    """An offer that was written to the reader, with a word about them."""
    terms = {"quantity": 30, "vat_basis_points": 210, "terms_days": 30, "grace_days": 15, "state": QuoteState.DRAFT}
    words = {"company": "Clinique du Parc", "recipient": NAME, "email": ADDRESS, "note": f"For {NAME}", "locale": "fr"}
    return WrittenQuote(created_at=NOON, valid_until=NOON, **terms, **words)


def _accounts(unit: AnySession, reader: Reader, friend: Reader) -> None:
    salt = second_factor.new_salt()
    second_factor.confirm(unit, reader, salt, second_factor.code_at(salt, clock.wall()))
    tokens.issue(unit, reader, TokenPurpose.RESET_PASSWORD)
    recovery.ask_for_reset(unit, email=ADDRESS, locale="fr", network="x")
    address_change.ask(unit, reader.id, email="zoe@perso.fr", locale="fr")
    address_change.ask(unit, friend.id, email=ADDRESS, locale="fr")
    suspension.suspend(unit, reader, f"A word about {NAME}", actor_id=None)
    suspension.lift(unit, reader, "A mistake", actor_id=None)
    ask_for_code(unit, Asker(reader.id, 0), email="zoe@autre.fr", locale="fr")
    ask_for_code(unit, Asker(friend.id, 0), email=ADDRESS, locale="fr")
    for owner, address in ((reader, "zoe@autre.fr"), (friend, ADDRESS)):
        unit.add(SecondAddress(reader_id=owner.id, email=address, email_key=address.lower(), proved_at=NOON))
    registration.request(
        unit, email=ADDRESS, password_hash="x", locale="fr", intent={}, browser_secret="y", name=NAME, company=COMPANY
    )
    for owner_id in (reader.id, None):
        unit.add(
            SignInCode(
                reader_id=owner_id,
                email=ADDRESS,
                email_key=reader.email_key,
                browser_hash=b"b",
                code_hash=b"c",
                created_at=NOON,
                expires_at=NOON,
            )
        )
    audit.record(unit, "address.proved", target=("reader", friend.id), personal={"email": ADDRESS})
    audit.record(unit, "seat.invited", target=("organisation", 1), personal={"email": ADDRESS})


def _wishes(unit: AnySession, reader: Reader, company: Organisation, seat: Seat) -> None:
    """A licence asked for, a domain proved, a replacement asked for, each under the person's name or address."""
    here = {"organisation_id": company.id}
    unit.add(JoinRequest(reader_id=reader.id, created_at=NOON, **here))
    named = {"email": ADDRESS, "email_key": ADDRESS.lower()}
    unit.add(ReplacementRequest(seat_id=seat.id, asked_by=reader.id, created_at=NOON, reply="", **named, **here))
    unit.add(MailDomain(domain="clinique.example.org", proved_by=reader.id, proved_at=NOON, **here))


def _questions(unit: AnySession, reader: Reader, article_id: int) -> None:
    words = {"name": NAME, "email": ADDRESS, "company": COMPANY, "phone": "06", "subject": f"{NAME} demande"}
    asked = {**words, "message": f"Je suis {NAME} de {COMPANY}", "locale": "fr", "article_id": article_id}
    mine = asking.ask(unit, kind=EnquiryKind.ACCESS, reader_id=reader.id, facts={"explanation": [[NAME, "x"]]}, **asked)
    asking.ask(unit, kind=EnquiryKind.CONTACT, **asked)  # not signed in
    asking.answer(unit, mine, f"Bonjour {NAME}", a_reader("support@example.org", role=Role.SUPPORT).id)
    request = {"kind": RequestKind.EXTENSION, "reader_id": reader.id, "created_at": NOON, "message": f"{NAME} prie"}
    unit.add(TrialRequest(vertical_id=a_vertical("health").id, **request))


def _an_invoice(organisation: Organisation) -> Invoice:
    amounts = dict.fromkeys(("subtotal", "tax", "total", "amount_paid", "amount_due"), 100)
    about = {"number": "F-1", "status": "paid", "currency": "eur", "created_at": NOON}
    return Invoice(stripe_id="in_1", organisation_id=organisation.id, **about, **amounts)
