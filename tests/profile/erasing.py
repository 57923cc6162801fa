"""Whom the tests of erasure erase, and where a word of theirs may still stand."""

from collections.abc import Iterator
from typing import Any

from portal.accounts.models import Reader
from portal.db import writing
from portal.profile import erasure
from tests.guards.house import contents

ADDRESS, NAME, COMPANY = "Zéphyrine.O'Brien+x@Clinique-Zorglub.fr", "Zéphyrine Zorglubova", "Laboratoires Qwyjibo"
PASSWORD = "trois chevaux bleus courent"


def erase(reader: Reader, actor_id: int | None = 0) -> None:
    with writing() as unit:
        erasure.erase(unit, unit.get_one(Reader, reader.id), actor_id=reader.id if actor_id == 0 else actor_id)


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep, and bytes read as text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (*texts(key), *texts(inner))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "ignore")
        yield value.decode("latin-1")
    else:
        yield str(value)


def places(*, without_last_mail: bool = True) -> set[str]:
    """table.column wherever the address, the name or the company of the reader stands."""
    words = {word.casefold() for word in (ADDRESS, NAME, COMPANY, "O&#39;Brien", "Clinique-Zorglub", "zorglub")}
    found = set()
    for table, rows in contents().items():
        for row in rows:
            if without_last_mail and row.get("kind") == "account_erased":
                continue
            for column, value in row.items():
                if any(word in text.casefold() for text in texts(value) for word in words):
                    found.add(f"{table}.{column}")
    return found
