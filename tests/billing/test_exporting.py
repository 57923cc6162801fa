"""Invoices as a file for accounts: what a French and an English spreadsheet open, for whoever pays and nobody else."""

import csv
import io

import pytest

from portal.billing import on_invoices
from portal.billing.models import Invoice
from portal.db import db, end_reading, writing
from portal.organisations.models import Organisation
from portal.roles import Role
from tests.billing.quoting import CITY, accepts, sent
from tests.billing.test_promotions import a_code
from tests.billing.world import World
from tests.builders import a_reader

FILE = "/billing/invoices.csv"


def lines(content: bytes, separator: str = ";") -> list[dict[str, str]]:
    """The rows by the names of their columns; the mark that makes a spreadsheet read UTF-8 must be there."""
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=separator))


def test_accounts_find_every_amount_and_reference(world: World) -> None:
    a_code(world)
    buyer = world.buyer()
    buyer.subscribe(code="RENTREE", vat_number="FR32732829320", purchase_reference="BC 2026-17")
    answer = buyer.client.get(FILE)
    assert answer.content_type == "text/csv; charset=utf-8" and "no-store" in answer.headers["Cache-Control"]
    assert "attachment; filename=" in answer.headers["Content-Disposition"]
    end_reading()
    invoice = db.session.query(Invoice).one()
    (line,) = lines(answer.data)
    day = invoice.created_at.date().isoformat()
    assert line == {
        "Numéro": invoice.number,
        "Date": day,
        "Échéance": "",
        "État": "Payée",
        "Payée le": day,
        "Remise": "17,80",
        "HT": "71,20",
        "TVA": "1,50",
        "TTC": "72,70",
        "Montant payé": "72,70",
        "Devise": "EUR",
        "Vendeur": on_invoices.publisher(),
        "Acheteur": "Clinique des Tilleuls",
        "SIREN ou SIRET": "732829320",
        "Numéro de TVA": "FR32732829320",
        "Référence de bon de commande": "BC 2026-17",
        "Code service": "",
        "Numéro d’engagement": "",
        "Identifiant Stripe": invoice.stripe_id,
    }
    buyer.client.set_cookie("locale", "en")
    (line,) = lines(buyer.client.get(FILE).data, ",")
    assert (line["State"], line["Incl. VAT"]) == ("Paid", "72.70")


def test_the_billing_page_and_the_back_office_offer_the_file(world: World) -> None:
    buyer = world.buyer()
    assert FILE not in buyer.billing(), "there is nothing to export yet"
    buyer.subscribe()
    assert FILE in buyer.billing()
    end_reading()
    organisation_id = db.session.query(Organisation.id).scalar()
    path = f"/admin/organisations/{organisation_id}/invoices.csv"
    assert world.buyer(a_reader(role=Role.SUPPORT)).client.get(path).data == buyer.client.get(FILE).data
    assert path in world.buyer(a_reader(role=Role.SUPPORT)).client.get(path.rsplit("/", 1)[0]).text
    assert world.buyer(a_reader(role=Role.SALES)).client.get(path).status_code == 403
    assert buyer.client.get(path).status_code in (403, 404)


def test_nobody_else_gets_a_line(world: World) -> None:
    world.buyer().subscribe()
    assert world.client().get(FILE).status_code == 303
    assert world.buyer().client.get(FILE).status_code == 404


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+33", "-2+3", "@SUM(A1)", " =1+1"])
def test_what_a_buyer_typed_never_becomes_a_formula(world: World, name: str) -> None:
    buyer = world.buyer()
    buyer.subscribe()
    with writing() as unit:
        unit.query(Organisation).one().purchase_reference = name
        unit.query(Invoice).one().discount = -50
    (line,) = lines(buyer.client.get(FILE).data)
    assert line["Référence de bon de commande"] == f"'{name}"
    assert line["Remise"] == "-0,50", "our own numbers stay numbers"


def test_an_order_on_invoice_brings_its_references(world: World) -> None:
    reader = a_reader()
    accepts(world, sent(public_body=True), reader, **CITY)
    buyer = world.buyer(reader)
    (line,) = lines(buyer.client.get(FILE).data)
    assert (line["État"], line["Code service"], line["Numéro d’engagement"]) == ("À payer", "COMPTA-9", "EJ-2026-88")
    assert line["Échéance"] and line["Payée le"] == "" and line["Montant payé"] == "0,00"
