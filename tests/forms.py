"""A browser without a screen: it fills forms in as people do, and each of its requests stands alone."""

import contextvars
import re
from typing import Any

from flask import has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts import sessions
from portal.accounts.models import Reader
from portal.db import end_reading, writing
from portal.roles import is_staff

_TOKEN = re.compile(r'name="csrf_token"[^>]*\bvalue="([^"]+)"')


class Browser(FlaskClient):
    """A test client whose requests see nothing of the test's own app context (its `g`, its database session).

    The test's session stops reading first, so that what it looks at afterwards is what the request left behind.
    `known_tokens` are those of pages that were opened for their form, by page and cookies.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_tokens: dict[object, str] = {}

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            end_reading()
        kwargs.setdefault("buffered", True)
        return contextvars.Context().run(super().open, *args, **kwargs)


def csrf_token(client: FlaskClient, page: str | TestResponse) -> str:
    """The token of the forms on this page; fails when the page is not shown or holds no form."""
    response = client.get(page) if isinstance(page, str) else page
    assert response.status_code == 200, f"{page} answered {response.status_code}"
    found = _TOKEN.search(response.text)
    assert found, f"{page} holds no form with a token"
    return found[1]


def submit(
    client: FlaskClient,
    url: str,
    data: dict[str, Any] | None = None,
    follow: bool = False,
    *,
    page: str | TestResponse | None = None,
    **request: Any,
) -> TestResponse:
    """Open the page (by default the one the form is sent to), take its token, send the form.

    `page` is where the form stands when it is sent elsewhere, or that page as it was opened; further arguments go to
    the request (headers …). A form that is sent again by the same browser, with the same cookies, is not opened again.
    """
    token = _token_once(client, page or url)
    return client.post(url, data={**(data or {}), "csrf_token": token}, follow_redirects=follow, **request)


def _token_once(client: FlaskClient, page: str | TestResponse) -> str:
    if not isinstance(client, Browser) or not isinstance(page, str):
        return csrf_token(client, page)
    known = client.known_tokens.get((page, _cookies(client)))
    if known is None:
        known = csrf_token(client, page)
        client.known_tokens[(page, _cookies(client))] = known
    return known


def _cookies(client: FlaskClient) -> frozenset[tuple[str, str]]:
    return frozenset((one.key, one.value) for one in (client._cookies or {}).values())


def sign_in(client: FlaskClient, reader: Reader, device: str = "Tests") -> str:
    """Sign this reader in as the sign-in form would, staff with their second factor; returns the session's token."""
    with writing() as unit:
        found = unit.get_one(Reader, reader.id)
        token = sessions.open_session(unit, found, device, second_factor=is_staff(found.role))
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    return token
