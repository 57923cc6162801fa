"""Another address is proved by a code mailed to it."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.accounts import codes, second_address
from portal.accounts.models import AddressProof, Reader, SecondAddress
from portal.accounts.second_address import AddressRefused, Asker, ProofGone, ProvedElsewhere
from portal.audit import AuditEvent
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.roles import Role
from portal.throttle import Throttled
from tests.builders import a_reader

OTHER = "autre@clinique.example.org"


def asked(reader: Reader, email: str = OTHER, session_id: int = 1) -> tuple[Asker, int, str]:
    """Who asked, the proof's id and the code as it stands in the mail."""
    asker = Asker(reader.id, session_id)
    with writing() as unit:
        proof_id = second_address.ask_for_code(unit, asker, email=email, locale="fr").id
    mail = db.session.scalars(select(Mail).where(Mail.kind == "address_code").order_by(Mail.id.desc())).first()
    assert mail is not None
    found = re.search(r"\b[0-9]{6}\b", mail.subject)
    assert found and mail.to_address == email
    return asker, proof_id, found[0]


def typed(asker: Asker, proof_id: int, code: str) -> SecondAddress | None:
    """Type a code in a unit of its own."""
    with writing() as unit:
        return second_address.try_code(unit, asker, proof_id, code)


def proved(reader: Reader, email: str = OTHER) -> SecondAddress:
    """The address, proved by its code."""
    second = typed(*asked(reader, email))
    assert second is not None
    return second


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def test_the_right_code_proves_the_address_and_is_worth_nothing_afterwards(session: AnySession) -> None:
    reader = a_reader()
    asker, proof_id, code = asked(reader)
    second = typed(asker, proof_id, code)
    assert second is not None
    assert (second.email, second.reader_id) == (OTHER, reader.id)
    with pytest.raises(ProofGone, match="used"):
        typed(asker, proof_id, code)
    assert "address.proved" in session.scalars(select(AuditEvent.act)).all()


def test_the_code_is_kept_nowhere_but_in_its_mail(session: AnySession) -> None:
    _asker, proof_id, code = asked(a_reader())
    row = session.get_one(AddressProof, proof_id)
    assert code.encode() not in row.code_hash and len(row.code_hash) == 32
    mail = session.scalars(select(Mail)).one()
    assert mail.expires_at - mail.created_at == codes.LIFETIME


def test_five_wrong_codes_and_the_right_one_comes_too_late(session: AnySession) -> None:
    asker, proof_id, code = asked(a_reader())
    for _ in range(codes.TRIES):
        assert typed(asker, proof_id, wrong(code)) is None
    with pytest.raises(ProofGone, match="tries"):
        typed(asker, proof_id, code)
    assert session.scalar(select(func.count()).select_from(SecondAddress)) == 0


def test_many_wrong_codes_at_once_are_five_tries(app: Flask) -> None:
    asker, proof_id, code = asked(a_reader())
    end_reading()

    def attempt(_number: int) -> str:
        with app.app_context():
            try:
                return "wrong" if typed(asker, proof_id, wrong(code)) is None else "right"
            except ProofGone as gone:
                return gone.code
            finally:
                db.session.remove()

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(attempt, range(8)))
    assert answers == ["tries"] * 3 + ["wrong"] * 5


def test_a_code_is_worth_nothing_after_ten_minutes(session: AnySession) -> None:
    asker, proof_id, code = asked(a_reader())
    with clock.frozen(clock.now() + codes.LIFETIME), pytest.raises(ProofGone, match="expired"):
        typed(asker, proof_id, code)


def test_a_code_works_for_no_other_reader_and_in_no_other_session(session: AnySession) -> None:
    asker, proof_id, code = asked(a_reader())
    with pytest.raises(LookupError):
        typed(Asker(a_reader().id, asker.session_id), proof_id, code)
    assert typed(Asker(asker.reader_id, asker.session_id + 1), proof_id, code) is None
    assert typed(asker, proof_id, code) is not None


def test_a_code_is_known_to_the_reader_who_asked_for_it_only(session: AnySession) -> None:
    asker, proof_id, _code = asked(a_reader())
    proof = second_address.proof_of(session, asker.reader_id, proof_id)
    assert proof is not None and proof.email == OTHER
    assert second_address.proof_of(session, a_reader().id, proof_id) is None


def test_two_tabs_with_two_addresses_do_not_disturb_each_other(session: AnySession) -> None:
    reader = a_reader()
    first, second = asked(reader), asked(reader, "encore@clinique.example.org")
    assert typed(first[0], first[1], second[2]) is None or first[2] == second[2]
    assert typed(*second) is not None
    assert typed(*first) is not None
    assert len(second_address.proved(session, reader.id)) == 2


def test_a_second_code_for_one_address_replaces_the_first(session: AnySession) -> None:
    reader = a_reader()
    first, second = asked(reader), asked(reader)
    with pytest.raises(ProofGone, match="used"):
        typed(*first)
    assert typed(*second) is not None


def test_one_s_own_address_and_one_proved_before_are_not_asked_about(session: AnySession) -> None:
    reader = a_reader("Camille@clinique.example.org")
    proved(reader)
    for email, cause in (("camille@Clinique.example.org", "own"), (OTHER.upper(), "proved")):
        with writing() as unit, pytest.raises(AddressRefused, match=cause):
            second_address.ask_for_code(unit, Asker(reader.id, 1), email=email, locale="fr")


@pytest.mark.parametrize(
    ("cause", "more"),
    [("staff", {"role": Role.SUPPORT}), ("unconfirmed", {"confirmed": False}), ("suspended", {})],
)
def test_accounts_that_are_never_linked_send_no_code(session: AnySession, cause: str, more: dict[str, object]) -> None:
    reader = a_reader(**more)  # type: ignore[arg-type]
    if cause == "suspended":
        with writing() as unit:
            unit.get_one(Reader, reader.id).suspended_at = clock.now()
    with writing() as unit, pytest.raises(AddressRefused, match=cause):
        second_address.ask_for_code(unit, Asker(reader.id, 1), email=OTHER, locale="fr")
    assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_three_codes_an_hour_for_a_reader_and_six_for_an_address(session: AnySession) -> None:
    reader, stranger, other = a_reader(), a_reader(), a_reader()
    for number in range(3):
        asked(reader, f"boite{number}@clinique.example.org")
    with pytest.raises(Throttled):
        asked(reader, "boite4@clinique.example.org")
    for person in (stranger, stranger, stranger, other, other):
        asked(person, "boite1@clinique.example.org")
    with pytest.raises(Throttled):
        asked(a_reader(), "boite1@clinique.example.org")
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        asked(reader, "boite4@clinique.example.org")


def test_an_address_is_proved_by_one_reader_only(session: AnySession) -> None:
    proved(a_reader())
    second = asked(a_reader())
    with pytest.raises(ProvedElsewhere):
        typed(*second)


def test_an_address_that_is_forgotten_can_be_proved_by_somebody_else(session: AnySession) -> None:
    reader = a_reader()
    second = proved(reader)
    with writing() as unit:
        second_address.forget(unit, unit.get_one(SecondAddress, second.id))
    assert second_address.of_reader(session, reader.id, second.id) is None
    assert proved(a_reader()).email == OTHER
