"""The `portal` command: collects each room's commands. Each says what it did and fails with a non-zero exit."""

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, with_appcontext

from portal.dev import levers
from portal.settings import Settings, SettingsError, load

ROOMS = ("accounts", "access", "organisations", "trials", "billing", "content", "admin")


def make_app() -> Flask:
    """The app for the command line. Settings errors are one plain sentence."""
    from portal.factory import create_app

    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@click.group(cls=FlaskGroup, create_app=make_app, add_default_commands=False, load_dotenv=False)
def portal() -> None:
    """Run and look after the portal."""


def init_app(app: Flask) -> None:
    """Give the app the commands of every room, the worker's included."""
    for command in [*_rooms_commands(), database, demo]:
        app.cli.add_command(command)


def _rooms_commands() -> Iterator[click.Command]:
    names = [f"portal.{room}.cli" for room in ROOMS] + ["portal.worker", "portal.retention"]
    for name in names:
        if find_spec(name) is not None:
            yield from getattr(import_module(name), "commands", ())


def main() -> None:
    """Entry point: a database that does not answer is one plain sentence too."""
    from sqlalchemy.exc import OperationalError, ProgrammingError

    try:
        portal()
    except (OperationalError, ProgrammingError) as error:
        first_line = str(error.orig).strip().splitlines()[0]
        click.echo(f"Error: the database refused ({first_line}). Is it migrated? Run “portal db upgrade”.", err=True)
        sys.exit(1)


@portal.command("run")
def run() -> None:
    """Start web, worker and the Stripe stand-in in this terminal; Ctrl-C stops all of it."""
    from portal import runner

    try:
        sys.exit(runner.run(_settings()))
    except runner.RunError as error:
        raise click.ClickException(str(error)) from error


def _settings() -> Settings:
    try:
        return load()
    except (SettingsError, ValueError) as error:
        raise click.ClickException(str(error)) from error


portal.add_command(levers.sandbox)


@click.group("db")
def database() -> None:
    """Bring the database to the shape the code needs, or back."""


@database.command("upgrade")
@click.argument("revision", default="head")
@with_appcontext
def upgrade(revision: str) -> None:
    """Migrate to the newest shape (or to REVISION); loses nothing."""
    _migrate("upgrade", revision)
    click.echo(f"The database is at {_version()}.")


@database.command("downgrade")
@click.argument("revision", default="-1")
@with_appcontext
def downgrade(revision: str) -> None:
    """Go back one migration (or to REVISION; “base” removes every table)."""
    _migrate("downgrade", revision)
    click.echo(f"The database is at {_version()}.")


@database.command("check")
@with_appcontext
def check() -> None:
    """Say whether migrations and models agree, on a database made for the question."""
    with tempfile.TemporaryDirectory() as folder, _fresh_app(Path(folder)).app_context():
        from portal.db import db

        _migrate("upgrade", "head")
        _migrate("check")
        db.engine.dispose()
    click.echo("Migrations and models agree.")


@contextmanager
def _plain_words() -> Iterator[None]:
    from alembic.util.exc import CommandError

    try:
        yield
    except (CommandError, RuntimeError) as error:
        raise click.ClickException(str(error)) from error


def _migrate(act: str, *arguments: str) -> None:
    """flask_migrate's function of this name, its errors as click's (its own handler would end the process)."""
    import alembic.command

    config = current_app.extensions["migrate"].migrate.get_config()
    config.stdout = io.StringIO()  # alembic's own words; ours follow
    with _plain_words():
        getattr(alembic.command, act)(config, *arguments)


def _version() -> str:
    from sqlalchemy import text

    from portal.db import db

    return str(db.session.execute(text("SELECT max(version_num) FROM alembic_version")).scalar() or "base")


def _fresh_app(folder: Path) -> Flask:
    from portal.factory import create_app

    settings: Settings = current_app.extensions["portal.settings"]
    return create_app(replace(settings, database_url=f"sqlite:///{folder / 'check.sqlite'}"))


@click.group("demo")
def demo() -> None:
    """Invented articles, companies and people to look around with."""


@demo.command("load")
@click.option("--fresh", is_flag=True, help="Empty the database first (SQLite file under instance/ only).")
@click.option("--upgrade", is_flag=True, help="Migrate the database before.")
@with_appcontext
def load_demo(fresh: bool, upgrade: bool) -> None:
    """Load the demonstration; what is there already stays as it is."""
    from portal.dev import demo as people

    if upgrade:
        _migrate("upgrade", "head")
    try:
        for sentence in people.load(fresh=fresh):
            click.echo(sentence)
    except people.DemoError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
