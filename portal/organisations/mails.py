"""The mails of an organisation's people, written to the outbox in the caller's transaction."""

import secrets
from collections.abc import Sequence

from portal import clock, outbox
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.web import absolute


def accounts_linked(
    session: AnySession, reader: Reader, other: Reader, *, seats: Sequence[str], offices: Sequence[str], locale: str
) -> None:
    """To both addresses: which organisations' seats and offices are now with the reader, and how to object."""
    act = secrets.token_hex(12)
    context = {"reader_email": reader.email, "other_email": other.email, "seats": seats, "offices": offices}
    for person in (reader, other):
        outbox.post(
            session,
            "accounts_linked",
            key=f"accounts_linked:{act}:{person.id}",
            to=person.email,
            locale=person.locale or locale,
            reader_id=person.id,
            context={**context, "linked_at": clock.now(), "url": absolute("/contact")},
        )
