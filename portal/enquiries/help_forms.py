"""The forms of the help page: another address, its code, a message; and the sentences that refuse them."""

import re
from collections.abc import Mapping

from wtforms import Field, StringField
from wtforms.validators import ValidationError

from portal.accounts.forms import Form, Needed, OneLine, address_field, trimmed
from portal.enquiries.forms import PatientForm, message_field
from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _

_SIX = re.compile(r"[0-9]{6}")
_CODE = _("Enter the six digits of the code, for example 123456.")

REFUSED: Mapping[str, object] = {
    "own": _("You are signed in with this address. Enter the other one."),
    "proved": _("This address is proved already: you find it among yours, above."),
    "staff": _("An account of our team is linked with no other."),
    "suspended": _("Your account is suspended: nothing can be linked with it. Write to us below."),
    "unconfirmed": _("Confirm the address you are signed in with first: open the link we sent you."),
}
LINK_REFUSED: Mapping[str, object] = {
    "nobody": _("No account is opened under this address. A licence that is offered to it waits in “My profile”."),
    "staff": _("The account under this address belongs to our team: it is linked with no other."),
    "suspended": _("The account under this address is suspended: nothing can be linked with it. Write to us."),
    "unconfirmed": REFUSED["unconfirmed"],
}
GONE: Mapping[str, object] = {
    "used": _("This code was used already, or a newer one replaced it."),
    "tries": _("Five wrong codes were typed: this code is worth nothing any more."),
    "expired": _("This code is more than ten minutes old."),
}


class AddressForm(Form):
    """Another address one has paid with, or was invited at."""

    email = address_field(label=_("The other email address"))

    def wait(self, seconds: int) -> None:
        """Say that too many codes were asked for, and when to come back."""
        minutes = max(1, -(-seconds // 60))
        sentence = ngettext(
            "Too many codes were asked for. Try again in one minute.",
            "Too many codes were asked for. Try again in %(num)s minutes.",
            minutes,
        )
        self.email.errors = [sentence]


class CodeForm(Form):
    """The six digits of a mail; blanks between them are people's way of reading them."""

    code = StringField(
        _("Six-digit code"),
        filters=[trimmed, lambda text: re.sub(r"\s", "", text or "")],
        validators=[Needed(_CODE), OneLine(40)],
    )

    def validate_code(self, field: Field) -> None:
        """Six digits of our own figures."""
        if not _SIX.fullmatch(field.data):
            raise ValidationError(str(_CODE))

    def refuse_code(self, left: int) -> None:
        """Say that the code is wrong, and how many tries are left."""
        wrong = gettext("This is not the code of our last message, or it was asked for on another device.")
        tries = ngettext("You have one more try.", "You have %(num)s more tries.", left)
        self.code.errors = [f"{wrong} {tries}"]


class MessageForm(PatientForm):
    """What somebody tells the person who will look at their access."""

    message = message_field(_("Your message"), _("Write what you cannot read, in a sentence or two."))
