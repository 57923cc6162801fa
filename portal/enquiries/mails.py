"""The mails of an enquiry: it has arrived, it waits for the staff, it is answered. Each at most once an enquiry."""

from email.utils import parseaddr
from typing import Any

from flask import current_app

from portal import outbox
from portal.db import AnySession
from portal.enquiries import words
from portal.enquiries.models import Enquiry
from portal.i18n import LOCALES, use_locale
from portal.web import absolute
from portal.working_days import answer_by


def received(session: AnySession, enquiry: Enquiry) -> None:
    """To the sender: what was asked, and when an answer comes."""
    with use_locale(enquiry.locale):
        next_step = words.next_step(enquiry.kind, enquiry.created_at)
        more = {"arrived": str(words.ARRIVED[enquiry.kind]), "next": next_step}
    _post(session, enquiry, "enquiry_received", to=enquiry.email, locale=enquiry.locale, **more)


def for_staff(session: AnySession, enquiry: Enquiry) -> None:
    """To the house, in its own language, with the way to the queue."""
    locale = LOCALES[0]
    with use_locale(locale):
        kind = str(words.KINDS[enquiry.kind])
    house = parseaddr(current_app.config["MAIL_FROM"])[1]
    url = absolute(f"/admin/enquiries/{enquiry.id}")
    more = {"kind": kind, "url": url, "due": answer_by(enquiry.created_at)}
    _post(session, enquiry, "enquiry_for_staff", to=house, locale=locale, **more)


def answered(session: AnySession, enquiry: Enquiry) -> None:
    """To the sender: the answer, with the question under it."""
    _post(session, enquiry, "enquiry_answered", to=enquiry.email, locale=enquiry.locale, url=absolute("/contact"))


def _post(session: AnySession, enquiry: Enquiry, kind_: str, *, to: str, locale: str, **more: Any) -> None:
    with use_locale(locale):
        rows = words.facts(session, enquiry)
    outbox.post(
        session,
        kind_,
        key=f"{kind_}:{enquiry.id}",
        to=to,
        locale=locale,
        reader_id=enquiry.reader_id if to == enquiry.email else None,
        context={"enquiry": enquiry, "rows": rows, **more},
    )
