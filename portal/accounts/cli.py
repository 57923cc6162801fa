"""`portal readers …`: accounts from the command line; there is no default account."""

import sys

import click
from flask.cli import with_appcontext

from portal import audit
from portal.accounts import devices, passwords, readers, recovery, second_factor
from portal.accounts.identity import AddressError, checked_address
from portal.accounts.models import Reader
from portal.db import AnySession, writing
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


@readers_group.command("sign-out")
@click.option("--email", help="Address of the account.")
@click.option("--all", "everybody", is_flag=True, help="Every account, staff included.")
@with_appcontext
def sign_out(*, email: str | None, everybody: bool) -> None:
    """End every session of an account, or of all of them."""
    if (email is None) is not everybody:
        raise click.ClickException("Give either --email or --all.")
    with writing() as unit:
        reader_id = None if email is None else _known(unit, email).id
        ended = devices.end_by_house(unit, reader_id)
    click.echo(f"Ended {ended} sessions.")


@readers_group.command("drop-second-factor")
@click.option("--email", required=True, help="Address of the account.")
@with_appcontext
def drop_second_factor(*, email: str) -> None:
    """Take two-step sign-in off an account whose owner lost phone and recovery codes, and proved to be its owner."""
    with writing() as unit:
        reader = _known(unit, email)
        if second_factor.of(unit, reader.id) is None:
            raise click.ClickException("Two-step sign-in is not on.")
        second_factor.remove(unit, reader, by_house=True)
        devices.end_by_house(unit, reader.id)
    click.echo(f"Two-step sign-in is off for {reader.email}; every session is ended, and the owner is told by mail.")


def _known(unit: AnySession, email: str) -> Reader:
    reader = readers.by_address(unit, email)
    if reader is None:
        raise click.ClickException("There is no account with this address.")
    return reader


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
