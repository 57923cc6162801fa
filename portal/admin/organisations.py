"""The list of organisations and the page of one: what it holds, who sits there, who looks after it, its log."""

from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.timeline import of_grants, timeline
from portal.admin import audit_log, billing_summary, giving, holders, organisation_queries, queries
from portal.admin.forms import GrantForm
from portal.admin.pages import PER_PAGE, asked_before, bp, found
from portal.admin.readers import LOG, grant_form
from portal.admin.rows import Known, organisation_rows
from portal.billing import disputing, offering
from portal.billing.views.export import invoices_of
from portal.db import db
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _
from portal.organisations import joining, seats
from portal.organisations.models import Organisation, OrganisationKind
from portal.roles import Permission
from portal.verticals import all_verticals
from portal.web import allow, private, see_other, staff

KINDS = {
    OrganisationKind.INDIVIDUAL: _("A person alone"),
    OrganisationKind.COMPANY: _("Company"),
    OrganisationKind.PUBLIC: _("Public body"),
}


@bp.get("/admin/organisations")
@allow(staff(Permission.SEE_READERS))
@private
def organisations() -> str:
    """Organisations, newest first, found by name, SIREN, or by who manages them or sits there."""
    q = request.args.get("q", "").replace("\0", "")[:100].strip()
    shown, more = organisation_queries.listed(db.session, q, clock.now(), before=asked_before(), limit=PER_PAGE)
    last = shown[-1].organisation.id if more else None
    return render_template(
        "admin/organisations.html",
        organisations=shown,
        q=q,
        kinds=KINDS,
        next_url=url_for("admin.organisations", before=last, q=q or None) if more else None,
        first_url=url_for("admin.organisations", q=q or None) if request.args.get("before") else None,
    )


@bp.get("/admin/organisations/<int:organisation_id>")
@allow(staff(Permission.SEE_READERS))
@private
def organisation(organisation_id: int) -> Any:
    """One organisation."""
    return _page(found(Organisation, organisation_id))


@bp.post("/admin/organisations/<int:organisation_id>/grants")
@allow(staff(Permission.CHANGE_GRANTS))
@private
def give_organisation(organisation_id: int) -> Any:
    """Give verticals to an organisation until a day: all its seats read."""
    one = found(Organisation, organisation_id)
    form, holding = grant_form(all_verticals(db.session)), holders.of_organisation(one)
    if form.validate_on_submit() and giving.given(form, holding):
        return see_other(holding.url)
    return _page(one, form)


@bp.get("/admin/organisations/<int:organisation_id>/invoices.csv")
@allow(staff(Permission.SEE_BILLING))
@private
def invoices_file(organisation_id: int) -> Response:
    """The invoices of one organisation, as its managers export them."""
    return invoices_of(found(Organisation, organisation_id))


def _page(one: Organisation, form: GrantForm | None = None) -> Any:
    """The page of an organisation; 422 with the grant form's errors when it was refused."""
    verticals = all_verticals(db.session)
    context = {
        "organisation": one,
        "kind": KINDS[one.kind],
        "form": form or grant_form(verticals),
        "colours": {str(vertical.id): vertical.slug for vertical in verticals},
        **_rights(one.id),
        **_people(one.id),
        **_money(one),
        "quotes": offering.of_organisation(db.session, one.id),
        "log_entries": audit_log.read(db.session, audit_log.Narrowed(organisation_ids=(one.id,)), limit=LOG)[:LOG],
    }
    return render_template("admin/organisation.html", **context), 422 if form and form.errors else 200


def _rights(organisation_id: int) -> dict[str, Any]:
    now, verticals = clock.now(), all_verticals(db.session)
    grants, contracts = organisation_queries.grants_of(db.session, organisation_id)
    notes = queries.grant_notes(db.session, [grant.grant_id for grant in grants])
    rows = organisation_rows(grants, now, verticals, Known(notes, contracts))
    names = {vertical.slug: vertical.name for vertical in verticals}
    return {"rows": rows, "timeline": timeline(of_grants(grants, now, names), now)}


def _people(organisation_id: int) -> dict[str, Any]:
    return {
        "seats": organisation_queries.seats_of(db.session, organisation_id),
        "taken": seats.used(db.session, organisation_id),
        "invited": organisation_queries.invited_to(db.session, organisation_id, clock.now()),
        "managers": organisation_queries.managers_of(db.session, organisation_id),
        "domains": joining.domains(db.session, organisation_id),
    }


def _money(one: Organisation) -> dict[str, Any]:
    """Who is invoiced and for what, when this person may see it."""
    if not current_user.may(Permission.SEE_BILLING):
        return {"contracts": None}
    place = " ".join(part for part in (one.postal_code, one.city) if part)
    address = ", ".join(part for part in (one.street, place, one.country) if part) if one.street else ""
    identity = (
        (gettext("SIREN"), one.siren),
        (gettext("VAT number"), one.vat_number),
        (gettext("Invoices to"), one.billing_email),
        (gettext("Address"), address),
        (gettext("Purchase reference"), one.purchase_reference),
    )
    return {
        "identity": [(term, value) for term, value in identity if value],
        "contracts": billing_summary.contracts(db.session, (one.id,)),
        "invoices": billing_summary.invoices(db.session, (one.id,)),
        "disputes": disputing.of(db.session, one.id),
    }
