"""The `portal` command: what it offers, and its one-sentence failures."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from portal.cli import portal as root
from portal.factory import create_app
from portal.settings import ROOT, load

SECRET = "a secret key of tests, long enough to be one"


def portal(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person would, in an environment of its own."""
    surroundings = {"PATH": "/usr/bin:/bin", "PORTAL_INSTANCE": str(folder), "SECRET_KEY": SECRET, **environ}
    command = [sys.executable, "-m", "portal.cli", *arguments]
    return subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=120, check=False)


def test_a_database_goes_up_and_down_and_up(tmp_path: Path) -> None:
    assert "The database is at 0" in portal("db", "upgrade", folder=tmp_path).stdout
    assert "The database is at base." in portal("db", "downgrade", "base", folder=tmp_path).stdout
    assert portal("db", "upgrade", folder=tmp_path).returncode == 0


def test_migrations_and_models_agree(tmp_path: Path) -> None:
    done = portal("db", "check", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "Migrations and models agree.\n"), done.stderr


def test_demo_data_never_loads_in_production(tmp_path: Path) -> None:
    done = portal("demo", "load", folder=tmp_path, **production(tmp_path))
    assert done.returncode != 0
    assert done.stderr == "Error: Demo data never loads in production.\n"


def test_the_terminal_runner_and_the_stand_in_are_not_for_production(tmp_path: Path) -> None:
    for arguments in (["run"], ["sandbox", "--state", str(tmp_path / "s.sqlite")]):
        done = portal(*arguments, folder=tmp_path, **production(tmp_path))
        assert done.returncode != 0
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1


def production(folder: Path) -> dict[str, str]:
    """Settings with which production starts."""
    return {
        "PORTAL_ENV": "production",
        "DATABASE_URL": f"sqlite:///{folder / 'p.sqlite'}",
        "SITE_URL": "https://portal.example.org",
        "STRIPE_SECRET_KEY": "sk_test_of_a_test",
        "STRIPE_WEBHOOK_SECRETS": "whsec_of_a_test",
        "MAIL_URL": "smtp://127.0.0.1:2525",
    }


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV must be"),
        ({"PORTAL_ENV": "production", "SECRET_KEY": ""}, "must be set in production"),
        ({"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRETS": "whsec_x"}, "A live Stripe key needs"),
    ],
)
def test_an_unsafe_setting_is_one_sentence_and_a_failure(
    tmp_path: Path, environ: dict[str, str], sentence: str
) -> None:
    done = portal("db", "upgrade", folder=tmp_path, **environ)
    assert done.returncode != 0
    assert sentence in done.stderr and done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_migrated_says_what_to_run(tmp_path: Path) -> None:
    done = portal("demo", "load", folder=tmp_path)
    assert done.returncode != 0
    assert "portal db upgrade" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("group", [[], ["db"], ["db", "upgrade"], ["demo", "load"], ["run"], ["worker"]])
def test_every_command_has_help(group: list[str]) -> None:
    environ = {"PORTAL_ENV": "test", "SECRET_KEY": SECRET, "DATABASE_URL": "sqlite://"}
    done = CliRunner(env=environ).invoke(root, [*group, "--help"])
    assert done.exit_code == 0 and "Usage:" in done.output


def test_every_command_and_option_of_every_room_has_help() -> None:
    app = create_app(load({"PORTAL_ENV": "test", "SECRET_KEY": SECRET, "DATABASE_URL": "sqlite://"}))
    waiting: list[tuple[str, click.Command]] = [*app.cli.commands.items(), *root.commands.items()]
    without = []
    while waiting:
        name, command = waiting.pop()
        if not command.help:
            without.append(name)
        if isinstance(command, click.Group):
            waiting += [(f"{name} {one}", each) for one, each in command.commands.items()]
    assert without == []
