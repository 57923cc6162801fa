"""The forms of the house's letterbox: a message, a wish for research, a wish for a quote."""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from wtforms import DateField, Field, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

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
from portal.billing.forms import siren_holds
from portal.enquiries.words import TOPICS
from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _
from portal.trials.forms import VerticalsField

MOST_LICENCES = 5_000
FURTHEST_START = timedelta(days=730)
_PHONE = re.compile(r"\+?[0-9][0-9 ().-]{4,30}[0-9]")
_SIREN = re.compile(r"[0-9]{9}([0-9]{5})?")
_NAME = _("Enter your first and last name.")
_LICENCES = _("Enter a number of licences, from 1 to 5,000.")
_START = _("Enter a day, for example 31/12/2026, or leave this empty.")


def message_field(label: Any, needed: Any = None) -> Any:
    """A text of several lines; optional unless there is a sentence that asks for it."""
    first = Needed(needed) if needed else Optional()
    return TextAreaField(label, filters=[trimmed, one_kind_of_break], validators=[first, SomeLines()])


class PatientForm(Form):
    """A form that may be sent too often, and then keeps what was typed."""

    retry_after = 0

    def wait(self, seconds: int) -> None:
        """Too much was sent: say for how long to wait; what was typed stays."""
        self.retry_after = seconds
        self.refuse(
            ngettext(
                "You have written several times within the hour. Your text is kept below: send it in %(num)d minute.",
                "You have written several times within the hour. Your text is kept below: send it in %(num)d minutes.",
                -(-seconds // 60),
            )
        )


class EnquiryForm(PatientForm):
    """Who asks, and how to answer."""

    name = StringField(_("First and last name"), filters=[trimmed], validators=[Needed(_NAME), OneLine(120)])
    email = address_field()
    company = line_field(_("Company"))
    phone = StringField(_("Phone"), filters=[trimmed], validators=[Optional(), OneLine(40)])
    first: tuple[str, ...] = ("message",)

    def __iter__(self) -> Iterator[Field]:
        """Fields in the order of the page (those of `first`, then the rest): so stand their errors above it."""
        yield from (self[name] for name in self.first)
        yield from (field for field in super().__iter__() if field.short_name not in self.first)

    def told(self) -> dict[str, Any]:
        """What the service is told, beside who asks what about which article."""
        fields = ("name", "email", "message", "company", "phone")
        return {name: self[name].data or "" for name in fields if name in self}

    def validate_phone(self, field: Field) -> None:
        """Figures and the signs between them."""
        if field.data and not _PHONE.fullmatch(field.data):
            raise ValidationError(gettext("Enter a phone number, for example 01 99 00 12 34, or leave this empty."))


class ContactForm(EnquiryForm):
    """A message on one of a few subjects."""

    topic = SelectField(
        _("Subject"),
        validate_choice=False,
        validators=[Needed(_("Choose what it is about."))],
    )
    message = message_field(_("Your message"), _("Write your message."))
    company = phone = None
    first = ("topic", "message")

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        first = SelectChoice("", gettext("Choose a subject"))
        self.topic.choices = [first, *(SelectChoice(topic, str(name)) for topic, name in TOPICS.items())]

    def told(self) -> dict[str, Any]:
        """The subject in the words of whoever asks, and as a word that can be told in any language."""
        return super().told() | {"subject": str(TOPICS[self.topic.data]), "facts": {"topic": self.topic.data}}

    def validate_topic(self, field: Field) -> None:
        """Only what the list offers."""
        if field.data not in TOPICS:
            raise ValidationError(gettext("Choose what it is about."))


class ResearchForm(EnquiryForm):
    """What somebody needs to know about a subject; `article` is the slug of what they were reading."""

    message = message_field(_("What do you need?"), _("Tell us what you need, in a sentence or two."))
    article = HiddenField()


class TitlesField(VerticalsField):
    """Boxes to tick, one for each title."""

    def pre_validate(self, form: Any) -> None:
        """Only titles that were offered."""
        if not set(self.data or ()) <= {choice.value for choice in self.choices}:
            raise ValidationError(gettext("Choose among the titles shown."))


class QuoteForm(EnquiryForm):
    """Licences for a team."""

    verticals = TitlesField(_("Titles"), validators=[Needed(_("Tick at least one title."))])
    seats = IntegerField(
        _("Number of licences"),
        invalid_value_message=_LICENCES,
        validators=[InputRequired(_LICENCES), NumberRange(1, MOST_LICENCES, _LICENCES)],
    )
    company = StringField(
        _("Company"), filters=[trimmed], validators=[Needed(_("Enter the name of the company.")), OneLine(120)]
    )
    siren = StringField(
        _("SIREN or SIRET"), filters=[lambda text: re.sub(r"\s", "", text or "")], validators=[Optional()]
    )
    start = DateField(_("Wished start"), invalid_value_message=_START, validators=[Optional()])
    message = message_field(_("Your message"))
    first = ("verticals", "seats", "start", "company", "siren", "name", "email", "phone")

    def offer(self, titles: Iterable[tuple[str, str]]) -> None:
        """The titles that can be had, as slugs and names."""
        self.verticals.choices = [SelectChoice(slug, name) for slug, name in titles]

    def told(self) -> dict[str, Any]:
        """What the sales team has to know."""
        start = self.start.data
        facts = {
            "verticals": list(self.verticals.data),
            "seats": self.seats.data,
            "siren": (self.siren.data or "")[:9],
            "start": start.isoformat() if start else "",
        }
        return super().told() | {"facts": facts}

    def validate_siren(self, field: Field) -> None:
        """Nine figures (or fourteen) with the right control digit."""
        if not _SIREN.fullmatch(field.data):
            field.data = field.data[:40]
            raise ValidationError(gettext("Enter the SIREN (9 digits) or the SIRET (14 digits)."))
        if not siren_holds(field.data[:9]):
            raise ValidationError(gettext("This SIREN has a wrong digit: check it on an invoice or on the Kbis."))

    def validate_start(self, field: Field) -> None:
        """Today or later, within two years."""
        today = clock.paris_date(clock.now())
        if field.data is None:
            return
        if field.data < today:
            raise ValidationError(gettext("This day is over: choose today or a later day."))
        if field.data > today + FURTHEST_START:
            raise ValidationError(gettext("This day is too far away: choose one within two years."))
