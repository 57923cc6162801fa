"""The form a stranger starts with, and the password asked in another browser."""

from typing import Any

from wtforms import HiddenField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.forms import Form, address_field, line_field, new_password_field
from portal.i18n import gettext, lazy_gettext


class VerticalsField(SelectMultipleField):  # type: ignore[misc]
    """Boxes to tick, one for each vertical."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # The form macros draw fields by their kind; this one is drawn like its parent.
        self.type = "SelectMultipleField"

    def pre_validate(self, form: Any) -> None:
        """A value that is no choice is a title that cannot be tried, said in our words."""
        known = {value for value, _label in self.choices}
        if any(value not in known for value in self.data or ()):
            raise ValidationError(gettext("This title cannot be tried at the moment."))


class TrialForm(Form):
    """Address, password, and what to try."""

    verticals = VerticalsField(lazy_gettext("What would you like to try?"))
    email = address_field()
    password = new_password_field()
    name = line_field(lazy_gettext("First and last name"))
    company = line_field(lazy_gettext("Company"))
    next = HiddenField()

    def validate_verticals(self, field: VerticalsField) -> None:
        """At least one."""
        if not field.data:
            raise ValidationError(gettext("Tick at least one title."))


class OtherBrowserForm(Form):
    """Asked of whoever opens the link in another browser than the one that registered."""

    password = new_password_field()

    personal: tuple[str, ...] = ()
