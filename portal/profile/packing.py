"""The copy as a file: a ZIP with each room as JSON, the tables among them as CSV too, and a text that explains it."""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal import formats
from portal.clock import PARIS
from portal.i18n import gettext, use_locale
from portal.i18n import lazy_gettext as _
from portal.profile.export import Row
from portal.spreadsheets import table

ROOMS: Mapping[str, Any] = {
    "identity": _("who you are to us: address, name, company, preferences"),
    "sessions": _("the devices that were signed in"),
    "second_factor": _("since when signing in takes a code"),
    "second_addresses": _("your other addresses"),
    "address_changes": _("changes of address you asked for"),
    "security_events": _("what happened to the account"),
    "rights": _("your own rights: trials and accesses given to you"),
    "trials_used": _("the titles you have tried, and when we forget it"),
    "trial_requests": _("what you asked us about trials"),
    "seats": _("seats you hold or held in an organisation"),
    "offices": _("organisations you manage or managed"),
    "invitations": _("seats that were offered to you"),
    "licence_requests": _("licences you asked an organisation for"),
    "organisations": _("the organisations you manage now, as invoices name them"),
    "purchases": _("orders you began, and the terms you accepted"),
    "orders": _("orders by invoice that you placed, with their references"),
    "subscriptions": _("subscriptions of the organisations you manage"),
    "invoices": _("their invoices; amounts are in cents"),
    "changes": _("changes of a subscription that you agreed to; what was due at once, in cents"),
    "cancellations": _("ends of subscriptions that you asked for"),
    "withdrawals": _("first orders that you gave back, and what was returned, in cents"),
    "reading_log": _("the articles you opened, by day"),
    "saved_articles": _("the articles you put aside"),
    "newsletters": _("the newsletters you chose or refused"),
    "enquiries": _("your questions to us and our answers"),
    "mails": _("the mails we sent you: date and subject"),
}


def pack(rooms: Mapping[str, Row | list[Row]], *, locale: str, at: datetime) -> bytes:
    """The ZIP, in memory."""
    buffer = io.BytesIO()
    moment = at.astimezone(PARIS).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(rooms, locale, at).items():
            entry = zipfile.ZipInfo(name, moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def _files(rooms: Mapping[str, Row | list[Row]], locale: str, at: datetime) -> dict[str, bytes]:
    with use_locale(locale):
        files = {"LISEZ-MOI.txt" if locale == "fr" else "README.txt": _readme(rooms, at).encode()}
    for room, content in rooms.items():
        files[f"{room}.json"] = json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "replace")
        if isinstance(content, list) and content:
            files[f"{room}.csv"] = table(list(content[0]), (list(row.values()) for row in content), locale)
    return files


def _readme(rooms: Mapping[str, Row | list[Row]], at: datetime) -> str:
    lines = [
        gettext("A copy of your data, made on %(moment)s.", moment=formats.moment(at)),
        "",
        gettext("Each file holds one kind of data. JSON is for programs, CSV opens in a spreadsheet."),
        gettext("Times are in UTC. Passwords, codes and keys are not here: we keep none that could be read."),
        "",
        *(f"- {room}: {ROOMS[room]}" for room in rooms),
        "",
    ]
    return "\r\n".join(lines)
