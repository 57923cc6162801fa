"""The summary page's form: the same for firms and for persons, each with the fields that concern them."""

import re
from typing import Any

from babel import Locale
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, StopValidation

from portal.accounts.forms import stays_on_its_line, trimmed
from portal.billing.catalogue import MAX_SEATS
from portal.billing.orders import Promotion
from portal.billing.quotes import tidy_vat
from portal.i18n import current_locale, gettext
from portal.i18n import lazy_gettext as _

_COUNTRIES = "BE CH LU MC DE AT BG CY CZ DK EE ES FI GB GR HR HU IE IT LT LV MT NL NO PL PT RO SE SI SK"
_SIREN = re.compile(r"\d{9}(\d{5})?")
_VAT = re.compile(r"[A-Z]{2}[0-9A-Z+*]{8,12}")


def _tidy(text: str | None) -> str:
    """A filter: as names are kept everywhere, and never None."""
    return trimmed(text) or ""


def countries() -> list[SelectChoice]:
    """Codes and names in the current language, France first."""
    names = Locale.parse(current_locale()).territories
    rest = sorted(((code, str(names[code])) for code in _COUNTRIES.split()), key=lambda pair: pair[1])
    return [SelectChoice(code, name) for code, name in [("FR", str(names["FR"])), *rest]]


class CheckoutForm(FlaskForm):  # type: ignore[misc]
    """What is asked before the payment page. `firm` says for whom; `totals` what the reader was shown, in cents.

    `promotion` is what the code takes off, once it was looked up; `code_problem` says why it takes nothing off.
    """

    promotion: Promotion | None = None
    code_problem: str = ""

    price = HiddenField()
    next = HiddenField()
    kind = HiddenField()
    totals = HiddenField()
    company = StringField(_("Company"), filters=[_tidy])
    name = StringField(_("First and last name"), filters=[_tidy])
    siren = StringField(_("SIREN or SIRET"), filters=[lambda text: re.sub(r"\s", "", text or "")])
    vat_number = StringField(_("VAT number"), filters=[lambda text: tidy_vat(text or "")])
    street = StringField(_("Address"), filters=[_tidy])
    postal_code = StringField(_("Postcode"), filters=[_tidy])
    city = StringField(_("Town"), filters=[_tidy])
    country = SelectField(_("Country"), invalid_choice_message=_("Choose a country of the list."))
    purchase_reference = StringField(_("Purchase order reference"), filters=[_tidy])
    who = RadioField(
        _("Who will read?"),
        choices=[SelectChoice("me", _("I will")), SelectChoice("others", _("I only manage"))],
        default="me",
        invalid_choice_message=_("Choose one of the two."),
    )
    code = StringField(_("Promotion code"), filters=[lambda text: re.sub(r"\s", "", text or "")])
    quantity = IntegerField(
        _("Number of licences"),
        default=1,
        invalid_value_message=_("Enter a number of licences, from 1 to 20."),
        validators=[
            InputRequired(_("Enter a number of licences, from 1 to 20.")),
            NumberRange(1, MAX_SEATS, _("Enter a number of licences, from 1 to 20. Above, ask us for a quote.")),
        ],
    )
    start = RadioField(_("When does it start?"), default="today", invalid_choice_message=_("Choose when it starts."))
    terms = BooleanField(_("I accept the terms of sale."))
    immediate = BooleanField(_("I ask for access to start at once, before my withdrawal period is over."))

    def prepare(self, *, firm: bool, start_choices: list[tuple[str, str]]) -> None:
        """Set what depends on the reader before validating."""
        self.firm = firm
        self.country.choices = countries()
        self.start.choices = [SelectChoice(value, label) for value, label in start_choices]
        self.kind.data = "firm" if firm else "person"

    def validate_company(self, field: Any) -> None:
        self._present(field, self.firm, gettext("Enter the name of the company."), 160)

    def validate_name(self, field: Any) -> None:
        self._present(field, not self.firm, gettext("Enter your first and last name."), 160)

    def validate_street(self, field: Any) -> None:
        self._present(field, True, gettext("Enter the address for the invoice."), 200)

    def validate_postal_code(self, field: Any) -> None:
        self._present(field, True, gettext("Enter the postcode."), 16)

    def validate_city(self, field: Any) -> None:
        self._present(field, True, gettext("Enter the town."), 100)

    def validate_purchase_reference(self, field: Any) -> None:
        self._present(field, False, "", 60)

    def validate_code(self, _field: Any) -> None:
        if self.code_problem:
            raise StopValidation(self.code_problem)

    def validate_siren(self, field: Any) -> None:
        if not self.firm or (not field.data and self.country.data != "FR"):
            return
        if not _SIREN.fullmatch(field.data or ""):
            raise StopValidation(gettext("Enter the SIREN (9 digits) or the SIRET (14 digits)."))
        if not siren_holds(field.data[:9]):
            raise StopValidation(gettext("This SIREN has a wrong digit: check it on an invoice or on the Kbis."))

    def validate_vat_number(self, field: Any) -> None:
        if self.firm and field.data and not _VAT.fullmatch(field.data):
            raise StopValidation(gettext("Enter the VAT number with its country, for example FR12345678901."))

    def validate_terms(self, field: Any) -> None:
        if not field.data:
            raise StopValidation(gettext("Read and accept the terms of sale to go on."))

    def validate_immediate(self, field: Any) -> None:
        if not field.data and self.start.data == "today":
            raise StopValidation(gettext("Tick this box to read as soon as you have paid."))

    @staticmethod
    def _present(field: Any, wanted: bool, message: str, longest: int) -> None:
        if wanted and not field.data:
            raise StopValidation(message)
        if len(field.data or "") > longest or not stays_on_its_line(field.data or ""):
            raise StopValidation(gettext("At most %(count)s characters, on one line.", count=longest))


def siren_holds(digits: str) -> bool:
    """The control digit of a SIREN."""
    doubled = (int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits)))
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
