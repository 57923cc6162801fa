"""From a form that was sent to a question that is kept."""

from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts import acquaintance
from portal.accounts.views import network
from portal.db import AnySession, writing
from portal.enquiries import asking, pace
from portal.enquiries.forms import EnquiryForm
from portal.enquiries.models import EnquiryKind
from portal.i18n import current_locale
from portal.throttle import Throttled
from portal.web import see_other


def send(kind: EnquiryKind, form: EnquiryForm, article_id: int | None = None) -> Response | None:
    """Keep what a good form says and lead to the page of thanks; None when the form is to be shown again."""
    if not form.validate():
        return None
    try:
        with writing() as unit:
            _keep(unit, kind, form, article_id)
    except Throttled as error:
        form.wait(error.retry_after)
        return None
    return see_other(f"/{kind.value}/thanks")


def _keep(unit: AnySession, kind: EnquiryKind, form: EnquiryForm, article_id: int | None) -> None:
    reader_id = current_user.id if current_user.is_authenticated else None
    told, where = form.told(), network()
    if pace.said_before(unit, kind.value, where, repr(told)):
        return
    pace.count(unit, network=where, email=told["email"], reader_id=reader_id)
    if reader_id is not None:
        acquaintance.learn(unit, reader_id, name=told["name"], company=told.get("company", ""))
    asking.ask(unit, kind=kind, reader_id=reader_id, article_id=article_id, locale=current_locale(), **told)
