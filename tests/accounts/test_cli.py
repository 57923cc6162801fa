"""`portal readers create`."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.accounts import passwords
from portal.accounts.cli import readers_group
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader

PASSWORD = "trois chevaux bleus courent"


def create(app: Flask, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(readers_group, ["create", *arguments], input=typed, obj=_info(app))


def _info(app: Flask) -> object:
    from flask.cli import ScriptInfo

    return ScriptInfo(create_app=lambda: app)


def test_an_administrator_is_made_from_the_command_line(app: Flask, session: AnySession) -> None:
    done = create(app, "--email", "chef@example.org", "--role", "admin", "--confirmed", "--password", PASSWORD)
    assert done.exit_code == 0 and "chef@example.org" in done.output and PASSWORD not in done.output
    end_reading(session)
    reader = session.query(Reader).one()
    assert reader.role is Role.ADMIN and reader.confirmed_at is not None
    assert passwords.verify(reader.password_hash, PASSWORD)
    assert session.query(AuditEvent).one().act == "account.created"


def test_without_vouching_for_it_the_address_is_confirmed_by_mail(app: Flask, session: AnySession) -> None:
    assert create(app, "--email", "chef@example.org", "--password", PASSWORD).exit_code == 0
    end_reading(session)
    assert session.query(Reader).one().confirmed_at is None
    assert "/confirm-address/" in session.query(Mail).one().text


def test_the_password_is_asked_for_twice(app: Flask, session: AnySession) -> None:
    assert create(app, "--email", "chef@example.org", typed=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0


def test_the_password_may_come_from_standard_input(app: Flask, session: AnySession) -> None:
    assert create(app, "--email", "chef@example.org", "--password-stdin", typed=f"{PASSWORD}\n").exit_code == 0
    end_reading(session)
    assert passwords.verify(session.query(Reader).one().password_hash, PASSWORD)


@pytest.mark.parametrize("password", ["court", "motdepasse2026", "mindhealth2026", "x" * 257, "chef-chef-1234"])
def test_a_weak_password_is_refused_with_a_sentence(app: Flask, session: AnySession, password: str) -> None:
    refused = create(app, "--email", "chef@example.org", "--password", password)
    assert refused.exit_code == 1 and "This password is" in refused.output
    assert session.query(Reader).count() == 0


def test_a_known_address_is_refused_with_a_sentence(app: Flask, session: AnySession) -> None:
    a_reader("Chef@example.org")
    refused = create(app, "--email", "chef@example.org", "--password", PASSWORD)
    assert refused.exit_code == 1 and "already" in refused.output


@pytest.mark.parametrize("email", ["chef", "chef@yopmail.com", "pаypal@example.org"])
def test_an_unusable_address_is_refused_with_a_sentence(app: Flask, session: AnySession, email: str) -> None:
    refused = create(app, "--email", email, "--password", PASSWORD)
    assert refused.exit_code == 1 and "address" in refused.output
