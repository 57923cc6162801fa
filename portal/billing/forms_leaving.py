"""Forms of leaving."""

from wtforms import BooleanField, RadioField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from portal.accounts.forms import Form
from portal.billing.models_leaving import LeavingReason
from portal.i18n import lazy_gettext as _

REASONS = (
    (LeavingReason.TOO_EXPENSIVE.value, _("Too expensive")),
    (LeavingReason.UNUSED.value, _("I do not read enough")),
    (LeavingReason.MISSING_FEATURES.value, _("I do not find what I need")),
    (LeavingReason.SWITCHED_SERVICE.value, _("I read something else")),
    (LeavingReason.OTHER.value, _("Another reason")),
)


def reason_field() -> RadioField:
    """Why somebody leaves; what is not on the list counts as not said."""
    return RadioField(
        _("Why do you leave?"),
        choices=[SelectChoice(*one) for one in REASONS],
        validate_choice=False,
        validators=[Optional()],
    )


class CancelForm(Form):
    """The page that ends a subscription: a button, and a reason that nobody must give."""

    reason = reason_field()

    @property
    def said(self) -> LeavingReason | None:
        """The reason, when one of the list was ticked."""
        return LeavingReason(self.reason.data) if self.reason.data in set(LeavingReason) else None


class WithdrawForm(Form):
    """The page that gives a first order back; a company says whether the law gives it the right."""

    small = BooleanField(_("We are at most five employees, and this subscription is outside our main activity."))
