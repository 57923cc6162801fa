"""The stand-in as a process and as a thread: starting, stopping, going on where it was, its controls."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from portal.sandbox import control
from portal.sandbox.__main__ import read_arguments
from portal.sandbox.config import Config
from portal.sandbox.pages import levers
from portal.sandbox.pages.words import WORDS
from portal.sandbox.server import PortTaken, Server
from tests.sandbox.receiver import Receiver
from tests.sandbox.server import ROOT, start_sandbox
from tests.sandbox.shop import Shop, card, client, visit, words
from tests.stripe_contract.police import assert_lawful


def test_a_restart_keeps_everything_and_sends_what_was_still_to_send(folder: Path, receiver: Receiver) -> None:
    first = start_sandbox(folder, receiver.url)
    first.control("webhooks", mode="hold")
    found = Shop(first, receiver).subscription()
    assert first.stop() == 0
    second = start_sandbox(folder, receiver.url, shuffle=None)
    second.control("webhooks", mode="normal")
    second.settle()
    assert Shop(second, receiver).again(found).status == "active"
    assert "checkout.session.completed" in receiver.types()
    second.stop()
    assert_lawful(second.wire_log)


def test_a_taken_port_gives_one_plain_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "portal.sandbox", "--port", port, "--state", str(folder / "s.db")]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1 and ended.stdout == ""
    assert ended.stderr == f"Port {port} is taken: something already listens at 127.0.0.1:{port}.\n"


def test_an_interrupt_ends_it_cleanly(folder: Path) -> None:
    running = start_sandbox(folder)
    running.process.send_signal(2)
    _, trouble = running.process.communicate(timeout=20)
    assert (running.process.returncode, trouble) == (0, "")


def test_it_runs_in_a_thread_as_well(folder: Path) -> None:
    log = folder / "wire.jsonl"
    with Server(Config(state=folder / "s.db", port=0, wire_log=log)) as running:
        assert client(running.url).v1.customers.create({"name": "Ada"}).name == "Ada"
        with pytest.raises(PortTaken):
            Server(Config(state=folder / "t.db", port=running.config.port))
    assert_lawful(log)


def test_the_ticker_does_due_work_by_itself(folder: Path, receiver: Receiver) -> None:
    running = start_sandbox(folder, receiver.url, shuffle=None)
    shop = Shop(running, receiver)
    shop.session(expires_at=shop.now() + 1_900)
    running.settle()
    running.move_clock(2_000)
    assert receiver.wait_for("checkout.session.expired")
    running.stop()


def test_a_renewals_invoice_may_stay_a_draft_for_a_while(folder: Path, receiver: Receiver) -> None:
    running = start_sandbox(folder, options=("--renewal-lag", "3600"))
    shop = Shop(running, receiver)
    found = shop.subscription()
    shop.pass_time(found["items"]["data"][0].current_period_end - shop.now() + 60)
    invoice = str(shop.again(found).latest_invoice)
    assert shop.stripe.v1.invoices.retrieve(invoice).status == "draft"
    shop.pass_time(3_600)
    assert shop.stripe.v1.invoices.retrieve(invoice).status == "paid"
    running.stop()
    assert_lawful(running.wire_log)


@pytest.mark.parametrize("setting", ["unpaid", "past_due"])
def test_exhausted_retries_follow_the_accounts_setting(folder: Path, receiver: Receiver, setting: str) -> None:
    running = start_sandbox(folder, options=("--after-retries", setting))
    shop = Shop(running, receiver)
    found = shop.subscription("4000 0000 0000 0341", subscription_data={"trial_end": shop.now() + 3 * 86_400})
    shop.pass_time(19 * 86_400)
    assert shop.again(found).status == setting
    owed = shop.stripe.v1.invoices.retrieve(str(shop.again(found).latest_invoice))
    visit(str(owed.hosted_invoice_url), card())
    assert shop.again(found).status == "active"
    running.stop()


def test_a_reset_forgets_everything_but_the_address(shop: Shop) -> None:
    shop.subscription()
    shop.sandbox.control("reset")
    assert shop.sandbox.control("state")["objects"] == {"billing_portal.configuration": 1}


def test_a_reset_may_leave_what_is_for_sale(shop: Shop) -> None:
    shop.subscription()
    before = shop.sandbox.control("state")["objects"]
    shop.sandbox.control("reset", catalogue=True)
    after = shop.sandbox.control("state")["objects"]
    sold = {kind: before[kind] for kind in ("product", "price", "tax_rate") if kind in before}
    assert after == {**sold, "billing_portal.configuration": 1}


def test_the_state_counts_what_there_is(shop: Shop) -> None:
    shop.subscription()
    state = shop.sandbox.control("state")
    assert state["objects"]["subscription"] == 1 and state["objects"]["invoice"] == 1
    assert state["webhooks"]["mode"] == "normal"


def test_the_control_page_shows_the_state_and_takes_forms(shop: Shop) -> None:
    found = shop.subscription()
    address = f"{shop.sandbox.url}/_control"
    assert "Controls of the Stripe stand-in" in words(visit(f"{address}/?lang=en").text)
    page = visit(f"{address}/fail-next-renewal?lang=fr", {"subscription": found.id, "times": "1"})
    assert (page.status, page.location) == (303, "/_control/?done=fail-next-renewal&lang=fr")
    text = words(visit(f"{sandbox_url(shop)}{page.location}").text)
    assert "C’est fait : Refuser le prochain paiement." in text
    assert f"Prochains paiements refusés : {found.id}." in text


def sandbox_url(shop: Shop) -> str:
    return shop.sandbox.url


def test_every_lever_of_the_page_is_one_that_the_stand_in_has() -> None:
    named = {panel.lever for _, panels in levers.GROUPS for panel in panels}
    assert named <= set(control.ACTS)
    assert {"refund", "dispute", "dispute-closed", "delete-customer", "clock", "webhooks", "fault"} <= named
    for panel in (panel for _, panels in levers.GROUPS for panel in panels):
        for field in panel.fields:
            assert f"ctl_field_{field.label or field.name}" in WORDS
            prefix = "ctl_why_" if field.name == "reason" else "ctl_is_"
            assert all(f"{prefix}{word}" in WORDS for word in field.choices)


def test_a_mistake_on_the_control_page_is_said_on_it(shop: Shop) -> None:
    page = visit(f"{shop.sandbox.url}/_control/refund?lang=fr", {"subject": "sub_none", "form": "1"})
    assert page.status == 400 and "sub_none leads to no paid charge." in words(page.text)


@pytest.mark.parametrize(
    ("act", "form"),
    [
        ("webhooks", {"mode": "sideways"}),
        ("webhooks", {"mode": "delay", "seconds": "soon"}),
        ("fail-next-renewal", {"subscription": "sub_none"}),
        ("listen", {"url": "ftp://x"}),
    ],
)
def test_a_senseless_control_is_refused(shop: Shop, act: str, form: dict[str, str]) -> None:
    assert visit(f"{shop.sandbox.url}/_control/{act}", form).status == 400


def test_other_origins_and_other_names_cannot_pull_the_levers(shop: Shop) -> None:
    address = f"{shop.sandbox.url}/_control/reset"
    assert visit(address, {}, {"Origin": "http://evil.test"}).status == 403
    assert visit(address, {}, {"Host": "evil.test"}).status == 403
    port = urllib.parse.urlsplit(shop.sandbox.url).port
    assert visit(f"{shop.sandbox.url}/_control/state", None, {"Host": f"localhost:{port}"}).status == 200


def test_the_command_line_has_sensible_defaults() -> None:
    config = read_arguments(["--state", "x.db"])
    assert (config.host, config.port, config.shuffle, config.ticker) == ("127.0.0.1", 8001, None, True)
