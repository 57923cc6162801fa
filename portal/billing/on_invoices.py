"""What our invoices say beside their lines: the buyer's own references, who sells, how to pay by transfer, the law.

Stripe prints four fields and one text at the foot, both kept with its customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr

from flask import current_app
from sqlalchemy import select

from portal.billing.models_invoiced import InvoiceOrder, OrderState
from portal.db import AnySession
from portal.i18n import LOCALES, gettext, use_locale
from portal.organisations.models import Organisation, OrganisationKind
from portal.settings import Settings

MOST = 4
"""Fields that Stripe prints."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where transfers go to."""

    holder: str
    iban: str
    bic: str


def account() -> Account | None:
    """The publisher's bank account; None while it is not set."""
    settings: Settings = current_app.extensions["portal.settings"]
    if not settings.publisher_iban:
        return None
    iban = " ".join(settings.publisher_iban[start : start + 4] for start in range(0, len(settings.publisher_iban), 4))
    return Account(settings.site_name, iban, settings.publisher_bic)


def publisher() -> str:
    """Who sells, as the law wants it named; the site's name while nothing else is set."""
    settings: Settings = current_app.extensions["portal.settings"]
    return settings.publisher or settings.site_name


def house() -> tuple[str, str]:
    """The address and language of the house itself."""
    return parseaddr(current_app.config["MAIL_FROM"])[1], LOCALES[0]


def fields(session: AnySession, organisation: Organisation, locale: str) -> tuple[tuple[str, str], ...]:
    """(name, value) of what a buyer's accounts department looks for, the references first."""
    order = _last_order(session, organisation.id)
    with use_locale(locale):
        known: Sequence[tuple[str, str]] = (
            (gettext("Purchase order reference"), organisation.purchase_reference),
            (gettext("Service code"), order.service_code if order else ""),
            (gettext("Commitment number"), order.commitment_number if order else ""),
            (gettext("SIREN or SIRET"), organisation.siren),
            (gettext("VAT number"), organisation.vat_number),
        )
    return tuple((name[:40], value[:140]) for name, value in known if value)[:MOST]


def _last_order(session: AnySession, organisation_id: int) -> InvoiceOrder | None:
    mine = (InvoiceOrder.organisation_id == organisation_id, InvoiceOrder.state != OrderState.FAILED)
    return session.scalars(select(InvoiceOrder).where(*mine).order_by(InvoiceOrder.id.desc()).limit(1)).one_or_none()


def footer(organisation: Organisation, locale: str) -> str:
    """The text at the foot: who sells, and for firms and public bodies how to pay and what being late costs."""
    settings: Settings = current_app.extensions["portal.settings"]
    lines = [settings.publisher] if settings.publisher else []
    if organisation.kind is not OrganisationKind.INDIVIDUAL:
        with use_locale(locale):
            lines += [*_transfer(), late_words()]
    return "\n".join(lines)


def _transfer() -> list[str]:
    to = account()
    if to is None:
        return []
    words = gettext("By bank transfer to %(holder)s, IBAN %(iban)s, BIC %(bic)s.")
    return [words % {"holder": to.holder, "iban": to.iban, "bic": to.bic}]


def late_words() -> str:
    """What the law wants on every invoice between professionals. Source: Code de commerce, L441-9 and L441-10."""
    return gettext(
        "No discount for early payment. A late payment bears penalties at three times the French legal interest rate, "
        "and a fixed charge of €40 for recovery costs."
    )
