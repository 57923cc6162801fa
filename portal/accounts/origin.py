"""How somebody came to register: the article, the site that sent them, the campaign. For the sales team, nobody else.

Noted when the form opens, in the cookie that the form needs anyway; visitors who register nothing leave nothing.
"""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import request, session

from portal.web import own_path

_KEY = "origin"
_CAMPAIGN = ("utm_source", "utm_medium", "utm_campaign")
_LONGEST = 80


def note() -> None:
    """Remember how this browser came to the form, the first time it does."""
    if _KEY not in session and (found := _found()):
        session[_KEY] = found


def noted() -> dict[str, Any] | None:
    """What was remembered, to be kept with the registration: article, referrer, utm_…; None when there is nothing."""
    found = session.get(_KEY)
    return dict(found) if isinstance(found, dict) else None


def _found() -> dict[str, str]:
    path = own_path(request.args.get("next"), "")
    parts = urlsplit(path)
    campaign = {**parse_qs(parts.query), **parse_qs(request.query_string.decode("utf-8", "replace"))}
    found = {name: _plain(campaign[name][0]) for name in _CAMPAIGN if name in campaign}
    found["article"] = _plain(parts.path) if "/article/" in parts.path else ""
    found["referrer"] = _plain(_other_site())
    return {name: text for name, text in found.items() if text}


def _other_site() -> str:
    """The host that sent the browser to the form, when it is not ours."""
    try:
        host = urlsplit(request.referrer or "").hostname or ""
    except ValueError:
        return ""
    return "" if host == urlsplit(request.host_url).hostname else host


def _plain(text: str) -> str:
    """Short, on one line, of signs that print: it is shown to people later."""
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST]
