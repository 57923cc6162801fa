"""The back office's forms. Every sentence says what to do; dates are civil days in Paris."""

import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, HiddenField, IntegerField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal import clock
from portal.access.grants import new_act
from portal.accounts.forms import trimmed
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _

MOST_DAYS = 90
_LAST = {"until": 1, "reason": 2, "sure": 3}
LAST_YEAR = 2100


def written(text: str | None) -> str | None:
    """A filter: trimmed, without the control characters that no database takes; lines stay lines."""
    kept = "".join(sign for sign in text or "" if sign in "\r\n\t" or unicodedata.category(sign) not in ("Cc", "Cs"))
    return trimmed(kept)


def _present(_form: FlaskForm, field: TextAreaField) -> None:
    """Spaces are no reason."""
    if not (field.data or "").strip():
        raise ValidationError(gettext("Say why: the reason is kept in the audit log."))


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """An act that only needs its reason, which stands last on every page."""

    reason = TextAreaField(
        _("Reason"),
        filters=[written],
        validators=[
            InputRequired(message=_("Say why: the reason is kept in the audit log.")),
            _present,
            Length(max=300, message=_("This reason is too long: 300 characters at most.")),
        ],
    )

    def __iter__(self) -> Iterator[Field]:
        """The fields as pages show them, so that a summary of errors is in the order of what is wrong."""
        return iter(sorted(super().__iter__(), key=lambda field: _LAST.get(field.name, 0)))


class Day(DateField):  # type: ignore[misc]
    """A civil day; what is no day is refused in our own words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day a browser sends (YYYY-MM-DD)."""
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(gettext("Enter a day, for example 31/12/2026.")) from None


class Number(IntegerField):  # type: ignore[misc]
    """A whole number; what is none is refused in our own words."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read at most nine figures."""
        try:
            super().process_formdata([text[:9] for text in valuelist])
        except ValueError:
            raise ValueError(gettext("Enter a number of days, from 1 to 90.")) from None


def _id(text: object) -> int:
    """A choice's id; 0, which nothing has, for what is no number."""
    return int(str(text)) if str(text).isdecimal() and len(str(text)) < 10 else 0


class _UntilForm(ReasonForm):
    until = Day(
        _("Until (included)"),
        validators=[InputRequired(message=_("Enter the last day, for example 31/12/2026."))],
    )

    def validate_until(self, field: DateField) -> None:
        """The last day is today or later, and within this century."""
        if field.data is None:
            raise ValidationError(gettext("Enter the last day, for example 31/12/2026."))
        if field.data < clock.paris_date(clock.now()):
            raise ValidationError(gettext("This day is over: choose today or a later day."))
        if field.data.year > LAST_YEAR:
            raise ValidationError(gettext("This day is too far away."))


class GrantForm(_UntilForm):
    """Give verticals until a day. `act` is the act this form stands for, so that sent twice it gives once."""

    act = HiddenField(default=new_act)

    verticals = SelectMultipleField(
        _("Editions"),
        coerce=_id,
        validate_choice=False,
        validators=[InputRequired(message=_("Choose at least one edition."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    start = Day(_("From"), validators=[Optional()])

    def act_id(self) -> str:
        """The act's id as this form carries it; a new one for what is none."""
        try:
            return str(uuid.UUID(self.act.data))
        except (ValueError, TypeError, AttributeError):
            return new_act()

    def validate_verticals(self, field: SelectMultipleField) -> None:
        """Only verticals that were offered."""
        if not set(field.data or ()) <= {choice.value for choice in field.choices}:
            raise ValidationError(gettext("Choose among the editions shown."))

    def validate_start(self, field: DateField) -> None:
        """The first day is not in the past, nor after the last."""
        if field.data is None:
            return
        if field.data < clock.paris_date(clock.now()):
            raise ValidationError(gettext("A right cannot begin in the past: choose today or a later day."))
        if self.until.data is not None and field.data > self.until.data:
            raise ValidationError(gettext("The first day is after the last one."))


class _KnownEnd(FlaskForm):  # type: ignore[misc]
    """`known` is the end this form was filled in under, so that nobody moves another one by it."""

    known = HiddenField()

    def shows(self, end: datetime) -> bool:
        """True when the form was filled in under this end."""
        return not self.known.data or self.known.data == end.isoformat()

    def known_end(self) -> datetime | None:
        """The end the form was filled in under; None for what is no instant."""
        try:
            end = datetime.fromisoformat(self.known.data or "")
        except ValueError:
            return None
        return end if end.tzinfo and 2000 <= end.year <= LAST_YEAR else None


class EndForm(_UntilForm, _KnownEnd):
    """Another last day."""


class ExtendForm(ReasonForm, _KnownEnd):
    """More days for a trial."""

    days = Number(
        _("Days to add"),
        validators=[
            InputRequired(message=_("Enter a number of days, from 1 to 90.")),
            NumberRange(1, MOST_DAYS, message=_("Enter a number of days, from 1 to 90.")),
        ],
    )


class RevokeForm(ReasonForm):
    """End a right now; the box keeps it from happening by a slip."""

    sure = BooleanField(
        _("I know that reading closes at once"),
        validators=[InputRequired(message=_("Tick the box: reading closes at once."))],
    )
