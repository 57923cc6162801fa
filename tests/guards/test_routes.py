"""Who may call what is written down, and a change of it is seen."""

import pytest
from flask import Flask

from portal.verticals import RESERVED_SLUGS
from portal.web import rule_of
from tests.guards.routes import GOLDEN, development_app, listing


@pytest.fixture(scope="module")
def everything() -> Flask:
    return development_app()


def test_routes_and_roles_are_those_of_the_golden_file(everything: Flask) -> None:
    """After a look at what changed: python -m tests.guards.routes"""
    assert listing(everything).splitlines() == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_what_changes_something_is_not_reached_by_get(everything: Flask) -> None:
    mixed = [
        route.rule
        for route in everything.url_map.iter_rules()
        if {"PUT", "PATCH", "DELETE"} & (route.methods or set()) and "GET" in (route.methods or set())
    ]
    assert mixed == []


def test_the_back_office_asks_for_a_permission_everywhere(everything: Flask) -> None:
    open_doors = [
        route.rule
        for route in everything.url_map.iter_rules()
        if route.rule.startswith("/admin") and rule_of(everything, route.endpoint).permission is None
    ]
    assert open_doors == []


def test_only_the_hub_is_under_dev(everything: Flask) -> None:
    for route in everything.url_map.iter_rules():
        hub = rule_of(everything, route.endpoint).word == "development"
        assert hub == route.rule.startswith("/dev"), route.rule


def test_no_vertical_can_take_the_first_part_of_another_address(everything: Flask) -> None:
    firsts = {route.rule.split("/")[1] for route in everything.url_map.iter_rules()}
    assert {first for first in firsts if first and "<" not in first} - RESERVED_SLUGS == set()
