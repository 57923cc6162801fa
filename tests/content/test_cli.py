"""`portal verticals`: a fourth vertical without touching code."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.content.cli import verticals
from portal.db import AnySession
from tests.builders import a_vertical


def test_a_vertical_added_on_the_command_line_has_its_pages_and_colour(
    session: AnySession, app: Flask, client: FlaskClient
) -> None:
    runner = app.test_cli_runner()
    done = runner.invoke(verticals, ["add", "retail", "--name", "mind Retail", "--colour", "#8a4b08", "--no-trials"])
    assert done.exit_code == 0, done.output
    assert "/retail/" in done.output
    listed = runner.invoke(verticals, ["list"]).output
    assert "mind Retail" in listed and "no trials" in listed
    page = client.get("/retail/")
    assert page.status_code == 200
    assert "#8a4b08" in client.get(page.text.split('rel="stylesheet" href="')[1].split('"')[0]).text


@pytest.mark.parametrize(
    ("slug", "colour", "said"),
    [("admin", "#000000", "reserved"), ("health", "#000000", "already"), ("neuf", "red", "colour")],
)
def test_a_vertical_that_cannot_be_is_refused_in_a_sentence(
    session: AnySession, app: Flask, slug: str, colour: str, said: str
) -> None:
    a_vertical("health")
    done = app.test_cli_runner().invoke(verticals, ["add", slug, "--name", "X", "--colour", colour])
    assert done.exit_code != 0
    assert said in done.output
