"""`portal sandbox …`: the levers of a running stand-in from the terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.dev.levers import sandbox as root
from tests.sandbox.receiver import Receiver
from tests.sandbox.server import Sandbox, start_sandbox
from tests.sandbox.shop import Shop

COMMANDS = ("run", "reset", "advance", "fail-next-renewal", "drop-webhooks", "refund", "dispute", "state")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A stand-in to pull at."""
    found = start_sandbox(tmp_path_factory.mktemp("sandbox"), None, shuffle=None)
    yield found
    found.stop()


@pytest.fixture
def shop(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An empty shop whose stand-in the command line finds."""
    monkeypatch.setenv("STRIPE_API_BASE", running.url)
    running.clock_file.write_text("", encoding="ascii")
    running.control("reset")
    receiver = Receiver()
    yield Shop(running, receiver)
    receiver.stop()


def typed(*words: str) -> Result:
    return CliRunner().invoke(root, list(words))


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_every_lever_explains_itself(command: str) -> None:
    done = typed(command, "--help")
    assert done.exit_code == 0 and "Usage:" in done.output and len(done.output.splitlines()) > 4


def test_the_group_names_its_levers() -> None:
    done = typed("--help")
    assert done.exit_code == 0 and all(command in done.output for command in COMMANDS)


def test_money_is_given_back_and_disputed(shop: Shop) -> None:
    found = shop.subscription()
    done = typed("refund", found.id, "--cents", "1000")
    assert (done.exit_code, done.output.split(" of ")[0]) == (0, "Gave back 10.00 EUR"), done.output
    done = typed("dispute", found.id, "--reason", "subscription_canceled")
    assert done.exit_code == 0 and done.output.startswith("Disputed 80.87 EUR of ch_"), done.output
    done = typed("dispute", found.id, "--close", "won")
    assert done.exit_code == 0 and done.output.endswith(" is won.\n"), done.output


def test_time_passes_and_a_renewal_fails(shop: Shop) -> None:
    found = shop.subscription()
    assert typed("fail-next-renewal", found.id).output == f"The next 1 payments of {found.id} will be refused.\n"
    done = typed("advance", "32d")
    assert done.exit_code == 0 and f"{32 * 86_400} seconds ahead" in done.output, done.output
    assert shop.again(found).status == "past_due"
    assert typed("fail-next-renewal", found.id, "--times", "0").output == f"{found.id} pays again.\n"


def test_webhooks_are_lost_for_an_hour_and_arrive_again(shop: Shop) -> None:
    assert typed("drop-webhooks", "1h").output == "Webhooks are lost for 1h.\n"
    assert "webhooks\tdrop" in typed("state").output
    assert typed("drop-webhooks", "0s").output == "Webhooks arrive again.\n"
    assert "webhooks\tnormal" in typed("state").output


def test_everything_is_forgotten_but_the_catalogue_if_asked(shop: Shop) -> None:
    shop.subscription()
    assert typed("reset", "--keep-catalogue").exit_code == 0
    state = typed("state").output
    assert "price\t1" in state and "customer" not in state
    assert typed("reset").exit_code == 0 and "price" not in typed("state").output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["refund", "sub_none"], "sub_none leads to no paid charge."),
        (["dispute", "sub_none"], "sub_none leads to no paid charge."),
        (["fail-next-renewal", "sub_none"], "subscription must be the id of a subscription"),
        (["advance", "soon"], "soon is no length of time: write 40d, 3h, 20m or 5s."),
        (["advance", "0d"], "Say by how much: days, hours or seconds, ten years at most together."),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_a_failure(shop: Shop, words: list[str], sentence: str) -> None:
    done = typed(*words)
    assert (done.exit_code, done.output) == (1, f"Error: {sentence}\n")


def test_a_stand_in_that_does_not_run_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_BASE", "http://127.0.0.1:9")
    for words in (["state"], ["reset"]):
        done = typed(*words)
        expected = "Error: Nothing answers at http://127.0.0.1:9. Does the stand-in run?\n"
        assert (done.exit_code, done.output) == (1, expected)


def test_the_bare_command_still_runs_the_stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("portal.dev.levers.os.execv", lambda _program, words: started.append(words[2:]))
    for words in (["--state", str(tmp_path / "s"), "--port", "0"], ["run", "--state", str(tmp_path / "s")], []):
        assert typed(*words).exit_code == 0
    assert started[0] == ["portal.sandbox", "--state", str(tmp_path / "s"), "--port", "0"]
    assert started[1] == ["portal.sandbox", "--state", str(tmp_path / "s")]
    assert started[2] == ["portal.sandbox"]
