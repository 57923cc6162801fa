"""The invoices of the organisation one looks after, as a file."""

from flask import abort
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.billing import exporting
from portal.billing.views import bp
from portal.db import db
from portal.i18n import current_locale
from portal.organisations import founding
from portal.organisations.models import Organisation
from portal.web import READER, allow, private


@bp.get("/billing/invoices.csv")
@allow(READER)
@private
def invoices_file() -> Response:
    """For whoever pays: the invoices of their billing page, and nothing for anybody else."""
    organisation = founding.managed_by(db.session, current_user.id)
    if organisation is None:
        abort(404)
    return invoices_of(organisation)


def invoices_of(organisation: Organisation) -> Response:
    """The file of one organisation's invoices, in the reader's language."""
    content = exporting.exported(db.session, organisation, current_locale())
    name = exporting.file_name(clock.paris_date(clock.now()).isoformat())
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, content_type="text/csv; charset=utf-8", headers=headers)
