"""Quotes as people meet them: the document, the form that accepts it, the back office's pages, money that arrives."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.audit import AuditEvent, AuditPersonal
from portal.billing import sync
from portal.billing.models import Invoice
from portal.billing.models_invoiced import InvoiceOrder, OrderState, QuoteState, WrittenQuote
from portal.billing.quote_documents import number_of
from portal.db import db, end_reading, writing
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.organisations.models import Organisation
from portal.roles import Role
from tests.billing.quoting import FORM, accepts, an_order, sent
from tests.billing.world import World
from tests.builders import a_reader, an_organisation
from tests.conftest import NOON
from tests.forms import sign_in, submit

DAY = timedelta(days=1)
WRITTEN: dict[str, Any] = {
    "company": "Laboratoires Ravenel",
    "recipient": "Ada Morvan",
    "email": "ada@ravenel.example.org",
    "locale": "fr",
    "siren": "",
    "vat_number": "",
    "country": "FR",
    "titles": ["health", "fintech", "media"],
    "quantity": "40",
    "interval": "year",
    "terms_days": "45",
    "grace_days": "15",
    "valid_until": "2026-04-09",
    "note": "Comme convenu au téléphone.",
}


def one(model: type[Any]) -> Any:
    end_reading()
    return db.session.scalars(select(model)).one()


def plain(text: str) -> str:
    """Without the blanks that hold words together."""
    return text.replace("\u202f", " ").replace("\xa0", " ")


def staff(world: World, role: Role = Role.SALES) -> FlaskClient:
    client = world.client()
    sign_in(client, a_reader(role=role))
    return client


def test_a_stranger_reads_the_quote_and_comes_back_to_it_after_signing_in(world: World) -> None:
    path = f"/quote/{sent()}"
    answer = world.client().get(path)
    text = answer.text
    number = number_of(db.session.scalars(select(WrittenQuote)).one())
    for part in (f"Devis {number}", "26 700,00", "560,70", "27 260,70", "40 €", "FR76 3000", "9 avril 2026 inclus"):
        assert part in plain(text), part
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "private, no-store"
    assert f"/login?next={path}" in text and f"/register?next={path}" in text and "Accepter et commander" not in text
    assert world.client().get("/quote/un-jeton-que-personne-ne-connait").status_code == 410
    posted = submit(world.client(), path, FORM)
    assert posted.status_code == 303 and posted.location.startswith("/login")
    assert one(WrittenQuote).state is QuoteState.SENT


def test_accepting_on_the_page_opens_and_tells_what_to_pay_by_when(world: World) -> None:
    buyer = world.buyer()
    path = f"/quote/{sent()}"
    answer = submit(buyer.client, path, FORM)
    assert (answer.status_code, answer.location) == (303, "/billing/")
    page = plain(buyer.client.get("/billing/").text)
    order, invoice = one(InvoiceOrder), one(Invoice)
    assert order.state is OrderState.OPEN and order.purchase_reference == "PO-4711"
    for part in (f"Facture {invoice.number}", "9 avril 2026", "24 avril 2026", "AGRIFRPP", "PO-4711"):
        assert part in page, part
    assert "Modifier ma carte" not in page and "27 novembre 2026" in page
    again = submit(buyer.client, path, FORM, page="/billing/")
    assert again.location == "/billing/" and len(db.session.scalars(select(InvoiceOrder)).all()) == 1
    assert "devenu une commande" in buyer.client.get(path).text


def test_a_form_that_lacks_something_says_what_and_keeps_the_rest(world: World) -> None:
    buyer = world.buyer()
    path = f"/quote/{sent(public_body=True)}"
    wrong = {**FORM, "terms": "", "city": "", "service_code": "COMPTA-9", "commitment_number": "EJ-88"}
    answer = submit(buyer.client, path, wrong)
    assert answer.status_code == 422
    for part in ("Saisissez le SIRET (14 chiffres)", "Saisissez la ville", "Lisez et acceptez le devis", "COMPTA-9"):
        assert part in answer.text, part
    right = {**wrong, "terms": "y", "city": "Lyon", "siren": "732 829 320 00074"}
    assert submit(buyer.client, path, right).status_code == 303
    assert one(InvoiceOrder).commitment_number == "EJ-88"
    assert one(Organisation).kind == "public"


def test_only_who_manages_the_organisation_accepts_and_anybody_declines(world: World) -> None:
    manager = a_reader()
    firm = an_organisation(manager)
    path = f"/quote/{sent(organisation_id=firm.id)}"
    other = world.buyer()
    assert "Seuls les gestionnaires" in other.client.get(path).text
    assert submit(other.client, path, FORM, page="/profile/identity").status_code == 303
    assert one(WrittenQuote).state is QuoteState.SENT
    stranger = world.client()
    assert submit(stranger, f"{path}/decline", page=path).status_code == 303
    assert one(WrittenQuote).state is QuoteState.DECLINED
    assert [mail.to_address for mail in world.mails("quote_answered")] == ["assistance@example.org"]
    assert submit(stranger, f"{path}/decline", page="/login").status_code == 303  # twice changes nothing
    assert "Refusé le" in stranger.get(path).text


def test_whoever_cannot_order_now_is_told_before_filling_anything_in(world: World) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    page = buyer.client.get(f"/quote/{sent()}").text
    assert "a déjà un abonnement" in page and "Accepter et commander" not in page


def test_an_expired_quote_says_so_and_asks_for_another(world: World) -> None:
    buyer = world.buyer()
    path = f"/quote/{sent(valid_until=NOON + DAY)}"
    with clock.frozen(NOON + DAY):
        page = buyer.client.get(path)
        assert "n’est plus valable" in page.text and "Accepter et commander" not in page.text
        assert submit(buyer.client, path, FORM, page="/profile/identity").location == path
    assert db.session.scalars(select(InvoiceOrder)).all() == []


def test_while_stripe_is_silent_the_order_is_kept_and_told(world: World) -> None:
    buyer = world.buyer()
    path = f"/quote/{sent()}"
    world.sandbox.control("outage", seconds=60)
    answer = submit(buyer.client, path, FORM)
    assert (answer.status_code, answer.location) == (303, "/billing/")
    assert "est enregistrée, et en cours de transmission" in buyer.client.get("/billing/").text
    assert (
        "une facture à régler"
        in buyer.client.get("/billing/checkout?price=health-month-eur", follow_redirects=True).text
    )
    world.sandbox.control("outage", seconds=0)
    assert submit(buyer.client, path, FORM, page="/billing/").location == "/billing/"  # the same button goes on
    assert one(InvoiceOrder).opened_at is not None


def test_sales_write_from_a_request_look_and_send(world: World) -> None:
    with writing() as unit:
        facts = {"verticals": ["health", "fintech", "media"], "seats": 40, "siren": "732829320"}
        asked = {"name": "Ada Morvan", "email": "ada@ravenel.example.org", "message": "", "company": "Ravenel"}
        enquiry = asking.ask(unit, kind=EnquiryKind.QUOTE, locale="fr", facts=facts, **asked).id
    client = staff(world)
    assert f"/admin/quotes/new?enquiry={enquiry}" in client.get(f"/admin/enquiries/{enquiry}").text
    new = f"/admin/quotes/new?enquiry={enquiry}"
    page = client.get(new).text
    assert 'value="40"' in page and "Ravenel" in page and 'value="732829320"' in page
    assert submit(client, new, {**WRITTEN, "titles": [], "grace_days": "99"}).status_code == 422
    answer = submit(client, new, WRITTEN)
    assert answer.status_code == 303
    shown = client.get(answer.location).text
    assert "mind Intégrale" in shown and "Comme convenu" in shown and world.mails("quote_sent") == []
    assert submit(client, f"{answer.location}/edit", {**WRITTEN, "quantity": "41"}).status_code == 303
    assert submit(client, f"{answer.location}/send", page=answer.location).status_code == 303
    assert one(Enquiry).state is EnquiryState.ANSWERED and world.mails("enquiry_answered") == []
    first = world.mails("quote_sent")[0].text
    assert client.get(f"{answer.location}/edit").status_code == 303  # what was sent never changes
    assert submit(client, f"{answer.location}/send", page=answer.location).status_code == 303
    links = [re.search(r"/quote/[\w-]+", mail.text)[0] for mail in world.mails("quote_sent")]  # type: ignore[index]
    assert links[0] in first and [client.get(link).status_code for link in links] == [410, 200]
    assert submit(client, f"{answer.location}/withdraw", page=answer.location).status_code == 303
    assert "Cette offre ne tient plus" in world.client().get(links[1]).text


def test_a_transfer_is_noted_once_with_its_reference(world: World) -> None:
    reader = a_reader()
    an_order(world, reader)
    invoice = one(Invoice)
    path = f"/admin/invoices/{invoice.id}/received"
    assert staff(world).get(path).status_code == 403  # sales see no money
    client = staff(world, Role.SUPPORT)
    assert invoice.number in client.get("/admin/billing").text
    assert submit(client, path, {"reference": ""}).status_code == 422
    world.sandbox.control("outage", seconds=60)
    silent = submit(client, path, {"reference": "VIR 8807"})
    assert silent.status_code == 422 and "Rien n’a été noté" in silent.text and "VIR 8807" in silent.text
    world.sandbox.control("outage", seconds=0)
    world.sandbox.control("fault", kind="lost", times=9)
    submit(client, path, {"reference": "VIR 8807"})
    world.sandbox.control("fault", kind="lost", times=0)
    assert submit(client, path, {"reference": "VIR 8807"}).status_code == 303
    assert (one(Invoice).status, one(InvoiceOrder).state) == ("paid", OrderState.PAID)
    acts = db.session.scalars(select(AuditEvent).where(AuditEvent.act == "invoice.received")).all()
    assert [act.values["number"] for act in acts] == [invoice.number]
    assert db.session.get_one(AuditPersonal, acts[0].id).values == {"reason": "VIR 8807"}
    assert len(world.mails("receipt")) == 1
    assert client.get(path).status_code == 303  # paid already


@pytest.mark.parametrize("late", [35, 46])
def test_the_billing_page_tells_a_late_invoice_before_and_after_the_cut(world: World, late: int) -> None:
    buyer = world.buyer()
    reader = db.session.get_one(Reader, buyer.reader_id)
    end_reading()
    accepts(world, sent(), reader)
    with world.later(days=late):
        sync.subscription(db.session, world.gateway, world.subscription().stripe_id)
        page = buyer.billing()
        assert ("était à régler le" in page) == (late < 45)
        assert ("et l’accès est fermé" in page) == (late > 45)
        assert "À régler par virement" in page and "FR76 3000" in page
