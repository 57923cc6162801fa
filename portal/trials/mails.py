"""The mails of a trial's life: what each is told, and under which key it exists at most once."""

from collections.abc import Sequence
from typing import Any

from flask import current_app
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select

from portal import clock, outbox
from portal.access.models import Grant
from portal.accounts.keyed import SIGNED
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.outbox import Mail
from portal.trials import dates
from portal.trials.countdown import Countdown, stage_of
from portal.trials.models import RequestKind, TrialRequest
from portal.verticals import Vertical


def started(session: AnySession, reader: Reader, act_id: str, grants: Sequence[Grant]) -> bool:
    """The trial has started, with its exact end; once per act."""
    return _tell(session, "trial_started", f"trial-started:{act_id}", reader, grants)


def extended(session: AnySession, reader: Reader, grant: Grant) -> bool:
    """The trial has another end; once per grant and end."""
    return _tell(session, "trial_extended", extended_key(grant), reader, [grant])


def declined(session: AnySession, reader: Reader, vertical: Vertical, request: TrialRequest) -> bool:
    """The answer to a request is no, in the words of whoever answered; once per request."""
    site = current_app.config["SITE_URL"]
    more = request.kind is RequestKind.EXTENSION
    context = {"name": vertical.name, "request": request, "more": more, "colour": vertical.colour}
    return outbox.post(
        session,
        "trial_declined",
        key=f"trial-declined:{request.id}",
        to=reader.email,
        locale=reader.locale,
        context={**context, "plans_url": f"{site}/plans?vertical={vertical.slug}"},
        reader_id=reader.id,
    )


def extended_key(grant: Grant) -> str:
    """The key of the mail that tells this grant's present end."""
    return f"trial-extended:{grant.id}:{dates.last_day(grant.ends_at)}"


def _tell(session: AnySession, kind: str, key: str, reader: Reader, grants: Sequence[Grant]) -> bool:
    verticals = _verticals(session, [grant.vertical_id for grant in grants])
    context = about(_counted(grants[0], verticals), verticals)
    facts = {"ends": {str(grant.id): dates.last_day(grant.ends_at).isoformat() for grant in grants}}
    return outbox.post(
        session,
        kind,
        key=key,
        to=reader.email,
        locale=reader.locale,
        context=context,
        reader_id=reader.id,
        facts=facts,
    )


@outbox.still_wanted("trial_started")
@outbox.still_wanted("trial_extended")
def _still_true(session: AnySession, mail: Mail) -> bool:
    """Asked at the moment of sending: an end that has been moved since is told by a mail of its own."""
    ends: dict[str, str] = mail.facts.get("ends", {})
    grants = session.scalars(select(Grant).where(Grant.id.in_([int(grant_id) for grant_id in ends])))
    told = {str(grant.id): dates.last_day(grant.ends_at).isoformat() for grant in grants if grant.revoked_at is None}
    return told == ends


def about(c: Countdown, verticals: Sequence[Vertical]) -> dict[str, Any]:
    """What every trial mail shows: the countdown, where to read, and the colour when there is one vertical."""
    site = current_app.config["SITE_URL"]
    alone = verticals[0] if len(verticals) == 1 else None
    return {
        "trial": c,
        "colour": alone.colour if alone else None,
        "read_url": f"{site}/{alone.slug}/" if alone else f"{site}/",
        "plans_url": f"{site}/plans",
    }


def _counted(grant: Grant, verticals: Sequence[Vertical]) -> Countdown:
    now = clock.now()
    return Countdown(
        grant_id=grant.id,
        vertical=verticals[0].slug,
        name=verticals[0].name,
        names=tuple(vertical.name for vertical in verticals),
        ends_at=grant.ends_at,
        now=now,
        stage=stage_of(grant.ends_at, now),
        days_left=dates.days_left(grant.ends_at, now),
    )


def _verticals(session: AnySession, ids: Sequence[int]) -> list[Vertical]:
    statement = select(Vertical).where(Vertical.id.in_(ids)).order_by(Vertical.position, Vertical.id)
    return list(session.scalars(statement))


def verticals_named(session: AnySession, slugs: Sequence[str]) -> list[Vertical]:
    """The verticals of these slugs, in the order of the masthead."""
    statement = select(Vertical).where(Vertical.slug.in_(slugs)).order_by(Vertical.position, Vertical.id)
    return list(session.scalars(statement))


def unsubscribe_url(reader_id: int) -> str:
    """The signed address at which offers by mail are stopped, without a password."""
    return f"{current_app.config['SITE_URL']}/trial/offers/{_signer().dumps(reader_id)}"


def reader_of(token: str) -> int | None:
    """The reader an unsubscribe address belongs to; None for a forged one."""
    try:
        return int(_signer().loads(token))
    except (BadSignature, ValueError, TypeError):
        return None


def _signer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="trial-offers", signer_kwargs=SIGNED)


def marketing_headers(reader_id: int) -> dict[str, str]:
    """RFC 8058: the mail program's own unsubscribe button works with one click."""
    return {
        "List-Unsubscribe": f"<{unsubscribe_url(reader_id)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
