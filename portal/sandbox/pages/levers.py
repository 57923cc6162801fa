"""The control page: every lever as a form, in French and English."""

from __future__ import annotations

from typing import Any, NamedTuple

from werkzeug.wrappers import Response

from portal.sandbox import faults
from portal.sandbox.desk import Desk
from portal.sandbox.engine.collecting import OUTCOMES
from portal.sandbox.engine.disputing import REASONS
from portal.sandbox.pages import layout
from portal.sandbox.store import Document
from portal.sandbox.webhooks.queue import MODES

RECENT = 8


class Field(NamedTuple):
    """An input: its name, what is in it at first, its choices if there are any, the word of its label."""

    name: str
    value: str = ""
    choices: tuple[str, ...] = ()
    numeric: bool = False
    label: str = ""


class Panel(NamedTuple):
    """One form: the lever's name and its inputs."""

    lever: str
    fields: tuple[Field, ...] = ()


SUBJECT = Field("subject")
GROUPS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    ("time", (Panel("clock", (Field("days", "31", numeric=True), Field("hours", "0", numeric=True))), Panel("settle"))),
    (
        "money",
        (
            Panel("fail-next-renewal", (Field("subscription"), Field("times", "1", numeric=True))),
            Panel("refund", (SUBJECT, Field("amount", numeric=True))),
            Panel("dispute", (SUBJECT, Field("reason", "fraudulent", REASONS))),
            Panel("dispute-closed", (SUBJECT, Field("outcome", "won", ("won", "lost")))),
            Panel("delete-customer", (Field("customer"),)),
            Panel("bank", (Field("answers", "at-once", ("at-once", "later")),)),
            Panel("bank-answers"),
            Panel("account", (Field("after_retries", "cancel", OUTCOMES),)),
        ),
    ),
    (
        "hooks",
        (
            Panel(
                "webhooks",
                (
                    Field("mode", "normal", MODES),
                    Field("seconds", "0", numeric=True),
                    Field("seed", "0", numeric=True),
                ),
            ),
        ),
    ),
    (
        "trouble",
        (
            Panel("fault", (Field("kind", "500", faults.KINDS), Field("times", "1", numeric=True))),
            Panel("outage", (Field("seconds", "60", numeric=True, label="outage_seconds"),)),
        ),
    ),
    ("all", (Panel("reset"),)),
)
IDS = ("subject", "subscription", "customer")
"""Inputs that take an id; the page offers recent ones."""


def page(desk: Desk, state: Document, done: str = "", wrong: str = "", given: dict[str, Any] | None = None) -> Response:
    """The page; `done` names the lever just used, `wrong` says why it could not be."""
    with desk.store.turn():
        subscriptions = desk.store.find("subscription", limit=RECENT)
        recent = [one | {"who": _name(desk, one)} for one in subscriptions]
    return layout.page(
        "control.html",
        layout.language(),
        (),
        400 if wrong else 200,
        state=state,
        groups=GROUPS,
        current=_current(state) | (given or {}),
        recent=recent,
        ids=IDS,
        done=done if any(done == panel.lever for _, panels in GROUPS for panel in panels) else "",
        wrong=wrong,
        seller=None,
    )


def _name(desk: Desk, subscription: Document) -> str:
    customer = desk.store.get(subscription["customer"]) or {}
    return str(customer.get("name") or customer.get("email") or subscription["customer"])


def _current(state: Document) -> dict[str, Any]:
    """What is set now, for the inputs that show it."""
    return {"mode": state["webhooks"]["mode"], "answers": state["bank"], "after_retries": state["after_retries"]}
