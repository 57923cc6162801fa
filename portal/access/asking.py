"""The facts of whoever asks, read once per request: the one module of access that knows there is a request."""

from flask import g

from portal import clock
from portal.access import facts
from portal.access.vocabulary import ANONYMOUS, ReaderFacts
from portal.db import db
from portal.lean import visitor


def reader_facts() -> ReaderFacts:
    """What decisions need of the person who is signed in, or of a stranger."""
    found: ReaderFacts | None = g.get("reader_facts")
    if found is None:
        found = g.reader_facts = _read()
    return found


def forget_facts() -> None:
    """Read the facts again: something they depend on was just changed in this request."""
    g.pop("reader_facts", None)


def _read() -> ReaderFacts:
    person = visitor()
    if not person.is_authenticated:
        return ANONYMOUS
    return facts.for_reader(
        db.session,
        person.id,
        role=person.role,
        confirmed=person.confirmed,
        suspended=person.suspended,
        at=clock.now(),
    )
