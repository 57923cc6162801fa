"""What every request meets: the declared rule of its route, where it comes from, and the headers of the answer.

Deny by default: a view without a rule stops the start of the app. Rules are data (`Rule`), so that the golden file of
route × role can be made from them.
"""

import itertools
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from werkzeug.exceptions import Forbidden
from werkzeug.wrappers import Response as BaseResponse

from portal import headers, unsent
from portal.lean import FixedHeaders, vary, visitor
from portal.roles import Permission, Role, may

View = TypeVar("View", bound=Callable[..., Any])
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NO_WAY_BACK = ("/login", "/logout", "/register", "/reset", "/confirm", "/preferences", "/trial")
MAX_ID = 2**31 - 1
_LONGEST_PATH = 2_000
_NEVER_IN_A_PATH = re.compile(r"[\x00-\x20\x7f\\]")
_BOOT = secrets.token_hex(4)
_COUNT = itertools.count(1)


class FromElsewhere(Forbidden):
    """The request was made by a page of another site."""


class Unpermitted(Forbidden):
    """Whoever is signed in lacks a permission of the staff."""

    def __init__(self, permission: Permission | None = None) -> None:
        super().__init__()
        self.permission = permission


class Identity(Protocol):
    """What a request knows of the person who is signed in (accounts.sessions makes it)."""

    id: int
    role: Role
    is_authenticated: bool
    second_factor: bool
    viewer_id: int | None


class OnlyLooking(Forbidden):
    """Staff who look through a reader's eyes do nothing in that reader's name, and see no page of money or security."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may call a route. `word` is what the golden file shows."""

    word: str
    signed_in: bool = False
    permission: Permission | None = None
    checks_origin: bool = True

    def lets(self, role: Role | None) -> bool:
        """True when somebody of this role (None: nobody signed in) may call the route."""
        if role is None:
            return not self.signed_in
        return self.permission is None or may(role, self.permission)


PUBLIC = Rule("public")
READER = Rule("reader", signed_in=True)
MACHINE = Rule("machine", checks_origin=False)
DEVELOPMENT = Rule("development")


def staff(permission: Permission) -> Rule:
    """A route for staff whose role has this permission."""
    return Rule(f"staff:{permission.value}", signed_in=True, permission=permission)


def allow(rule: Rule) -> Callable[[View], View]:
    """Declare who may call a view."""

    def declare(view: View) -> View:
        view.access_rule = rule  # type: ignore[attr-defined]
        return view

    return declare


def viewable(view: View) -> View:
    """A page of one reader that staff may see through that reader's eyes; public pages are, all others are not."""
    view.viewable = True  # type: ignore[attr-defined]
    return view


def rule_of(app: Flask, endpoint: str) -> Rule:
    """The declared rule of an endpoint. Raises LookupError when nobody declared one."""
    rule = getattr(app.view_functions[endpoint], "access_rule", None)
    if not isinstance(rule, Rule):
        raise LookupError(f"The view “{endpoint}” declares no rule: decorate it with @allow(…).")
    return rule


def init_app(app: Flask) -> None:
    """Bind the guards; call after every blueprint is registered."""
    if app.static_folder:
        allow(PUBLIC)(app.view_functions["static"])
    for endpoint in app.view_functions:
        rule_of(app, endpoint)
    app.before_request(_check_origin)
    app.before_request(_check_rule)
    app.before_request(_check_eyes)
    app.after_request(_finish)
    fixed = headers.of_every_answer(app)
    app.wsgi_app = FixedHeaders(app.wsgi_app, lambda: fixed)  # type: ignore[method-assign]


def _check_rule() -> BaseResponse | None:
    endpoint = request.endpoint
    if endpoint is None:
        return None
    rule = rule_of(current_app, endpoint)
    if not rule.signed_in and rule.permission is None:
        return None
    person = visitor()
    if not person.is_authenticated:
        return ask_to_sign_in()
    if not rule.lets(person.role):
        raise Unpermitted(rule.permission)
    if rule.permission is not None and not person.second_factor:
        return see_other(url_for("profile.second_factor", next=_asked_for()))
    if request.method in UNSAFE:
        unsent.sent()
    return None


def _check_eyes() -> None:
    """Refuse whatever is not looking, from who looks through somebody's eyes."""
    if "_user_id" not in session or request.endpoint is None or getattr(visitor(), "viewer_id", None) is None:
        return
    if getattr(current_app.view_functions[request.endpoint], "viewable", False):
        return
    public = rule_of(current_app, request.endpoint) is PUBLIC
    if not public or request.method in UNSAFE:
        raise OnlyLooking


def ask_to_sign_in() -> BaseResponse:
    """To the sign-in page, and back here afterwards; what was typed into a form waits meanwhile."""
    path = _asked_for()
    if path is None and unsent.keep():
        path = url_for("accounts.resume")
    return see_other(url_for("accounts.login", next=path))


def _asked_for() -> str | None:
    """The page that was asked for; None for an act, which nobody can be sent back to."""
    return request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None


def _check_origin() -> None:
    """Unsafe requests must come from our own pages: Sec-Fetch-Site, else Origin, else Referer."""
    if request.method not in UNSAFE or request.endpoint is None:
        return
    if not rule_of(current_app, request.endpoint).checks_origin:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise FromElsewhere
        return
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if source is not None and _origin(source) != _origin(request.host_url):
        raise FromElsewhere


def _origin(url: str) -> tuple[str, str]:
    """Scheme and host of an address; nothing that could be equal to ours when it is not one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def see_other(location: str) -> BaseResponse:
    """303: what an accepted form answers with."""
    return redirect(location, 303)


def leave_for(location: str) -> BaseResponse:
    """303 to a page of the payment service; any other way off the site is a fault of ours, and taken by nobody."""
    if "://".join(_origin(location)) not in current_app.config["FORM_ORIGINS"]:
        raise LookupError("This is not an address that visitors are sent to.")
    return see_other(location)


def own_path(value: str | None, default: str = "/") -> str:
    """The value when it is a path of this site, else the default: never a way off the host, never a text as address."""
    if not value or len(value) > _LONGEST_PATH or not value.startswith("/") or value.startswith("//"):
        return default
    if _NEVER_IN_A_PATH.search(value):
        return default
    parts = urlsplit(value)
    if parts.scheme or parts.netloc:
        return default
    return value


def way_back() -> str:
    """`?next=…` for whoever leaves this page to sign in or to start a trial; nothing where nobody wants to return to.

    On the pages of signing in and of the trial it is the page that led there.
    """
    here = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else request.path
    if here.startswith(_NO_WAY_BACK):
        here = request.args.get("next", "")
    here = own_path(here, "/")
    return "" if here == "/" or g.get("no_way_back") else f"?next={quote(here, safe='/')}"


def private(view: View) -> View:
    """Mark a view's answers as one person's, whoever asks: never stored by anything."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> Any:
        g.private = True
        return view(*args, **kwargs)

    return cast(View, marked)


def no_referrer(view: View) -> View:
    """For pages whose address holds a token: nothing is told to the next page, nothing is stored."""

    @wraps(view)
    def marked(*args: Any, **kwargs: Any) -> Any:
        g.private = g.no_referrer = True
        return view(*args, **kwargs)

    return cast(View, marked)


def _finish(response: Response) -> Response:
    if g.get("no_referrer"):
        response.headers["Referrer-Policy"] = "no-referrer"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = _cache_rule(response)
    response.headers["X-Request-Id"] = request_id()
    return response


def _cache_rule(response: Response) -> str:
    signed_in = bool(session) or "_user_id" in session
    shareable = request.method in ("GET", "HEAD") and response.status_code in (200, 301, 404, 410)
    if signed_in or g.get("private") or not shareable or session.modified or "Set-Cookie" in response.headers:
        vary(response, "Cookie")
        return "private, no-store"
    vary(response, "Cookie")
    vary(response, "Accept-Language")
    return "public, max-age=0, s-maxage=10"


def request_id() -> str:
    """A short id of this request, shown on error pages and in the log."""
    store: Any = g._get_current_object()
    if "request_id" not in store:
        store.request_id = f"{_BOOT}{next(_COUNT):06x}"
    return str(store.request_id)


def absolute(path: str) -> str:
    """The public address of a path, from SITE_URL, never from the request's Host."""
    return str(current_app.config["SITE_URL"]) + path


def remember_path(path: str) -> str:
    """A path made safe to stand in a query string."""
    return quote(own_path(path), safe="/")


def client_address() -> str | None:
    """Where the request came from, after trusted proxies only."""
    return request.remote_addr
