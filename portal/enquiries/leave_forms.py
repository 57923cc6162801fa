"""The form of those who leave without signing in."""

from wtforms import StringField
from wtforms.validators import Optional

from portal.accounts.forms import Needed, OneLine, address_field, looks_like_address, trimmed
from portal.billing.forms_leaving import reason_field
from portal.billing.models_leaving import LeavingReason
from portal.billing.requested import Typed
from portal.enquiries.forms import PatientForm
from portal.i18n import lazy_gettext as _


class LeaveForm(PatientForm):
    """Who ends which contract; any address is taken, also one that no account could be made with."""

    name = StringField(
        _("First and last name"),
        filters=[trimmed],
        validators=[Needed(_("Enter your first and last name.")), OneLine(120)],
    )
    email = address_field(check=looks_like_address)
    reference = StringField(
        _("Invoice number or subscription"), filters=[trimmed], validators=[Optional(), OneLine(80)]
    )
    reason = reason_field()

    def typed(self) -> Typed:
        """What is kept until the worker looks at it."""
        reason = LeavingReason(self.reason.data) if self.reason.data in set(LeavingReason) else None
        return Typed(self.name.data, self.email.data, self.reference.data or "", reason)
