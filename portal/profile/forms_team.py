"""The forms of a team: addresses to invite, the password of whoever accepts without an account."""

from wtforms import TextAreaField

from portal.accounts.forms import (
    Form,
    Needed,
    SomeLines,
    address_field,
    line_field,
    new_password_field,
    one_kind_of_break,
    trimmed,
)
from portal.i18n import lazy_gettext as _

LONGEST = 20_000


class InviteForm(Form):
    """Addresses, one a line."""

    addresses = TextAreaField(
        _("Email addresses"),
        filters=[trimmed, one_kind_of_break],
        validators=[Needed(_("Enter at least one address, like name@example.com.")), SomeLines(LONGEST)],
    )


class InvitedForm(Form):
    """A password for the account that an invitation makes, and how colleagues know its owner."""

    password = new_password_field()
    name = line_field(_("First and last name"))

    def __init__(self, address: str) -> None:
        self.personal = [address]
        super().__init__()


class ReplaceForm(Form):
    """Who takes the place."""

    email = address_field(label=_("Address of whoever takes the place"))
