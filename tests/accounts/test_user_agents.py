"""Devices by the words people use for them."""

import pytest

from portal.accounts.user_agents import UserAgent, from_facts, parse
from portal.i18n import use_locale

MOZILLA = "Mozilla/5.0 "
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) "
MAC = "(Macintosh; Intel Mac OS X 10_15_7) "
IPHONE = "(iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
WINDOWS = "(Windows NT 10.0; Win64; x64) "
ANDROID = "(Linux; Android 10; K) "
CHROME = "Chrome/138.0.0.0 Safari/537.36"

KNOWN = [
    (MOZILLA + "(Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox sur Mac"),
    (MOZILLA + MAC + WEBKIT + CHROME, "Chrome sur Mac"),
    (MOZILLA + MAC + "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari sur Mac"),
    (MOZILLA + IPHONE + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari sur iPhone"),
    (MOZILLA + IPHONE + "CriOS/138.0.7204.53 Mobile/15E148 Safari/604.1", "Chrome sur iPhone"),
    (MOZILLA + IPHONE + "FxiOS/140.0 Mobile/15E148 Safari/605.1.15", "Firefox sur iPhone"),
    (MOZILLA + "(iPad; CPU OS 17_7 like Mac OS X) Version/17.7 Mobile/15E148 Safari/604.1", "Safari sur iPad"),
    (MOZILLA + WINDOWS + WEBKIT + CHROME + " Edg/138.0.0.0", "Edge sur Windows"),
    (MOZILLA + WINDOWS + WEBKIT + CHROME + " OPR/120.0.0.0", "Opera sur Windows"),
    (MOZILLA + ANDROID + WEBKIT + "Chrome/138.0.0.0 Mobile Safari/537.36", "Chrome sur Android"),
    (MOZILLA + "(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox sur Android"),
    (MOZILLA + ANDROID + WEBKIT + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", None),
    (MOZILLA + "(X11; CrOS x86_64 14541.0.0) " + WEBKIT + CHROME, "Chrome sur ChromeOS"),
    (MOZILLA + "(X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox sur Linux"),
    ("NetNewsWire (Macintosh)", "Un navigateur sur Mac"),
    ("curl/8.5.0", "Un navigateur"),
    ("", "Un navigateur"),
    ("\x01<script>Firefox/\udcff" + "x" * 100_000, "Firefox"),
]


@pytest.mark.parametrize(("text", "words"), KNOWN)
def test_a_device_is_called_as_its_reader_calls_it(text: str, words: str | None) -> None:
    with use_locale("fr"):
        assert parse(text).words() == (words or "Samsung Internet sur Android")


def test_the_words_follow_the_language() -> None:
    with use_locale("en"):
        assert UserAgent("Firefox", "Mac").words() == "Firefox on Mac"
        assert UserAgent().words() == "A browser"


def test_what_the_audit_log_keeps_comes_back_and_what_was_erased_is_a_browser() -> None:
    device = UserAgent("Firefox", "Mac")
    assert from_facts(device.facts()) == device
    assert from_facts(None) == UserAgent()
