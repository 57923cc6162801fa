"""Tokens of mails: whose they are, that one gets through, and what a new one does to those before."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts import tokens
from portal.accounts.models import AccountToken, Reader, TokenPurpose
from portal.accounts.models_security import SignInCode
from portal.accounts.tokens import LinkUnknown, LinkUsed
from portal.db import AnySession, writing
from tests.builders import a_reader
from tests.conftest import NOON

RESET, CONFIRM = TokenPurpose.RESET_PASSWORD, TokenPurpose.CONFIRM_ADDRESS


def issue(session: AnySession, reader: Reader, purpose: TokenPurpose = RESET) -> str:
    with writing(session) as unit:
        return tokens.issue(unit, unit.get_one(Reader, reader.id), purpose)


def test_a_token_is_good_for_the_reader_and_the_purpose_it_was_made_for(session: AnySession) -> None:
    reader = a_reader()
    token = issue(session, reader)
    assert tokens.look(session, token, RESET).id == reader.id
    with pytest.raises(LinkUnknown):
        tokens.look(session, token, CONFIRM)


def test_a_new_token_kills_the_one_before_and_no_other(session: AnySession) -> None:
    reader, other = a_reader(), a_reader()
    before, of_other, of_else = issue(session, reader), issue(session, other), issue(session, reader, CONFIRM)
    issue(session, reader)
    with pytest.raises(LinkUsed):
        tokens.look(session, before, RESET)
    assert tokens.look(session, of_other, RESET).id == other.id
    assert tokens.look(session, of_else, CONFIRM).id == reader.id


def test_killing_all_leaves_those_of_others(session: AnySession) -> None:
    reader, other = a_reader(), a_reader()
    mine, theirs = issue(session, reader, CONFIRM), issue(session, other, CONFIRM)
    with writing(session) as unit:
        tokens.kill(unit, reader.id)
    with pytest.raises(LinkUsed):
        tokens.look(session, mine, CONFIRM)
    assert tokens.look(session, theirs, CONFIRM).id == other.id


def a_code(session: AnySession, reader: Reader) -> SignInCode:
    """A six-digit code that signs in."""
    address = {"email": reader.email, "email_key": reader.email_key}
    hashes = {"browser_hash": b"b" * 32, "code_hash": b"c" * 32}
    with writing(session) as unit:
        code = SignInCode(reader_id=reader.id, created_at=NOON, expires_at=NOON, **address, **hashes)
        unit.add(code)
    return code


def test_codes_that_sign_in_die_with_all_of_a_readers_tokens_and_with_none_of_one_purpose(session: AnySession) -> None:
    readers = [a_reader() for _ in range(2)]
    codes = [a_code(session, reader).id for reader in readers]
    for purpose, used in ((RESET, [None, None]), (None, [NOON, None])):
        with writing(session) as unit:
            tokens.kill(unit, readers[0].id, purpose)
        session.rollback()
        assert [session.get_one(SignInCode, code).used_at for code in codes] == used


def test_half_a_sign_is_an_unknown_token(session: AnySession) -> None:
    with pytest.raises(LinkUnknown):
        tokens.look(session, "\ud800", RESET)


def test_two_at_once_use_a_row_up_once(session: AnySession) -> None:
    reader, other = a_reader(), a_reader()
    issue(session, reader)
    of_other = issue(session, other)
    with writing(session) as unit:
        row = unit.scalars(select(AccountToken.id).where(AccountToken.reader_id == reader.id)).one()
        assert [tokens.claim(unit, AccountToken, row) for _at_once in range(2)] == [True, False]
    assert tokens.look(session, of_other, RESET).id == other.id


def test_pretending_to_issue_one_touches_nobody(session: AnySession) -> None:
    readers = [a_reader() for _ in range(2)]
    issued = [issue(session, reader) for reader in readers]
    with writing(session) as unit:
        tokens.pretend_to_issue(unit)
    assert [tokens.look(session, token, RESET).id for token in issued] == [reader.id for reader in readers]


def test_what_was_used_keeps_the_hour_it_was_used_at(session: AnySession) -> None:
    reader = a_reader()
    token = issue(session, reader)
    code = a_code(session, reader)
    with writing(session) as unit:
        tokens.redeem(unit, token, RESET)
        unit.get_one(SignInCode, code.id).used_at = NOON
    with clock.frozen(NOON + timedelta(minutes=9)), writing(session) as unit:
        tokens.kill(unit, reader.id)
    session.rollback()
    used = [*session.scalars(select(AccountToken.used_at)), *session.scalars(select(SignInCode.used_at))]
    assert used == [NOON, NOON]
