"""What readers are told of rights that staff gave, moved or ended. The staff's reason is never among it."""

from collections.abc import Sequence

from sqlalchemy import select

from portal import outbox
from portal.access import words
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.i18n import use_locale
from portal.verticals import Vertical
from portal.web import absolute


def tell_given(session: AnySession, grants: Sequence[Grant]) -> None:
    """One mail for the grants of one act, with their exact dates."""
    _tell(session, "grant_given", grants, f"grant-given-{grants[0].act_id}")


def tell_extended(session: AnySession, grant: Grant) -> None:
    """The end moved; once for each new end."""
    _tell(session, "grant_extended", [grant], f"grant-extended-{grant.id}-{grant.ends_at:%Y%m%dT%H%M%S}")


def tell_revoked(session: AnySession, grant: Grant) -> None:
    """The right has ended before its time."""
    _tell(session, "grant_revoked", [grant], f"grant-revoked-{grant.id}")


def _tell(session: AnySession, kind: str, grants: Sequence[Grant], key: str) -> None:
    """To the reader who holds the grants; an organisation's people learn it from their manager."""
    first = grants[0]
    if first.reader_id is None:
        return
    reader = session.get(Reader, first.reader_id)
    assert reader is not None  # nosec B101 - the foreign key says so
    verticals = {
        v.id: v for v in session.scalars(select(Vertical).where(Vertical.id.in_([g.vertical_id for g in grants])))
    }
    ordered = sorted((verticals[g.vertical_id] for g in grants), key=lambda v: (v.position, v.id))
    locale = reader.locale or "fr"
    with use_locale(locale):
        start, end = words.start_words(first.starts_at), words.end_words(first.ends_at)
    outbox.post(
        session,
        kind,
        key=key,
        to=reader.email,
        locale=locale,
        reader_id=reader.id,
        context={
            "locale": locale,
            "names": [vertical.name for vertical in ordered],
            "trial": first.source is Source.TRIAL,
            "start": start,
            "end": end,
            "url": absolute(f"/{ordered[0].slug}/"),
            "profile_url": absolute("/profile/"),
            "colour": ordered[0].colour if len(ordered) == 1 else None,
        },
    )
