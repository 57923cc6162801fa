"""Static files: packed for whoever takes it, kept for ever under the address of their content."""

import gzip
import re

import pytest
from flask import Flask

from portal.assets import STATIC, static_url, stylesheet
from portal.verticals import site_verticals
from tests.builders import a_vertical
from tests.forms import Browser

PACKS = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("name", ["js/portal.js", "icons.svg"])
def test_text_files_travel_packed(client: Browser, name: str) -> None:
    plain, packed = client.get(static_url(name)), client.get(static_url(name), headers=PACKS)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert gzip.decompress(packed.data) == plain.data == (STATIC / name).read_bytes()
    assert plain.mimetype == packed.mimetype
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "immutable" in answer.headers["Cache-Control"]


def test_fonts_travel_as_they_are(client: Browser) -> None:
    answer = client.get(static_url("fonts/newsreader.woff2"), headers=PACKS)
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (STATIC / "fonts/newsreader.woff2").read_bytes()


def test_a_part_of_a_file_is_that_part(client: Browser) -> None:
    answer = client.get(static_url("icons.svg"), headers={**PACKS, "Range": "bytes=0-9"})
    assert answer.status_code == 206
    assert answer.data == (STATIC / "icons.svg").read_bytes()[:10]


def test_asking_for_the_head_brings_no_body(client: Browser) -> None:
    answer = client.head(static_url("icons.svg"), headers=PACKS)
    assert answer.status_code == 200
    assert answer.data == b""


def test_the_stylesheet_travels_packed(app: Flask, client: Browser) -> None:
    a_vertical("health")
    address, content = stylesheet(site_verticals())
    answer = client.get(address, headers=PACKS)
    assert re.match(r"/assets/portal\.[0-9a-f]{10}\.css", address)
    assert gzip.decompress(answer.data) == content == client.get(address).data
