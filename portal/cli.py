"""The `portal` command: collects each room's commands. Every command says what it did and fails with a non-zero exit."""

import click
from flask import Flask
from flask.cli import FlaskGroup


def make_app() -> Flask:
    """The app for the command line. Settings errors are one plain sentence."""
    from portal.factory import create_app
    from portal.settings import SettingsError

    try:
        return create_app()
    except SettingsError as error:
        raise click.ClickException(str(error)) from error


@click.group(cls=FlaskGroup, create_app=make_app, add_default_commands=False, load_dotenv=False)
def main() -> None:
    """Run and look after the portal."""


def init_app(app: Flask) -> None:
    """Give the app the commands of every room."""
