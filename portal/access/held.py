"""Acts of staff one after the other: rows held while an act looks at them, and what has been done already.

A double click, two tabs or two people at once come one after the other this way, and each is told what is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations.models import Organisation


class GrantError(ValueError):
    """The grant cannot be made or changed; the code says why.

    dates, same (the end it has already), reason, past, revoked, unknown, erased (nobody holds this account).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Covered(GrantError):
    """Staff have given as much already: another right would change nothing. `grants` are those that cover."""

    def __init__(self, grants: Sequence[Grant]) -> None:
        super().__init__("covered")
        self.grants = grants


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a right: exactly one of the two."""

    reader_id: int | None = None
    organisation_id: int | None = None

    def owns(self) -> ColumnElement[bool]:
        """The condition for grants of this holder."""
        if self.reader_id is not None:
            return Grant.reader_id == self.reader_id
        return Grant.organisation_id == self.organisation_id


def hold(session: AnySession, holder: Holder) -> None:
    """Lock whoever is to hold a right, so that rights are given one after the other. Raises GrantError("erased").

    Not against foreign keys: seats and sessions go on being opened meanwhile.
    """
    if holder.reader_id is None:
        session.execute(
            select(Organisation.id).where(Organisation.id == holder.organisation_id).with_for_update(key_share=True)
        )
        return
    statement = select(Reader.erased_at).where(Reader.id == holder.reader_id).with_for_update(key_share=True)
    if session.execute(statement).scalar_one() is not None:
        raise GrantError("erased")


def grant(session: AnySession, grant_id: int) -> Grant:
    """The grant as it is now, locked."""
    return session.get_one(Grant, grant_id, with_for_update=True, populate_existing=True)


def of_act(session: AnySession, act_id: str) -> list[Grant]:
    """The grants of one act."""
    return list(session.scalars(select(Grant).where(Grant.act_id == act_id).order_by(Grant.id)))


def covering(
    session: AnySession, holder: Holder, vertical_ids: Sequence[int], starts_at: datetime, ends_at: datetime
) -> list[Grant]:
    """What staff have given this holder and that leaves nothing to give: as early, as long, not revoked."""
    statement = select(Grant).where(
        holder.owns(),
        Grant.vertical_id.in_(vertical_ids),
        Grant.source == Source.ADMIN,
        Grant.revoked_at.is_(None),
        Grant.starts_at <= starts_at,
        Grant.ends_at >= ends_at,
    )
    return list(session.scalars(statement.order_by(Grant.id)))
