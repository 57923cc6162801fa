"""What tests of pages look for in the HTML."""

import re
from html import unescape

from flask.testing import FlaskClient

LANGUAGES = ("fr", "en")


def speaking(client: FlaskClient, language: str) -> FlaskClient:
    """The same browser, whose owner chose this language."""
    client.set_cookie("locale", language)
    return client


def heading(page: str) -> str:
    """The text of the page's only h1."""
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert len(found) == 1, f"{len(found)} headings of the first level"
    return plain(found[0])


def part(page: str, tag: str) -> str:
    """The first element with this tag, markup included."""
    found = re.search(rf"<{tag}\b.*?</{tag}>", page, re.DOTALL)
    assert found, f"no <{tag}>"
    return found[0]


def hrefs(html: str) -> list[str]:
    """Addresses of the links, in order."""
    return [unescape(link) for link in re.findall(r'<a\b[^>]*?\shref="([^"]*)"', html)]


def plain(html: str) -> str:
    """Text without markup, with ordinary spaces."""
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())
