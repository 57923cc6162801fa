"""The running Stripe stand-in, from the side of whoever demonstrates: its levers, and its payment page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from portal.settings import Settings

TIMEOUT = 20
ANY_KEY = {"Authorization": "Bearer sk_test_demonstration"}


class StandIn:
    """The levers of the running stand-in. Every method raises requests.RequestException when it does not answer."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.stripe_api_base

    def runs(self) -> bool:
        """True when it answers."""
        try:
            return requests.get(f"{self.base}/_control/state", timeout=2).ok
        except requests.RequestException:
            return False

    def state(self, patience: float = TIMEOUT) -> dict[str, Any]:
        """Clock, modes, deliveries."""
        answer = requests.get(f"{self.base}/_control/state", timeout=patience)
        answer.raise_for_status()
        return dict(answer.json())

    def pull(self, lever: str, **values: Any) -> dict[str, Any]:
        """Use a lever."""
        answer = requests.post(f"{self.base}/_control/{lever}", json=values, timeout=TIMEOUT)
        answer.raise_for_status()
        return dict(answer.json())

    def pay(self, url: str, card: dict[str, str]) -> None:
        """Type a card on its payment page and press the button."""
        requests.post(url, data=card, timeout=TIMEOUT, allow_redirects=False).raise_for_status()

    def announce_end(self, subscription_id: str) -> None:
        """What its customer portal does when a subscriber cancels."""
        url, wish = f"{self.base}/v1/subscriptions/{subscription_id}", {"cancel_at_period_end": "true"}
        requests.post(url, data=wish, headers=ANY_KEY, timeout=TIMEOUT).raise_for_status()

    @contextmanager
    def not_waiting_for_webhooks(self) -> Iterator[None]:
        """The payment page redirects at once: while the demonstration loads, nobody listens to webhooks."""
        before = self.state()["checkout_wait"]
        self.pull("checkout", wait_seconds=0)
        try:
            yield
        finally:
            self.pull("checkout", wait_seconds=before)
