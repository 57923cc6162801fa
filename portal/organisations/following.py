"""What follows when a reader's account moves to another address: mail about money of an organisation of one."""

from collections.abc import Sequence

from portal import audit
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import leaving
from portal.organisations.models import Organisation

ACT = "organisation.address-followed"


def held(session: AnySession, reader_id: int) -> Sequence[Organisation]:
    """This reader's organisations, locked: before the reader is, as whoever opens a seat does."""
    return leaving.of(session, reader_id, hold=True)


def follow(session: AnySession, reader: Reader, before: str, organisations: Sequence[Organisation]) -> None:
    """Where this reader alone pays and reads, and mail about money went to `before`, it goes to the new address.

    A company keeps the address it was given: it is all of its managers'. The addresses stand in the act on the account.
    `organisations` are what held() gave.
    """
    for one in organisations:
        if _same(one.billing_email, before) and _of_one(session, one, reader.id):
            one.billing_email = reader.email
            if _same(one.name, before):
                one.name = reader.email[:160]
            target, values = ("organisation", one.id), {"reader_id": reader.id}
            audit.record(session, ACT, actor_id=reader.id, target=target, values=values)
    session.flush()


def _same(one: str, other: str) -> bool:
    return one.lower() == other.lower()


def _of_one(session: AnySession, organisation: Organisation, reader_id: int) -> bool:
    alone = leaving.manages_alone(session, organisation.id, reader_id)
    return alone and not leaving.others_sit(session, organisation.id, reader_id)
