"""What somebody else, or the same person in another tab, has done to a right in the meantime, in a sentence."""

from sqlalchemy import select

from portal import formats
from portal.access.models import Grant
from portal.access.words import end_words
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession
from portal.i18n import gettext

_LOOKED_AT = 50
_BEGINNINGS = ("grant.given", "trial.started")


class Meanwhile(Exception):
    """The right is no longer as the form showed it. `done`: it stands already as the form asks."""

    def __init__(self, sentence: str, *, done: bool, end: str) -> None:
        super().__init__(sentence)
        self.sentence, self.done, self.end = sentence, done, end


def moved(session: AnySession, grant: Grant, *, done: bool) -> Meanwhile:
    """The end is another one than the form knew."""
    values = {"end": end_words(grant.ends_at), "name": _who(session, grant)}
    if done:
        sentence = gettext("The end was set to %(end)s already, by %(name)s. Nothing was done twice.", **values)
    else:
        sentence = gettext(
            "%(name)s has changed the end in the meantime: it is now %(end)s. Check what you ask, and send it again.",
            **values,
        )
    return Meanwhile(sentence, done=done, end=grant.ends_at.isoformat())


def revoked(session: AnySession, grant: Grant) -> str:
    """Who has revoked the right, and when; for one that merely ended, when it did."""
    if grant.revoked_at is None:
        return gettext("This access has ended already: it was open until %(end)s.", end=end_words(grant.ends_at))
    values = {"name": _who(session, grant), "moment": formats.moment(grant.revoked_at)}
    return gettext("This access was revoked already, by %(name)s, on %(moment)s. Nothing was done twice.", **values)


def _who(session: AnySession, grant: Grant) -> str:
    """Who changed this grant last."""
    target = ("reader", grant.reader_id) if grant.reader_id else ("organisation", grant.organisation_id)
    statement = (
        select(AuditEvent.act, AuditEvent.values, Reader.name, Reader.email)
        .outerjoin(Reader, Reader.id == AuditEvent.actor_id)
        .where(AuditEvent.target_kind == target[0], AuditEvent.target_id == target[1])
        .order_by(AuditEvent.id.desc())
        .limit(_LOOKED_AT)
    )
    for row in session.execute(statement):
        if row.values.get("grant_id") == grant.id and row.act not in _BEGINNINGS:
            return row.name or row.email or gettext("the portal itself")
    return gettext("the portal itself")
