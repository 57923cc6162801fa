"""What a later change of a subscription is asked for with."""

from collections.abc import Iterable

from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from portal.billing.models import Interval
from portal.billing.wishes import Wish
from portal.i18n import lazy_gettext as _


class ChangeForm(FlaskForm):  # type: ignore[misc]
    """Publications, interval, licences: asked for by address, so that a summary can be looked at again."""

    titles = SelectMultipleField(
        _("Publications"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        invalid_choice_message=_("Choose among the publications shown."),
    )
    interval = RadioField(
        _("Billing period"),
        choices=[
            SelectChoice(Interval.MONTH.value, _("each month")),
            SelectChoice(Interval.YEAR.value, _("each year")),
        ],
        validators=[InputRequired(_("Choose how often you pay."))],
        invalid_choice_message=_("Choose how often you pay."),
    )
    quantity = IntegerField(
        _("Number of licences"),
        invalid_value_message=_("Enter a number of licences, from 1 to 20."),
        validators=[InputRequired(_("Enter a number of licences, from 1 to 20."))],
    )

    class Meta:
        """Changes nothing by itself: what is agreed to is posted by another form, with its token."""

        csrf = False

    def offer(self, verticals: Iterable[tuple[str, str]]) -> None:
        """Set the publications one may choose from."""
        self.titles.choices = [SelectChoice(slug, name) for slug, name in verticals]

    def wish(self) -> Wish:
        """What was asked for; only once the form is valid."""
        return Wish(frozenset(self.titles.data or ()), Interval(self.interval.data), self.quantity.data or 0)
