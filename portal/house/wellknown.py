"""Two addresses that programs look for: whom to tell about a weakness (RFC 9116), and where a password is changed."""

from datetime import timedelta

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.web import PUBLIC, absolute, allow

blueprint = Blueprint("wellknown", __name__)
_HOLDS = timedelta(days=180)


@blueprint.get("/.well-known/security.txt")
@allow(PUBLIC)
def security_txt() -> Response:
    """Who wants to hear about weaknesses; it says until when it holds, so that an abandoned site stops claiming it."""
    until = clock.paris_midnight(clock.paris_date(clock.now()) + _HOLDS)
    lines = (
        f"Contact: {absolute('/contact')}",
        f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {absolute('/.well-known/security.txt')}",
    )
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@blueprint.get("/.well-known/change-password")
@allow(PUBLIC)
def change_password() -> BaseResponse:
    """Password managers come here; the page itself asks to sign in."""
    return redirect("/profile/security/password", 302)
