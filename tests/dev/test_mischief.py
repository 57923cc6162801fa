"""The buttons that ask the stand-in to misbehave: the server pulls the levers, and says when nobody answers."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.dev import mischief
from portal.dev.standin import StandIn
from tests.forms import Browser, submit

STATE = {"webhooks": {"mode": "drop"}, "bank": "later", "outage": 12.0, "failing": [], "checkout_wait": 10}


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was asked of the stand-in."""
    asked: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(StandIn, "state", lambda _self, **_patience: STATE)
    monkeypatch.setattr(StandIn, "pull", lambda _self, lever, **values: asked.append((lever, values)))
    return asked


@pytest.mark.parametrize("name", list(mischief.ACTS))
def test_each_button_pulls_its_lever(hub: Browser, pulled: list[Any], name: str) -> None:
    answer = submit(hub, "/dev/stripe", {"act": name}, page="/dev")
    assert answer.status_code == 303 and answer.location == "/dev#stripe"
    act = mischief.ACTS[name]
    assert pulled == [(act.lever, dict(act.values))]


def test_the_hub_shows_how_the_stand_in_behaves_now(hub: Browser, pulled: list[Any]) -> None:
    page = hub.get("/dev").text
    assert 'value="drop" aria-pressed="true"' in page and 'value="normal" aria-pressed="false"' in page
    assert 'value="bank-later" aria-pressed="true"' in page
    assert 'value="outage-over"' in page and 'value="outage"' not in page


def test_only_a_live_subscription_of_ours_can_be_refused(hub: Browser, pulled: list[Any]) -> None:
    answer = submit(hub, "/dev/stripe/refuse", {"subscription": "sub_foreign"}, page="/dev")
    assert answer.status_code == 404 and pulled == []


def test_a_stand_in_that_does_not_answer_is_said(hub: FlaskClient) -> None:
    assert "Elle ne répond pas" in hub.get("/dev").text
    assert submit(hub, "/dev/stripe", {"act": "drop"}, page="/dev").status_code == 303
    assert "La doublure de Stripe ne répond pas." in hub.get("/dev").text
