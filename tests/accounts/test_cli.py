"""`portal readers`: accounts made, signed out, and helped when phone and codes are lost."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal import clock
from portal.accounts import devices, passwords, second_factor
from portal.accounts.cli import readers_group
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_reader
from tests.forms import sign_in

PASSWORD = "trois chevaux bleus courent"


def create(app: Flask, *arguments: str, typed: str = "") -> Result:
    return readers(app, "create", *arguments, typed=typed)


def readers(app: Flask, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(readers_group, arguments, input=typed, obj=_info(app))


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


def live(session: AnySession, reader: Reader) -> int:
    end_reading(session)
    return len(devices.of_reader(session, reader.id, 0))


def test_one_account_or_all_of_them_are_signed_out(app: Flask, session: AnySession) -> None:
    one, other, chief = a_reader("one@example.org"), a_reader(), a_reader(role=Role.ADMIN)
    for reader in (one, one, other, chief):
        sign_in(app.test_client(), reader)
    assert readers(app, "sign-out", "--email", "ONE@example.org").output == "Ended 2 sessions.\n"
    assert (live(session, one), live(session, other), live(session, chief)) == (0, 1, 1)
    assert readers(app, "sign-out", "--all").output == "Ended 2 sessions.\n"
    assert (live(session, other), live(session, chief)) == (0, 0)
    causes = {event.values["cause"] for event in session.query(AuditEvent).filter_by(act="session.ended")}
    assert causes == {"ended-by-house"}


def test_whom_to_sign_out_must_be_said(app: Flask, session: AnySession) -> None:
    a_reader("one@example.org")
    for arguments in ((), ("--all", "--email", "one@example.org"), ("--email", "nobody@example.org")):
        assert readers(app, "sign-out", *arguments).exit_code == 1


def test_two_step_sign_in_is_taken_off_for_who_lost_phone_and_codes(app: Flask, session: AnySession) -> None:
    reader, salt = a_reader("one@example.org"), second_factor.new_salt()
    assert readers(app, "drop-second-factor", "--email", reader.email).exit_code == 1
    with writing() as unit:
        second_factor.confirm(unit, unit.get_one(Reader, reader.id), salt, second_factor.code_at(salt, clock.wall()))
    client = app.test_client()
    sign_in(client, reader)
    assert readers(app, "drop-second-factor", "--email", reader.email).exit_code == 0
    assert live(session, reader) == 0 and second_factor.of(session, reader.id) is None
    event = session.query(AuditEvent).filter_by(act="second-factor.off").one()
    assert (event.actor_id, event.target_id) == (None, reader.id)
    assert [mail.to_address for mail in session.query(Mail).filter_by(kind="second_factor_changed")][-1] == reader.email
