"""The back office's forms. Every sentence says what to do; dates are civil days in Paris."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, IntegerField, SelectMultipleField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal import clock
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _

MOST_DAYS = 90
LAST_YEAR = 2100


def _present(_form: FlaskForm, field: TextAreaField) -> None:
    """Spaces are no reason."""
    if not (field.data or "").strip():
        raise ValidationError(gettext("Say why: the reason is kept in the audit log."))


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """An act that only needs its reason."""

    reason = TextAreaField(
        _("Reason"),
        validators=[
            InputRequired(message=_("Say why: the reason is kept in the audit log.")),
            _present,
            Length(max=300, message=_("This reason is too long: 300 characters at most.")),
        ],
    )


class _UntilForm(ReasonForm):
    until = DateField(
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
    """Give verticals until a day."""

    verticals = SelectMultipleField(
        _("Editions"),
        coerce=int,
        validators=[InputRequired(message=_("Choose at least one edition."))],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    start = DateField(_("From"), validators=[Optional()])

    def validate_start(self, field: DateField) -> None:
        """The first day is not in the past, nor after the last."""
        if field.data is None:
            return
        if field.data < clock.paris_date(clock.now()):
            raise ValidationError(gettext("A right cannot begin in the past: choose today or a later day."))
        if self.until.data is not None and field.data > self.until.data:
            raise ValidationError(gettext("The first day is after the last one."))


class EndForm(_UntilForm):
    """Another last day."""


class ExtendForm(ReasonForm):
    """More days for a trial."""

    days = IntegerField(
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
