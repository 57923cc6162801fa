"""The form that accepts a quote: who is invoiced, under which references, and agreement."""

import re
from typing import Any

from wtforms import BooleanField, StringField
from wtforms.validators import StopValidation

from portal.accounts.forms import Form, Needed, OneLine, address_field, line_field, trimmed
from portal.billing.forms import siren_holds
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _

_SIREN, _SIRET = re.compile(r"\d{9}(\d{5})?"), re.compile(r"\d{14}")


def _line(label: Any, sentence: Any, longest: int) -> Any:
    return StringField(label, filters=[trimmed], validators=[Needed(sentence), OneLine(longest)])


def _reference(label: Any, longest: int) -> Any:
    return StringField(label, filters=[lambda text: trimmed(text) or ""], validators=[OneLine(longest)])


class AcceptForm(Form):
    """Country and VAT number are those of the quote: its amounts depend on them."""

    company = _line(_("Company or institution"), _("Enter the name of the company."), 160)
    siren = StringField(_("SIREN or SIRET"), filters=[lambda text: re.sub(r"\s", "", text or "")])
    street = _line(_("Address"), _("Enter the address for the invoice."), 200)
    postal_code = _line(_("Postcode"), _("Enter the postcode."), 16)
    city = _line(_("Town"), _("Enter the town."), 100)
    billing_email = address_field(label=_("Send invoices to"))
    purchase_reference = _reference(_("Purchase order reference"), 60)
    service_code = _reference(_("Service code"), 100)
    commitment_number = _reference(_("Commitment number"), 50)
    name = line_field(_("First and last name"))
    buyer_reads = BooleanField(_("Give me one of the licences."))
    terms = BooleanField(_("I accept this quote and the terms of sale, on behalf of my organisation."))

    def prepare(self, *, public_body: bool, country: str) -> None:
        """Set what depends on the quote before validating."""
        self.public_body, self.french = public_body, country == "FR"
        if not public_body:
            del self.service_code
            del self.commitment_number

    def text(self, name: str) -> str:
        """What was typed into a field; nothing where this form has no such field."""
        return (self[name].data or "") if name in self else ""

    def validate_siren(self, field: Any) -> None:
        if not field.data and not self.french:
            return
        if self.public_body and self.french and not _SIRET.fullmatch(field.data or ""):
            raise StopValidation(gettext("Enter the SIRET (14 digits): invoices to public bodies are sent by it."))
        if not _SIREN.fullmatch(field.data or ""):
            raise StopValidation(gettext("Enter the SIREN (9 digits) or the SIRET (14 digits)."))
        if not siren_holds(field.data[:9]):
            raise StopValidation(gettext("This SIREN has a wrong digit: check it on an invoice or on the Kbis."))

    def validate_terms(self, field: Any) -> None:
        if not field.data:
            raise StopValidation(gettext("Read and accept the quote and the terms of sale to go on."))
