"""Who holds a right that staff are about to change: a reader or an organisation, with the way back to their page."""

from dataclasses import dataclass

from flask import abort, url_for

from portal.access.held import Holder
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.admin.pages import found
from portal.i18n import gettext, ngettext
from portal.organisations.models import Organisation


@dataclass(frozen=True, slots=True)
class Holding:
    """A holder as pages speak of them: name, page, and the list that page is found in."""

    holder: Holder
    name: str
    word: str
    url: str
    list_name: str
    list_url: str

    def told(self, people: int) -> str:
        """Who is told of an act, in a sentence; the truth when it is nobody."""
        if self.holder.organisation_id is not None:
            if not people:
                return gettext("Nobody is told by e-mail: nobody looks after this organisation.")
            return ngettext("%(num)s manager is told by e-mail.", "%(num)s managers are told by e-mail.", people)
        if people:
            return gettext("The reader is told by e-mail.")
        return gettext("The account is suspended: nothing opens meanwhile, and no mail was sent.")


def of_reader(reader: Reader) -> Holding:
    """A reader as a holder."""
    return Holding(
        holder=Holder(reader_id=reader.id),
        name=reader.name or reader.email,
        word=gettext("Reader"),
        url=url_for("admin.reader", reader_id=reader.id),
        list_name=gettext("Readers"),
        list_url=url_for("admin.readers"),
    )


def of_organisation(organisation: Organisation) -> Holding:
    """An organisation as a holder."""
    return Holding(
        holder=Holder(organisation_id=organisation.id),
        name=organisation.name,
        word=gettext("Organisation"),
        url=url_for("admin.organisation", organisation_id=organisation.id),
        list_name=gettext("Organisations"),
        list_url=url_for("admin.organisations"),
    )


def changeable(grant_id: int) -> tuple[Grant, Holding]:
    """A grant that staff may change, with its holder. A subscription's mirror is changed at Stripe: 404."""
    grant = found(Grant, grant_id)
    if grant.source is Source.SUBSCRIPTION:
        abort(404)
    if grant.reader_id is not None:
        return grant, of_reader(found(Reader, grant.reader_id))
    assert grant.organisation_id is not None  # nosec B101 - one of the two, says the constraint
    return grant, of_organisation(found(Organisation, grant.organisation_id))
