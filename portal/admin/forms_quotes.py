"""The form in which staff write a quote, and the one that notes a transfer that came."""

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, StopValidation, ValidationError

from portal import clock
from portal.accounts.forms import (
    Form,
    Needed,
    OneLine,
    SomeLines,
    address_field,
    line_field,
    one_kind_of_break,
    trimmed,
)
from portal.billing.forms import countries, siren_holds
from portal.billing.models import Interval
from portal.billing.models_invoiced import MOST_LICENCES, TERMS, WrittenQuote
from portal.billing.offering import QuoteWish
from portal.billing.quotes import tidy_vat
from portal.enquiries.forms import TitlesField
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.trials.dates import end_of_day
from portal.verticals import VerticalInfo

_SIREN, _VAT = re.compile(r"[0-9]{9}([0-9]{5})?"), re.compile(r"[A-Z]{2}[0-9A-Z+*]{8,12}")
_COUNT = _("Enter a number of licences, from 1 to 5,000.")
_DAYS = _("Enter a number of days, from 0 to 60.")
_DAY = _("Enter a day, for example 31/12/2026.")
FURTHEST = 366
"""Days for which a quote may be good."""


class QuoteForm(Form):
    """Everything a quote says; prices come from our own table alone."""

    company = StringField(
        _("Company or institution"),
        filters=[trimmed],
        validators=[Needed(_("Enter the name of the company.")), OneLine(160)],
    )
    recipient = line_field(_("First and last name"))
    email = address_field(label=_("Send the quote to"))
    locale = RadioField(
        _("Language"), choices=[SelectChoice("fr", _("French")), SelectChoice("en", _("English"))], default="fr"
    )
    siren = StringField(_("SIREN or SIRET"), filters=[lambda text: re.sub(r"\s", "", text or "")])
    vat_number = StringField(_("VAT number"), filters=[lambda text: tidy_vat(text or "")])
    country = SelectField(_("Country"), default="FR", invalid_choice_message=_("Choose a country of the list."))
    public_body = BooleanField(_("A public body: ask for its SIRET, service code and commitment number."))
    titles = TitlesField(_("Titles"), validators=[Needed(_("Tick at least one title."))])
    interval = RadioField(
        _("How often it is paid"),
        choices=[SelectChoice("year", _("Each year")), SelectChoice("month", _("Each month"))],
        default="year",
        invalid_choice_message=_("Choose one of the two."),
    )
    quantity = IntegerField(
        _("Number of licences"),
        invalid_value_message=_COUNT,
        validators=[InputRequired(_COUNT), NumberRange(1, MOST_LICENCES, _COUNT)],
    )
    terms_days = RadioField(
        _("To be paid within"),
        choices=[SelectChoice(str(days), _("%(days)s days", days=days)) for days in TERMS],
        default="30",
        invalid_choice_message=_("Choose one of the four."),
    )
    grace_days = IntegerField(
        _("Days of grace after the due date"),
        default=15,
        invalid_value_message=_DAYS,
        validators=[InputRequired(_DAYS), NumberRange(0, 60, _DAYS)],
    )
    valid_until = DateField(_("Valid until (inclusive)"), invalid_value_message=_DAY, validators=[InputRequired(_DAY)])
    note = TextAreaField(
        _("A word to the customer"), filters=[trimmed, one_kind_of_break], validators=[Optional(), SomeLines(2_000)]
    )

    def offer(self, verticals: Iterable[VerticalInfo]) -> None:
        """The titles that can be sold."""
        self.titles.choices = [SelectChoice(one.slug, one.name) for one in verticals if one.on_sale]
        self.country.choices = countries()

    def wish(self, organisation_id: int | None, enquiry_id: int | None) -> QuoteWish:
        """What a good form asks for."""
        names = ("company", "email", "locale", "siren", "vat_number", "country", "public_body", "quantity")
        details: dict[str, Any] = {name: self[name].data for name in names}
        details |= {"recipient": self.recipient.data or "", "note": self.note.data or ""}
        details |= {"terms_days": int(self.terms_days.data), "grace_days": self.grace_days.data}
        details |= {"valid_until": end_of_day(self.valid_until.data)}
        details |= {"organisation_id": organisation_id, "enquiry_id": enquiry_id}
        return QuoteWish(frozenset(self.titles.data), Interval(self.interval.data), details)

    def validate_siren(self, field: Any) -> None:
        if not field.data:
            return
        if not _SIREN.fullmatch(field.data):
            field.data = field.data[:40]
            raise StopValidation(gettext("Enter the SIREN (9 digits) or the SIRET (14 digits)."))
        if not siren_holds(field.data[:9]):
            raise StopValidation(gettext("This SIREN has a wrong digit: check it on an invoice or on the Kbis."))

    def validate_vat_number(self, field: Any) -> None:
        if field.data and not _VAT.fullmatch(field.data):
            field.data = field.data[:40]
            raise StopValidation(gettext("Enter the VAT number with its country, for example FR12345678901."))

    def validate_valid_until(self, field: Any) -> None:
        if field.data is None:
            return  # what was typed is no day, and the field says so
        today = clock.paris_date(clock.now())
        if field.data < today:
            raise ValidationError(gettext("This day is over: choose today or a later day."))
        if (field.data - today).days > FURTHEST:
            raise ValidationError(gettext("This day is too far away: choose one within a year."))


def written(quote: WrittenQuote, titles: list[str], interval: Interval, last_day: date) -> dict[str, Any]:
    """A draft as data of its form."""
    names = ("company", "recipient", "email", "locale", "siren", "vat_number", "country", "public_body", "quantity")
    known: dict[str, Any] = {name: getattr(quote, name) for name in (*names, "grace_days", "note")}
    more = {"titles": titles, "interval": interval.value, "terms_days": str(quote.terms_days), "valid_until": last_day}
    return {**known, **more}


class ReceivedForm(Form):
    """A transfer that came: by which words it can be found on the bank's statement."""

    reference = StringField(
        _("Reference of the transfer"),
        filters=[trimmed],
        validators=[Needed(_("Say how the transfer is found on the bank’s statement.")), OneLine(120)],
    )
