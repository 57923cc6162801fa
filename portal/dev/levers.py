"""`portal sandbox …`: run the Stripe stand-in, and pull its levers from the terminal. Never in production."""

import os
import re
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import click
import requests

from portal.dev.standin import TIMEOUT, StandIn
from portal.settings import Settings, SettingsError, load

Args = ParamSpec("Args")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SPAN = re.compile(r"(\d{1,6})([smhd])")
UNPARSED = {"ignore_unknown_options": True, "help_option_names": []}


class _RunsByItself(click.Group):
    """Without a word that is a command, everything that was typed goes to the stand-in itself, as it always did."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        help_wanted = args[:1] == ["--help"]
        if not help_wanted and (not args or args[0].startswith("-")):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("sandbox", cls=_RunsByItself)
def sandbox() -> None:
    """The Stripe stand-in: run it (portal sandbox --state FILE …), or pull the levers of the one that runs."""


@sandbox.command("run", context_settings=UNPARSED)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run(arguments: tuple[str, ...]) -> None:
    """Run only the stand-in: portal sandbox run --state FILE [--port 8001] …"""
    if _settings().production:
        raise click.ClickException("The Stripe stand-in never runs in production.")
    # Another program takes this one's place: the portal imports nothing of the stand-in.
    os.execv(sys.executable, [sys.executable, "-m", "portal.sandbox", *arguments])  # noqa: S606  # nosec B606


def _settings() -> Settings:
    try:
        return load()
    except (SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from error


def _standin() -> StandIn:
    settings = _settings()
    if not settings.uses_sandbox:
        raise click.ClickException(f"Stripe's address is {settings.stripe_api_base}: that is no stand-in.")
    return StandIn(settings)


def pull(lever: str, **values: Any) -> dict[str, Any]:
    """Use a lever of the running stand-in; a sentence when it refuses or does not answer."""
    standin = _standin()
    try:
        answer = requests.post(f"{standin.base}/_control/{lever}", json=values, timeout=TIMEOUT)
        found = dict(answer.json())
    except (requests.RequestException, ValueError) as error:
        raise click.ClickException(f"Nothing answers at {standin.base}. Does the stand-in run?") from error
    if not answer.ok:
        raise click.ClickException(str(found.get("error", f"The stand-in answered {answer.status_code}.")))
    return found


def seconds_of(span: str) -> int:
    """Seconds of 40d, 3h, 20m or 5s."""
    match = SPAN.fullmatch(span.strip().lower())
    if match is None:
        raise click.ClickException(f"{span} is no length of time: write 40d, 3h, 20m or 5s.")
    return int(match[1]) * UNITS[match[2]]


def _money(answer: dict[str, Any]) -> str:
    return f"{answer['amount'] / 100:.2f} {str(answer['currency']).upper()}"


def _saying(act: Callable[Args, str]) -> Callable[Args, None]:
    """Say on the terminal what was done."""

    @wraps(act)
    def said(*args: Args.args, **kwargs: Args.kwargs) -> None:
        click.echo(act(*args, **kwargs))

    return said


@sandbox.command("reset")
@click.option("--keep-catalogue", is_flag=True, help="Keep products, prices and tax rates.")
@_saying
def reset(keep_catalogue: bool) -> str:
    """Forget every customer, subscription and payment of the stand-in."""
    pull("reset", catalogue=keep_catalogue)
    return "Forgot everything" + (" but the catalogue." if keep_catalogue else ". Run “portal stripe sync-plans” next.")


@sandbox.command("advance")
@click.argument("span")
@_saying
def advance(span: str) -> str:
    """Move the shared clock by SPAN (40d, 3h, 20m, 5s), the portal's with it, and let what falls due happen."""
    moved = pull("clock", seconds=seconds_of(span))
    settled = pull("settle", seconds=10)
    left = "" if settled["drained"] else f" {settled['pending'] + settled['held']} webhooks are still on their way."
    return f"The clock is {moved['offset']} seconds ahead.{left}"


@sandbox.command("fail-next-renewal")
@click.argument("subscription")
@click.option("--times", type=click.IntRange(0, 99), default=1, show_default=True, help="How many in a row; 0 undoes.")
@_saying
def fail_next_renewal(subscription: str, times: int) -> str:
    """Have the bank refuse the next payment of SUBSCRIPTION (sub_…)."""
    pull("fail-next-renewal", subscription=subscription, times=times)
    return f"The next {times} payments of {subscription} will be refused." if times else f"{subscription} pays again."


@sandbox.command("drop-webhooks")
@click.argument("span")
@_saying
def drop_webhooks(span: str) -> str:
    """Lose every webhook for SPAN of real time (1h, 20m, 5s); 0s ends it."""
    seconds = seconds_of(span)
    pull("webhooks", mode="drop" if seconds else "normal", seconds=seconds)
    return f"Webhooks are lost for {span}." if seconds else "Webhooks arrive again."


@sandbox.command("refund")
@click.argument("subject")
@click.option("--cents", type=click.IntRange(min=1), help="How much; everything that is left by default.")
@_saying
def refund(subject: str, cents: int | None) -> str:
    """Give back the last payment of SUBJECT: sub_…, in_…, pi_…, ch_… or cus_…"""
    made = pull("refund", subject=subject, amount=cents or 0)
    return f"Gave back {_money(made)} of {made['charge']} ({made['refund']})."


@sandbox.command("dispute")
@click.argument("subject")
@click.option("--close", type=click.Choice(["won", "lost"]), help="Decide the dispute instead of opening it.")
@click.option("--reason", default="fraudulent", show_default=True, help="The buyer's reason, in Stripe's words.")
@_saying
def dispute(subject: str, close: str | None, reason: str) -> str:
    """Dispute the last payment of SUBJECT (sub_…, in_…, pi_…, ch_…, cus_…), or decide its dispute (du_… too)."""
    if close:
        found = pull("dispute-closed", subject=subject, outcome=close)
        return f"The dispute {found['dispute']} is {found['outcome']}."
    made = pull("dispute", subject=subject, reason=reason)
    return f"Disputed {_money(made)} of {made['charge']} ({made['dispute']})."


@sandbox.command("state")
@_saying
def state() -> str:
    """Say what the stand-in holds and how it behaves."""
    standin = _standin()
    try:
        found = standin.state()
    except (requests.RequestException, ValueError) as error:
        raise click.ClickException(f"Nothing answers at {standin.base}. Does the stand-in run?") from error
    lines = [f"clock\t{found['offset']} seconds ahead", f"webhooks\t{found['webhooks']['mode']}"]
    lines += [f"deliveries {name}\t{count}" for name, count in found["deliveries"].items()]
    lines += [f"{kind}\t{count}" for kind, count in found["objects"].items()]
    lines += [f"will be refused\t{one}" for one in found["failing"]]
    return "\n".join(lines)
