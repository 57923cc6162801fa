"""Passwords: how they are hashed, and which ones are refused."""

import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from portal.accounts import passwords
from portal.accounts.gate import Busy, Gate
from portal.accounts.passwords import Refusal, refusal

pytestmark = pytest.mark.usefixtures("costly_hashes")

GOOD = "trois chevaux bleus courent"


def test_a_hash_is_argon2id_with_the_stated_parameters() -> None:
    assert passwords.hash_password(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_same_password_never_gives_the_same_hash() -> None:
    assert passwords.hash_password(GOOD) != passwords.hash_password(GOOD)


def test_only_the_password_itself_is_right() -> None:
    stored = passwords.hash_password(GOOD)
    assert passwords.verify(stored, GOOD)
    assert not passwords.verify(stored, GOOD + " ")
    assert not passwords.verify(stored, GOOD.upper())
    assert not passwords.verify(stored, "")


def test_nothing_is_cut_off_at_the_end() -> None:
    long = "a" * 72 + "b" * 184
    assert not passwords.verify(passwords.hash_password(long), long[:-1] + "c")


@pytest.mark.parametrize("odd", ["\x00" * 12, "\ud800 lone surrogate", "🐎🐎🐎🐎🐎🐎", "mot de passe\x00suite"])
def test_odd_signs_are_hashed_as_they_are(odd: str) -> None:
    stored = passwords.hash_password(odd)
    assert passwords.verify(stored, odd)
    assert not passwords.verify(stored, odd[:-1])


def test_an_unknown_reader_costs_a_whole_verification_and_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real = PasswordHasher.verify

    def watched(self: PasswordHasher, stored: str, password: bytes) -> bool:
        seen.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    assert not passwords.verify(None, GOOD)
    assert seen[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_damaged_hash_is_a_wrong_password_and_no_fault() -> None:
    assert not passwords.verify("$argon2id$nonsense", GOOD)


def test_a_password_too_long_is_never_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PasswordHasher, "verify", lambda *_: pytest.fail("it was hashed"))
    assert not passwords.verify("$argon2id$", "x" * 257)


def test_a_hash_of_other_parameters_is_renewed() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    assert passwords.verify(old, GOOD)
    new = passwords.renewed(old, GOOD)
    assert new is not None and passwords.verify(new, GOOD)
    assert passwords.renewed(new, GOOD) is None


def test_the_gate_turns_away_whoever_finds_every_place_taken() -> None:
    gate = Gate(places=1, wait=0)
    with gate.entered(), pytest.raises(Busy), gate.entered():
        pytest.fail("two were let in")
    with gate.entered():
        pass


def test_processes_that_share_a_folder_share_the_gate(tmp_path: Path) -> None:
    here, there = (Gate(places=1, wait=0, folder=tmp_path) for _process in range(2))
    with here.entered(), pytest.raises(Busy), there.entered():
        pytest.fail("two were let in")
    with there.entered():
        pass


def test_a_folder_that_cannot_be_written_to_keeps_nobody_out(tmp_path: Path) -> None:
    with Gate(places=1, wait=0, folder=tmp_path / "missing").entered():
        pass


def test_the_gate_lets_in_whoever_waited_for_a_place() -> None:
    gate = Gate(places=1, wait=5)
    inside, leave, done = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with gate.entered():
            inside.set()
            leave.wait(5)

    def come() -> None:
        with gate.entered():
            done.set()

    threads = [threading.Thread(target=hold), threading.Thread(target=come)]
    threads[0].start()
    inside.wait(5)
    threads[1].start()
    leave.set()
    for thread in threads:
        thread.join()
    assert done.is_set()


@pytest.mark.parametrize(
    ("password", "cause"),
    [
        ("court", Refusal.TOO_SHORT),
        ("onze signes", Refusal.TOO_SHORT),
        ("x" * 257, Refusal.TOO_LONG),
        ("motdepasse123", Refusal.COMMON),
        ("MotDePasse2026!", Refusal.COMMON),
        ("M0tD3P4ss3!!", Refusal.COMMON),
        ("azertyuiop12", Refusal.COMMON),
        ("motdepassemotdepasse", Refusal.COMMON),
        ("123456789012", Refusal.COMMON),
        ("210987654321", Refusal.COMMON),
        ("abcdefghijklmno", Refusal.COMMON),
        ("aaaaaaaaaaaaaaaa", Refusal.COMMON),
        ("abababababab", Refusal.COMMON),
        ("mindhealth2026", Refusal.PERSONAL),
        ("Mind-Fintech-2026!", Refusal.PERSONAL),
        ("m1ndh34lth2026", Refusal.PERSONAL),
        ("claire.dubreuil", Refusal.PERSONAL),
        ("Dubreuil2026!!", Refusal.PERSONAL),
        ("clinique-valmere", Refusal.PERSONAL),
    ],
)
def test_a_weak_password_is_refused_with_its_cause(password: str, cause: Refusal) -> None:
    assert refusal(password, ["claire.dubreuil@clinique-valmere.example.org", "Claire Dubreuil"]) is cause


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x" * 3 + "Yz8kqP!mWv",
        "soleil bonjour chocolat",
        "9471 0382 5516 27",
        "été à Étretat, sans vent",
        "🐎" * 4 + "abcdefgz" * 1,
    ],
)
def test_a_good_password_needs_no_capital_digit_or_sign(password: str) -> None:
    assert refusal(password, ["claire.dubreuil@clinique-valmere.example.org"]) is None
