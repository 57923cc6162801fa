"""The webhook: verify, store the ids, commit, answer. Everything else is the worker's."""

import logging

from flask import Response, request

from portal.billing import inbox
from portal.billing.gateway import current
from portal.billing.shapes import BadWebhook
from portal.billing.views import bp
from portal.db import db, writing
from portal.extensions import csrf
from portal.web import MACHINE, allow

log = logging.getLogger(__name__)


@bp.post("/stripe/webhook")
@csrf.exempt  # type: ignore[untyped-decorator]
@allow(MACHINE)
def webhook() -> Response:
    """200 for anything that Stripe signed, known or not; 400 for anything else. The body is capped at 1 MiB."""
    gateway = current()
    try:
        event = gateway.verify(request.get_data(cache=False), request.headers.get("Stripe-Signature"))
    except BadWebhook as error:
        log.warning("webhook refused: %s", error)
        return _answer(400)
    if event.livemode != gateway.livemode:
        log.warning("webhook of the other mode ignored", extra={"event": event.id})
        return _answer(200)
    with writing():
        inbox.store(db.session, event)
    return _answer(200)


def _answer(status: int) -> Response:
    return Response("", status, mimetype="text/plain")
