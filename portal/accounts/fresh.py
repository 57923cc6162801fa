"""Acts that a stolen session must not do: whoever asks for them proved who they are within the last ten minutes."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import request, url_for
from flask_login import current_user

from portal import clock
from portal.web import own_path, see_other

FRESH = timedelta(minutes=10)

View = TypeVar("View", bound=Callable[..., Any])


def is_fresh() -> bool:
    """True when this session's person typed their password (and code) within the last ten minutes."""
    return bool(clock.now() - current_user.verified_at < FRESH)


def _page() -> str:
    """Where to come back to: this page, or the one whose button was pressed."""
    if request.method in ("GET", "HEAD"):
        return request.full_path.rstrip("?")
    try:
        sent_from = urlsplit(request.referrer or "")
    except ValueError:
        return "/"
    return own_path(sent_from.path) if sent_from.netloc == request.host else "/"


def fresh(view: View) -> View:
    """Decorate a view that asks for the password first; below @allow(READER). An act leads back to its page."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if not is_fresh():
            return see_other(url_for("accounts.again", next=_page()))
        return view(*args, **kwargs)

    return cast(View, guarded)
