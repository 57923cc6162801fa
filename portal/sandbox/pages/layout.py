"""What every page shares: its language, its words at hand, its security policy."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlsplit

from flask import Response, render_template, request

from portal.sandbox.pages import formats
from portal.sandbox.pages.words import LANGUAGES, say
from portal.sandbox.store import Document


def language(locale: str | None = None) -> str:
    """The language asked for in the address, else the session's, else the browser's, else French."""
    for wish in (request.args.get("lang"), (locale or "")[:2]):
        if wish in LANGUAGES:
            return str(wish)
    return request.accept_languages.best_match(LANGUAGES, "fr") or "fr"


def page(
    template: str,
    tongue: str,
    leads_to: tuple[str | None, ...] = (),
    status: int = 200,
    **context: object,
) -> Response:
    """A page; `leads_to` are the addresses that its forms may end up at by a redirect."""
    tools = {
        "_": partial(say, tongue),
        "money": partial(formats.money, tongue),
        "percent": partial(formats.percent, tongue),
        "day": partial(formats.day, tongue),
        "moment": partial(formats.moment, tongue),
        "machine": formats.machine,
        "lang": tongue,
        "other": "en" if tongue == "fr" else "fr",
    }
    response = Response(render_template(template, **tools, **context), status)
    response.headers["Content-Security-Policy"] = policy(leads_to)
    response.headers["Content-Language"] = tongue
    return response


def policy(leads_to: tuple[str | None, ...]) -> str:
    """Nothing but our own style sheet and image; forms go to us and may be redirected to these addresses."""
    targets = " ".join(["'self'", *sorted({origin(url) for url in leads_to if url})])
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {targets}; frame-ancestors 'none'; base-uri 'none'"
    )


def origin(url: str) -> str:
    """Scheme and host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def unknown(tongue: str | None = None) -> Response:
    """The page for an address that leads nowhere."""
    tongue = tongue or language()
    return page("closed.html", tongue, status=404, kind="unknown", link=None)


def entries(tongue: str, lines: list[Document]) -> list[Document]:
    """Lines of an order with their price said per interval: [{name, quantity, price, amount}]."""
    return [
        {
            "name": line["name"],
            "quantity": line["quantity"],
            "each": say(tongue, _per(line["interval"]), amount=formats.money(tongue, line["unit"], line["currency"])),
            "amount": formats.money(tongue, line["amount"], line["currency"]),
        }
        for line in lines
    ]


def _per(interval: str) -> str:
    return f"per_{interval}" if interval in ("month", "year") else "per_other"


def then(interval: str) -> str:
    """Key of the sentence on what follows the first payment."""
    return f"then_{interval}" if interval in ("month", "year") else "then_other"
