"""The golden file of route × role: `python -m tests.guards.routes` writes it again, after a look at what changed."""

import tempfile
from pathlib import Path

from flask import Flask

from portal.factory import create_app
from portal.roles import Role
from portal.settings import Environment, Settings
from portal.web import rule_of

GOLDEN = Path(__file__).with_name("routes.txt")
_AS = {None: "anonymous", **{role: role.value for role in Role}}


def listing(app: Flask) -> str:
    """One line per method and route: its rule, and who it lets in."""
    lines = []
    for route in app.url_map.iter_rules():
        rule = rule_of(app, route.endpoint)
        let_in = [name for role, name in _AS.items() if rule.lets(role)]
        who = "everybody" if len(let_in) == len(_AS) else " ".join(let_in)
        methods = sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
        lines += [f"{method:<5} {route.rule:<52} {rule.word:<22} {who}" for method in methods]
    return "\n".join(sorted(lines, key=lambda line: line.split()[1::-1])) + "\n"


def development_app() -> Flask:
    """An app with every route there is, the hub's included; its database is never asked."""
    folder = Path(tempfile.gettempdir())
    settings = Settings(
        env=Environment.DEVELOPMENT,
        database_url="sqlite://",
        secret_key="only to list routes, and long enough for that",
        stripe_api_base="http://127.0.0.1:9",
        instance=folder,
    )
    return create_app(settings)


if __name__ == "__main__":
    GOLDEN.write_text(listing(development_app()), encoding="utf-8")
    print(f"{GOLDEN} was written.")
