"""The forms of acts on the account itself: another address, and its end."""

from wtforms import EmailField
from wtforms.validators import ValidationError

from portal.accounts.forms import ADDRESS_LENGTH, Form, Needed, OneLine, address_field, trimmed
from portal.accounts.identity import email_key
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _


class NewAddressForm(Form):
    """The address the account is to have."""

    email = address_field(label=_("New address"))


class EraseForm(Form):
    """The account's own address, typed to say that this is meant."""

    email = EmailField(
        _("Your address, to confirm"),
        filters=[trimmed],
        validators=[Needed(_("Type the address of this account.")), OneLine(ADDRESS_LENGTH)],
    )

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def validate_email(self, field: EmailField) -> None:
        """The same account, however it is spelled."""
        if email_key(field.data or "") != email_key(self.address):
            raise ValidationError(gettext("This is not the address of this account."))
