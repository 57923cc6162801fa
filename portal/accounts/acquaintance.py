"""What a reader is called and for whom they work: optional at first, kept when it is needed once, never asked twice."""

from typing import Any

from sqlalchemy import select

from portal.accounts.models import Reader
from portal.db import AnySession

_LONGEST = 120


def known_of(session: AnySession, reader_id: int) -> dict[str, Any]:
    """What a form can be filled in with for this reader: name, email, company."""
    row = session.execute(select(Reader.name, Reader.email, Reader.company).where(Reader.id == reader_id)).one()
    return {"name": row.name, "email": row.email, "company": row.company}


def learn(session: AnySession, reader_id: int, *, name: str = "", company: str = "") -> None:
    """Keep what a form had to ask for where the account did not know it; what a reader wrote is never written over."""
    reader = session.get_one(Reader, reader_id)
    reader.name = reader.name or _kept(name)
    reader.company = reader.company or _kept(company)


def _kept(text: str) -> str:
    """One plain line, as long as an account holds it: anything else stays where it was asked for."""
    line = " ".join(text.split())
    return line if line.isprintable() and len(line) <= _LONGEST else ""
