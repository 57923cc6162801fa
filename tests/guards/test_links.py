"""No dead link: whoever follows every link of every page meets no error."""

import re
from collections import deque
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from flask import Flask

from tests.forms import sign_in
from tests.guards.house import furnish

_LINK = re.compile(r'<(?:a|link|script|img|use|iframe)\b[^>]*?\s(?:href|src)="([^"]+)"')
_ID = re.compile(r'\sid="([^"]+)"')
BEGINNINGS = ("/", "/health/", "/plans", "/free", "/login", "/trial", "/health/article/article-ferme", "/help/access")
MOST = 400


@pytest.mark.parametrize("who", ["anonymous", "trial", "admin"])
def test_every_link_leads_somewhere(app: Flask, who: str) -> None:
    house = furnish()
    client = app.test_client()
    if house.readers[who] is not None:
        sign_in(client, house.readers[who])
    waiting, seen, faults = deque((path, "start") for path in BEGINNINGS), set(BEGINNINGS), []
    while waiting and len(seen) < MOST:
        path, origin = waiting.popleft()
        answer = client.get(path)
        if answer.status_code >= 400 and not (origin == "start" and answer.status_code == 403):
            faults.append(f"{path} answers {answer.status_code}, linked from {origin}")
        if answer.mimetype != "text/html" or answer.status_code != 200:
            continue
        for link in links(answer.text, path):
            if link not in seen:
                seen.add(link)
                waiting.append((link, path))
        faults += [f"{path}#{anchor} has no such place" for anchor in lost_anchors(answer.text)]
    assert faults == []
    assert len(BEGINNINGS) * 2 < len(seen) < MOST, "the crawl does not end by itself, or finds no links"


def links(page: str, path: str) -> set[str]:
    """The addresses of this site a page links to, without their fragments."""
    found = {urldefrag(urljoin(f"http://localhost{path}", unescape(link)))[0] for link in _LINK.findall(page)}
    ours = {urlsplit(link) for link in found}
    return {link._replace(scheme="", netloc="").geturl() for link in ours if link.netloc == "localhost"}


def lost_anchors(page: str) -> list[str]:
    """Places within the page that its own links name and that are not there."""
    places = set(_ID.findall(page))
    named = {link[1:] for link in _LINK.findall(page) if link.startswith("#") and len(link) > 1}
    return sorted(named - places)
