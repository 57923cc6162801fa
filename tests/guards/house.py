"""A furnished house for guards that walk through all of it: one of everything, and an address for every route."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import IntegerConverter
from werkzeug.routing import Rule as Route

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.accounts.models import Reader, SecondAddress
from portal.accounts.second_address import Asker, ask_for_code
from portal.billing import catalogue, offering, terms
from portal.billing.models import Interval, Invoice
from portal.content import documents
from portal.content.models import Author, Category, ResourceKind, Tag
from portal.db import AnySession, db, writing
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind
from portal.newsletters.models import Audience, Newsletter
from portal.organisations import invitations
from portal.organisations.models import Manager, Seat
from portal.organisations.models_team import JoinRequest, MailDomain, ReplacementRequest
from portal.roles import Role
from portal.trials.models import CompanyCap, RequestKind, TrialRequest
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation

ACT = "6121b5a4-7421-4e57-8bfa-a3c3f6eb863f"


@dataclass(frozen=True, slots=True)
class House:
    """Who lives here; `known` are values for the variable parts of addresses, by name."""

    readers: dict[str, Reader | None]
    known: dict[str, str]


def furnish() -> House:
    """Verticals, articles in every state, readers of every kind, plans."""
    with writing() as unit:
        for slug in ("health", "fintech", "media"):
            a_vertical(slug)
        article = an_article("article-ferme", vertical="health")
        documents.attach(unit, article, title="Grille", kind=ResourceKind.PDF, content=b"%PDF-1.4")
        an_article("article-libre", vertical="fintech", access=ArticleAccess.FREE)
        an_article("article-retire", vertical="media", state=ArticleState.WITHDRAWN)
        an_article("article-a-venir", vertical="media", published_at=clock.now() + timedelta(days=2))
        _order_articles(unit, article.primary_vertical_id)
        catalogue.add_default_plans(unit)
        unit.add(_letter(article.primary_vertical_id))
        readers = _readers()
        unit.flush()
        grant_id = unit.scalar(select(Grant.id).where(Grant.source == Source.TRIAL))
        seat = unit.scalars(select(Seat)).one()
        addresses = _addresses(unit, readers["manager"], readers["seat"])
        enquiry = _enquiry(unit, readers["trial"], article.id)
        request = _trial_request(unit, readers["seat"], article.primary_vertical_id)
        team = _team(unit, seat, readers["trial"])
        money = _money(unit, seat.organisation_id, readers["sales"])
    asked = {"enquiry_id": str(enquiry.id), "request_id": str(request.id)}
    return House(readers, {**_known(readers, grant_id), **addresses, **asked, **team, **money})


def _order_articles(unit: AnySession, vertical_id: int) -> None:
    parent = Category(vertical_id=vertical_id, slug="industrie", name="Industrie", name_en="Industry", position=1)
    unit.add(parent)
    unit.flush()
    child = {"vertical_id": vertical_id, "parent_id": parent.id, "slug": "biotech", "position": 1}
    unit.add(Category(name="Biotech", name_en="Biotech", **child))
    unit.add(Tag(vertical_id=vertical_id, slug="donnees", name="Données"))
    unit.add(Author(slug="ines-garrigue", name="Inès Garrigue", job="journaliste"))


def _letter(vertical_id: int) -> Newsletter:
    words = {"name": "La Quotidienne", "about": "Les articles du jour.", "rhythm": "Du lundi au vendredi"}
    return Newsletter(vertical_id=vertical_id, slug="quotidienne", audience=Audience.RIGHT, **words)


def _readers() -> dict[str, Reader | None]:
    trial, buyer, manager = a_reader(), a_reader(), a_reader()
    a_grant(trial, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=5))
    company = an_organisation(manager)
    a_seat(company, buyer)
    a_grant(organisation=company, vertical="health", source=Source.SUBSCRIPTION)
    a_grant(buyer, vertical="media", starts_in=timedelta(days=9), act_id=ACT)
    return {
        "anonymous": None,
        "trial": trial,
        "seat": buyer,
        "manager": manager,
        "unconfirmed": a_reader(confirmed=False),
        **{role.value: a_reader(role=role) for role in Role if role is not Role.READER},
    }


def _addresses(unit: AnySession, manager: Reader | None, other: Reader | None) -> dict[str, str]:
    """The manager has proved another account's address, and asked for the code of one more."""
    assert manager and other
    proved = {"email": other.email, "email_key": other.email_key}
    second = SecondAddress(reader_id=manager.id, proved_at=clock.now(), **proved)
    unit.add(second)
    asker = Asker(manager.id, 0)
    proof = ask_for_code(unit, asker, email="encore@clinique.example.org", locale="fr")
    unit.flush()
    return {"proof_id": str(proof.id), "second_id": str(second.id)}


def _enquiry(unit: AnySession, reader: Reader | None, article_id: int) -> Enquiry:
    """A question with everything a form may know."""
    assert reader
    facts = {"verticals": ["health"], "seats": 40, "explanation": [["mind Health", "Essai en cours"]]}
    asked = {"name": "Inès Garrigue", "email": reader.email, "message": "Une question."}
    about = {"reader_id": reader.id, "article_id": article_id, "facts": facts}
    return asking.ask(unit, kind=EnquiryKind.RESEARCH, locale="fr", **asked, **about)


def _team(unit: AnySession, seat: Seat, asker: Reader | None) -> dict[str, str]:
    """Beside the seat: an invitation, a domain, a wish to join, a replacement asked for, and who looks after it all."""
    assert asker
    here = {"organisation_id": seat.organisation_id}
    office = unit.scalars(select(Manager).filter_by(**here)).one()
    offered = invitations.invite(unit, seat.organisation_id, "bientot@clinique.example.org", actor_id=office.reader_id)
    wish = JoinRequest(reader_id=asker.id, created_at=clock.now(), **here)
    address = {"email": "apres@clinique.example.org", "email_key": "apres@clinique.example.org", "reply": ""}
    asked = ReplacementRequest(seat_id=seat.id, asked_by=office.reader_id, created_at=clock.now(), **address, **here)
    domain = MailDomain(domain="clinique.example.org", proved_by=office.reader_id, proved_at=clock.now(), **here)
    unit.add_all((wish, asked, domain))
    unit.flush()
    rows = {"seat_id": seat, "invitation_id": offered, "wish_id": wish, "asked_id": asked, "manager_id": office}
    known = {name: str(row.id) for name, row in rows.items()}
    return {**known, "domain_id": str(domain.id), "organisation_id": str(seat.organisation_id)}


def _money(unit: AnySession, organisation_id: int, writer: Reader | None) -> dict[str, str]:
    """A quote that nobody was sent, and an invoice that waits for a transfer."""
    assert writer
    details = {"company": "Clinique", "email": "ada@clinique.example.org", "locale": "fr", "quantity": 30}
    details |= {"terms_days": 30, "grace_days": 15, "valid_until": clock.now() + timedelta(days=30)}
    wish = offering.QuoteWish(frozenset({"health"}), Interval.YEAR, details)
    quote = offering.write(unit, wish, actor_id=writer.id)
    amounts = {"subtotal": 8900, "tax": 187, "total": 9087, "amount_paid": 0, "amount_due": 9087}
    owed = {"status": "open", "currency": "eur", "number": "MIND-1", "due_at": clock.now() + timedelta(days=20)}
    invoice = Invoice(stripe_id="in_1", organisation_id=organisation_id, created_at=clock.now(), **amounts, **owed)
    unit.add(invoice)
    unit.flush()
    return {"quote_id": str(quote.id), "invoice_id": str(invoice.id)}


def _trial_request(unit: AnySession, reader: Reader | None, vertical_id: int) -> TrialRequest:
    """A wish for a trial, beside a company with a number of its own."""
    assert reader
    unit.add(CompanyCap(company_key="clinique.example", cap=1, changed_at=clock.now()))
    kind, at = RequestKind.COMPANY_CAP, clock.now()
    wish = TrialRequest(kind=kind, reader_id=reader.id, vertical_id=vertical_id, created_at=at)
    unit.add(wish)
    unit.flush()
    return wish


def _known(readers: dict[str, Reader | None], grant_id: int | None) -> dict[str, str]:
    trial = readers["trial"]
    assert trial and grant_id
    return {
        "vertical": "health",
        "slug": "article-ferme",
        "rubric": "infos",
        "category": "industrie",
        "sub": "biotech",
        "tag": "donnees",
        "author": "ines-garrigue",
        "reader_id": str(trial.id),
        "grant_id": str(grant_id),
        "act_id": ACT,
        "token": "jeton-que-personne-ne-connait",
        "digest": "0123456789",
        "filename": "favicon.svg",
        "name": "terms-of-sale",
        "version": terms.CURRENT,
        "letter": "quotidienne",
        "document": "grille",
        "ending": "pdf",
        "session_id": "1",
        "kind": "research",
        "copy_id": "1",
        "part": "1",
        "company": "clinique.example",
        "event_id": "evt_unknown",
        "subscription_id": "1",
        "dispute_id": "1",
    }


def address(app: Flask, route: Route, known: dict[str, str]) -> str:
    """A real address for a route; a variable part nobody knows is a fault of the guard, so it raises."""
    unknown = set(route.arguments) - set(known)
    if unknown:
        raise LookupError(f"tests/guards/house.py knows no value for {unknown} in {route.rule}.")
    values = {name: _typed(known[name], route, name) for name in route.arguments if name in route._converters}
    values |= route.defaults or {}
    return app.url_map.bind("localhost").build(route.endpoint, values)


def _typed(value: str, route: Route, name: str) -> str | int:
    return int(value) if isinstance(route._converters[name], IntegerConverter) else value


def pages(app: Flask, known: dict[str, str]) -> list[str]:
    """An address for every route that answers GET."""
    routes = [route for route in app.url_map.iter_rules() if "GET" in (route.methods or set())]
    return sorted({address(app, route, known) for route in routes})


def contents() -> dict[str, list[dict[str, object]]]:
    """Everything the database holds, table by table, row by row."""
    return {
        table.name: sorted((dict(row) for row in db.session.execute(select(table)).mappings()), key=repr)
        for table in db.metadata.sorted_tables
    }
