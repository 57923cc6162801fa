"""Coarse limits: acts of one network are counted before any database is asked."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from portal.limits import ACTS, KEY, counter


@pytest.fixture
def counting(client: FlaskClient) -> Iterator[FlaskClient]:
    """A browser whose acts are counted."""
    client.application.extensions[KEY] = counter(client.application.extensions["portal.settings"])
    yield client
    client.application.extensions[KEY] = None


def act(client: FlaskClient, address: str = "203.0.113.7") -> int:
    return client.post("/preferences", data={"theme": "dark"}, environ_base={"REMOTE_ADDR": address}).status_code


def test_more_acts_a_minute_than_a_person_makes_are_refused_with_a_wait(counting: FlaskClient) -> None:
    assert {act(counting) for _number in range(ACTS.amount)} == {303}
    refused = counting.post("/preferences", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert "<h1" in refused.text
    assert act(counting, "203.0.113.8") == 303
    assert counting.get("/", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200


def test_addresses_of_one_ipv6_network_count_together(counting: FlaskClient) -> None:
    for number in range(ACTS.amount):
        act(counting, f"2001:db8::{number:x}")
    assert act(counting, "2001:db8::ffff:1") == 429
    assert act(counting, "2001:db8:0:1::1") == 303


def test_stripe_is_not_counted(counting: FlaskClient) -> None:
    answers = {counting.post("/stripe/webhook", data=b"{}").status_code for _number in range(ACTS.amount + 1)}
    assert answers == {400}
