"""Passwords: how they are hashed, and which ones are refused."""

import os
import threading
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from portal.accounts import gate, passwords
from portal.accounts.gate import Busy, Gate
from portal.accounts.passwords import Refusal, refusal

pytestmark = pytest.mark.usefixtures("costly_hashes")

GOOD = "trois chevaux bleus courent"
RUNS = ("123456789012", "678901234567", "210987654321", ":98765432109", "abcdefghijklmno", "onmlkjihgfedcba")
FEW_SIGNS = ("aaaaaaaaaaaaaaaa", "abababababab", "abcdabdcacbd")


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
    stored = passwords.hash_password(long)
    assert passwords.verify(stored, long)
    assert not passwords.verify(stored, long[:-1] + "c")


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


def test_the_hash_of_nobody_is_one_like_any_other() -> None:
    nobodys = passwords._of_nobody()
    assert extract_parameters(nobodys) == extract_parameters(passwords.hash_password(GOOD))
    with pytest.raises(VerifyMismatchError):
        PasswordHasher().verify(nobodys, GOOD)


def test_the_password_of_nobody_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_NOBODYS", passwords.hash_password(GOOD))
    assert not passwords.verify(None, GOOD)


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


def test_a_stored_hash_is_kept_for_its_password_and_no_other() -> None:
    stored = passwords.hash_password(GOOD)
    assert passwords.kept_or_new(stored, GOOD) == stored
    new = passwords.kept_or_new(stored, GOOD + "!")
    assert passwords.verify(new, GOOD + "!") and not passwords.verify(new, GOOD)


def test_hashing_goes_on_where_it_cannot_stand_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    passwords._step_back()
    monkeypatch.delattr(os, "setpriority")
    passwords._step_back()


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


def test_a_gate_is_shared_from_the_moment_it_is_told_where(tmp_path: Path) -> None:
    here, there = Gate(places=1, wait=0), Gate(places=1, wait=0)
    here.share(tmp_path)
    there.share(tmp_path)
    with here.entered(), pytest.raises(Busy), there.entered():
        pytest.fail("two were let in")


def test_a_place_that_another_process_gives_back_is_found_within_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = Gate(places=1, wait=0, folder=tmp_path), Gate(places=1, wait=5, folder=tmp_path)
    taken, looked, done = gate._taken, threading.Event(), threading.Event()
    monkeypatch.setattr(gate, "_taken", lambda lock: taken(lock) or looked.set())

    def come() -> None:
        with there.entered():
            done.set()

    with here.entered():
        threading.Thread(target=come, daemon=True).start()
        assert looked.wait(5) and not done.is_set()
    assert done.wait(5)


def test_the_wait_for_other_processes_is_over_at_its_end_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = (Gate(places=1, wait=0, folder=tmp_path) for _process in range(2))
    with here.entered():
        instants = iter([7.0, 7.0, 8.0])
        monkeypatch.setattr(gate, "monotonic", lambda: next(instants))
        with pytest.raises(Busy), there.entered():
            pytest.fail("two were let in")
    assert next(instants) == 8.0


def test_the_locks_are_nobody_else_s_to_read(tmp_path: Path) -> None:
    with Gate(places=2, wait=0, folder=tmp_path).entered():
        [lock] = tmp_path.iterdir()
        assert (lock.name, lock.stat().st_mode & 0o777) == ("hash-0.lock", 0o600)


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


def test_the_gate_lets_in_whoever_waited_for_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = (Gate(places=1, wait=5, folder=tmp_path) for _process in range(2))
    inside = here.entered()
    inside.__enter__()
    monkeypatch.setattr(there._pause, "wait", lambda _seconds: inside.__exit__(None, None, None))
    with there.entered(), pytest.raises(Busy), Gate(places=1, wait=0, folder=tmp_path).entered():
        pytest.fail("two were let in")


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
        ("leavemealone", Refusal.COMMON),
        ("SonyEricsson", Refusal.COMMON),
        ("qazxswedcvfr", Refusal.COMMON),
        ("123456654321", Refusal.COMMON),
        ("mindhealth2026", Refusal.PERSONAL),
        ("Mind-Fintech-2026!", Refusal.PERSONAL),
        ("m1ndh34lth2026", Refusal.PERSONAL),
        ("claire.dubreuil", Refusal.PERSONAL),
        ("Dubreuil2026!!", Refusal.PERSONAL),
        ("clinique-valmere", Refusal.PERSONAL),
        ("mindhealth-zkq", Refusal.PERSONAL),
        ("roy-lea-2026!", Refusal.PERSONAL),
    ],
)
def test_a_weak_password_is_refused_with_its_cause(password: str, cause: Refusal) -> None:
    assert refusal(password, ["claire.dubreuil@clinique-valmere.example.org", "Claire Dubreuil", "Léa Roy"]) is cause


@pytest.mark.parametrize("password", ["motdepasse123", "M0tD3P4ss3!!", "motdepassemotdepasse", *RUNS, *FEW_SIGNS])
def test_the_rules_of_our_own_need_no_list_of_others(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr(passwords, "is_bad_password", lambda _text: False)
    assert refusal(password) is Refusal.COMMON


@pytest.mark.parametrize("listed", ["Étretat sans vent", "etretat sans vent"])
def test_a_password_is_looked_up_as_typed_and_folded(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    monkeypatch.setattr(passwords, "is_bad_password", lambda text: text == listed)
    assert refusal("Étretat sans vent") is Refusal.COMMON


def test_only_what_may_be_chosen_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "is_bad_password", lambda _text: True)
    assert [passwords._is_listed("x" * length) for length in (11, 12)] == [False, True]


def test_the_longest_words_are_taken_out_first() -> None:
    assert refusal("marinette2026", ["Nette Marinette"]) is Refusal.PERSONAL


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x" * 3 + "Yz8kqP!mWv",
        "soleil bonjour chocolat",
        "9471 0382 5516 27",
        "été à Étretat, sans vent",
        "🐎" * 4 + "abcdefgz" * 1,
        "\ud800 half a sign, alone",
        "ecabdecdabce",
        "almnopqrstuv",
        "mindhealth-zkqv",
        (GOOD + " ") * 9 + "abcd",
        "\ud800 trois chevaux bleus",
    ],
)
def test_a_good_password_needs_no_capital_digit_or_sign(password: str) -> None:
    assert refusal(password, ["claire.dubreuil@clinique-valmere.example.org"]) is None
