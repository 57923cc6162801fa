"""`portal readers …`: accounts from the command line; there is no default account."""

import sys

import click
from flask.cli import with_appcontext

from portal import audit
from portal.accounts import passwords, readers, recovery
from portal.accounts.identity import AddressError, checked_address
from portal.accounts.models import Reader
from portal.db import writing
from portal.i18n import LOCALES
from portal.roles import Role

_ADDRESS = {
    "invalid": "This is not an e-mail address.",
    "mixed-script": "This address mixes several alphabets.",
    "disposable": "This is a throw-away address.",
}
_PASSWORD = {
    "too-short": f"This password is too short: {passwords.MIN_LENGTH} characters at least.",
    "too-long": f"This password is too long: {passwords.MAX_LENGTH} characters at most.",
    "common": "This password is one of the first that anyone would try.",
    "personal": "This password is made of the person's name, address or ours.",
}


@click.group("readers")
def readers_group() -> None:
    """Accounts of readers and staff."""


@readers_group.command("create")
@click.option("--email", required=True, help="Address of the account.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.READER.value, show_default=True)
@click.option("--name", default="", help="First and last name.")
@click.option("--locale", type=click.Choice(LOCALES), default=LOCALES[0], show_default=True)
@click.option("--confirmed", is_flag=True, help="You vouch for the address: no confirmation mail is sent.")
@click.option("--password", help="Visible to other users of this machine; without it you are asked for one.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@with_appcontext
def create(
    *, email: str, role: str, name: str, locale: str, confirmed: bool, password: str | None, password_stdin: bool
) -> None:
    """Create an account. Unless --confirmed is given, its address must be confirmed from a mail."""
    address = _checked_address(email)
    password_hash = passwords.hash_password(_checked_password(password, password_stdin, [address, name]))
    try:
        with writing() as unit:
            reader = readers.create_reader(
                unit,
                email=address,
                password_hash=password_hash,
                role=Role(role),
                name=" ".join(name.split())[:120],
                locale=locale,
                confirmed=confirmed,
            )
            audit.record(unit, "account.created", target=("reader", reader.id), values={"role": role, "by": "cli"})
            _ask_to_confirm(unit, reader, locale)
    except readers.AddressTaken:
        raise click.ClickException(f"There is an account with the address {address} already.") from None
    click.echo(f"Created {address} ({role}, {'confirmed' if confirmed else 'a confirmation mail is in the outbox'}).")


def _ask_to_confirm(unit: object, reader: Reader, locale: str) -> None:
    if reader.confirmed_at is None:
        recovery.send_confirmation(unit, reader, locale=locale)  # type: ignore[arg-type]


def _checked_address(email: str) -> str:
    try:
        return checked_address(email)
    except AddressError as error:
        raise click.ClickException(_ADDRESS[error.code]) from None


def _checked_password(given: str | None, from_stdin: bool, personal: list[str]) -> str:
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    if given is None:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    cause = passwords.refusal(given, personal)
    if cause is not None:
        raise click.ClickException(_PASSWORD[cause.value])
    return given


commands: list[click.Command] = [readers_group]
