"""The mailbox: what the portal wrote to people, readable without any mail server."""

import re

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape
from sqlalchemy import select

from portal.db import db
from portal.outbox import Mail
from portal.web import DEVELOPMENT, MAX_ID, allow, private

blueprint = Blueprint("mailbox", __name__)
SHOWN = 100
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
# Mails carry their style inline, as mail programs want it; this policy holds for the frame that shows one only.
_FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; frame-ancestors 'self'; "
    "base-uri 'none'"
)


@blueprint.get("/dev/mailbox")
@allow(DEVELOPMENT)
@private
def listing() -> ResponseReturnValue:
    """The latest mails, newest first."""
    mails = db.session.scalars(select(Mail).order_by(Mail.created_at.desc(), Mail.id.desc()).limit(SHOWN)).all()
    return render_template("dev/mailbox.html", mails=mails, shown=SHOWN)


@blueprint.get("/dev/mailbox/<int:mail_id>")
@allow(DEVELOPMENT)
@private
def mail(mail_id: int) -> ResponseReturnValue:
    """One mail, as text and as HTML."""
    found = _mail(mail_id)
    return render_template("dev/mail.html", mail=found, text=with_links(found.text))


@blueprint.get("/dev/mailbox/<int:mail_id>/html")
@allow(DEVELOPMENT)
@private
def mail_html(mail_id: int) -> ResponseReturnValue:
    """The HTML of a mail alone, for the frame; its links open in the whole window."""
    return framed(_mail(mail_id).html)


def framed(html: str) -> Response:
    """A mail's HTML under a policy of its own."""
    page = re.sub(r"(<head[^>]*>)", r'\1<base target="_top">', html, count=1)
    response = Response(page, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


def _mail(mail_id: int) -> Mail:
    found = db.session.get(Mail, mail_id) if mail_id <= MAX_ID else None
    if found is None:
        abort(404)
    return found


def with_links(text: str) -> Markup:
    """Plain text with its addresses as links."""
    parts, end = [], 0
    for match in _ADDRESS.finditer(text):
        address = escape(match[0].rstrip(".,;)"))
        parts += [escape(text[end : match.start()]), Markup('<a href="{0}">{0}</a>').format(address)]
        end = match.start() + len(match[0].rstrip(".,;)"))
    return Markup("").join([*parts, escape(text[end:])])
