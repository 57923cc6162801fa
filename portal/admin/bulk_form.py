"""The form that gives rights to a list of addresses. It carries everything: nothing is kept between its steps."""

from collections.abc import Iterator

from flask import request
from wtforms import Field, HiddenField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from portal import clock, formats
from portal.accounts import pasted
from portal.accounts.pasted import Pasted
from portal.admin.bulk_plan import Wish
from portal.admin.forms import GrantForm
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.verticals import VerticalInfo

MOST = 1_000
LONGEST = 200_000


class BulkForm(GrantForm):
    """Addresses, what they are given, and, on its way back from the preview, what the preview showed (`seen`)."""

    addresses = TextAreaField(
        _("Addresses"), validators=[InputRequired(message=_("Paste at least one e-mail address."))]
    )
    seen = HiddenField()

    def __iter__(self) -> Iterator[Field]:
        """The addresses come first on the page."""
        return iter(sorted(super().__iter__(), key=lambda field: field.name != "addresses"))

    def validate_addresses(self, field: TextAreaField) -> None:
        """At least one address, and no more than one act can carry."""
        text = field.data or ""
        if len(text) > LONGEST:
            raise ValidationError(gettext("This list is too long. Give it in several parts."))
        count = len(self.pasted().addresses)
        if not count:
            raise ValidationError(gettext("No e-mail address was found in this list."))
        if count > MOST:
            numbers = {"count": formats.integer(count), "most": formats.integer(MOST)}
            raise ValidationError(
                gettext("%(count)s addresses: %(most)s at most at a time. Give the list in several parts.", **numbers)
            )

    def pasted(self) -> Pasted:
        """The addresses that were pasted."""
        return pasted.read((self.addresses.data or "")[:LONGEST])

    def wish(self, verticals: tuple[VerticalInfo, ...]) -> Wish:
        """What a valid form asks for."""
        chosen = tuple(vertical for vertical in verticals if vertical.id in self.verticals.data)
        first = self.start.data or clock.paris_date(clock.now())
        return Wish(chosen, first, self.until.data, self.reason.data)


def bulk_form(verticals: tuple[VerticalInfo, ...]) -> BulkForm:
    """The form with its choices, and today as its first day."""
    form = BulkForm(data=None if request.method == "POST" else {"start": clock.paris_date(clock.now())})
    form.verticals.choices = [SelectChoice(vertical.id, vertical.name) for vertical in verticals]
    return form
