"""Writing rights: every grant is made, moved and ended here, with its audit in the same transaction.

Services flush and never commit. Instants are aware; ends are exclusive.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock
from portal.access import held, ledger
from portal.access.held import Covered, GrantError, Holder
from portal.access.ledger import AlreadyTried
from portal.access.models import Grant
from portal.access.vocabulary import EndCause, Source
from portal.db import AnySession, broke


def new_act() -> str:
    """An id shared by the rows of one act."""
    return str(uuid.uuid4())


def day_bounds(first_day: date, last_day: date) -> tuple[datetime, datetime]:
    """[start, end) of civil days in Paris, the last day included. Raises GrantError("dates")."""
    if last_day < first_day:
        raise GrantError("dates")
    return clock.paris_midnight(first_day), clock.paris_midnight(last_day + timedelta(days=1))


def check_wish(starts_at: datetime, ends_at: datetime, reason: str) -> None:
    """Raises GrantError("reason") without a reason, ("dates") for what is empty or over."""
    if not reason.strip():
        raise GrantError("reason")
    if ends_at <= starts_at or ends_at <= clock.now():
        raise GrantError("dates")


def give(
    session: AnySession,
    holder: Holder,
    vertical_ids: Sequence[int],
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor_id: int | None,
    act_id: str | None = None,
) -> list[Grant]:
    """Staff give verticals until a date, with a reason; one act. Raises GrantError, Covered."""
    check_wish(starts_at, ends_at, reason)
    held.hold(session, holder)
    ids = list(dict.fromkeys(vertical_ids))
    if covering := held.covering(session, holder, ids, starts_at, ends_at):
        raise Covered(covering)
    wanted = [(holder, vertical_id) for vertical_id in ids]
    act = act_id or new_act()
    return _given(session, wanted, act, starts_at=starts_at, ends_at=ends_at, reason=reason, actor_id=actor_id)


def give_many(
    session: AnySession,
    wanted: Mapping[int, Sequence[int]],
    *,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor_id: int | None,
    act_id: str,
) -> list[Grant]:
    """Give verticals to many readers, who are held already: {reader id: vertical ids}; one act. Raises GrantError."""
    check_wish(starts_at, ends_at, reason)
    each = [(Holder(reader_id=reader_id), id_) for reader_id, ids in wanted.items() for id_ in ids]
    return _given(session, each, act_id, starts_at=starts_at, ends_at=ends_at, reason=reason, actor_id=actor_id)


def _given(
    session: AnySession, wanted: Iterable[tuple[Holder, int]], act_id: str, *, reason: str, **more: Any
) -> list[Grant]:
    """The rows of one act, and its audit."""
    shared = {"act_id": act_id, "source": Source.ADMIN, "reason": reason.strip(), "created_at": clock.now(), **more}
    made = [
        Grant(reader_id=holder.reader_id, organisation_id=holder.organisation_id, vertical_id=vertical_id, **shared)
        for holder, vertical_id in wanted
    ]
    session.add_all(made)
    session.flush()
    written = [_written(grant, reason=reason) for grant in made]
    audit.record_all(session, "grant.given", written, actor_id=more["actor_id"])
    return made


def start_trial(
    session: AnySession, *, reader_id: int, person_key: bytes, vertical_id: int, ends_at: datetime, act_id: str
) -> Grant:
    """A trial grant and its ledger row, together. Raises AlreadyTried, also when ten start at once."""
    now = clock.now()
    ledger.write(session, person_key, vertical_id, now)
    grant = Grant(
        act_id=act_id,
        reader_id=reader_id,
        vertical_id=vertical_id,
        source=Source.TRIAL,
        starts_at=now,
        ends_at=ends_at,
        created_at=now,
        actor_id=reader_id,
    )
    try:
        with session.begin_nested():
            session.add(grant)
    except IntegrityError as error:
        if broke(error, "uq_grants_one_trial"):
            raise AlreadyTried from error
        raise
    _audit(session, "trial.started", grant, reader_id)
    return grant


def try_again(
    session: AnySession, *, reader_id: int, vertical_id: int, ends_at: datetime, reason: str, actor_id: int | None
) -> Grant:
    """A trial that staff give to somebody whom the ledger knows from another account. Raises GrantError("reason")."""
    if not reason.strip():
        raise GrantError("reason")
    grant = Grant(
        act_id=new_act(),
        reader_id=reader_id,
        vertical_id=vertical_id,
        source=Source.TRIAL,
        starts_at=clock.now(),
        ends_at=ends_at,
        created_at=clock.now(),
        reason=reason.strip(),
        actor_id=actor_id,
    )
    session.add(grant)
    session.flush()
    _audit(session, "trial.started", grant, actor_id, reason=reason)
    return grant


def move_end(session: AnySession, grant: Grant, ends_at: datetime, *, reason: str, actor_id: int | None) -> Grant:
    """Set another end, with a reason; audited as longer or shorter, with before and after. Raises GrantError."""
    if not reason.strip():
        raise GrantError("reason")
    if grant.revoked_at is not None:
        raise GrantError("revoked")
    if ends_at <= max(grant.starts_at, clock.now()):
        raise GrantError("dates")
    if ends_at == grant.ends_at:
        raise GrantError("same")
    longer = ends_at > grant.ends_at
    before = _facts(grant)
    grant.ends_at = ends_at
    grant.end_cause = None
    session.flush()
    of_trial = "trial.extended" if longer else "trial.shortened"
    act = of_trial if grant.source is Source.TRIAL else ("grant.extended" if longer else "grant.shortened")
    _audit(session, act, grant, actor_id, before=before, reason=reason)
    return grant


def revoke(session: AnySession, grant: Grant, *, reason: str, actor_id: int | None) -> Grant:
    """End a right now, with a reason. Raises GrantError("reason"), ("past") when it is over already."""
    if not reason.strip():
        raise GrantError("reason")
    now = clock.now()
    if grant.revoked_at is not None or (grant.grace_until or grant.ends_at) <= now:
        raise GrantError("past")
    before = _facts(grant)
    grant.revoked_at = now
    grant.end_cause = EndCause.REVOKED
    session.flush()
    _audit(session, "grant.revoked", grant, actor_id, before=before, reason=reason)
    return grant


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What Stripe's state says a subscription gives for one vertical."""

    vertical_id: int
    starts_at: datetime
    ends_at: datetime
    grace_until: datetime | None = None
    revoked_at: datetime | None = None
    end_cause: EndCause | None = None


def mirror_subscription(
    session: AnySession, organisation_id: int, reference: str, wanted: Iterable[Mirrored]
) -> list[tuple[Grant, dict[str, Any]]]:
    """Make the grants of a subscription equal to what is wanted; what is wanted no more is revoked now.

    Returns the grants that changed, each with its facts before ({} for a new one). Writes nothing when nothing differs.
    """
    present = {
        grant.vertical_id: grant
        for grant in session.scalars(
            select(Grant).where(Grant.reference == reference, Grant.source == Source.SUBSCRIPTION)
        )
    }
    changed = []
    act = new_act()
    for wish in wanted:
        grant = present.pop(wish.vertical_id, None)
        before = _facts(grant) if grant else {}
        if grant is None:
            grant = _mirror_grant(organisation_id, reference, wish, act)
            session.add(grant)
        _apply(grant, wish)
        if _facts(grant) != before:
            changed.append((grant, before))
    changed += [(grant, _facts(grant)) for grant in present.values() if grant.revoked_at is None]
    for grant in present.values():
        if grant.revoked_at is None:
            grant.revoked_at, grant.end_cause = clock.now(), EndCause.CANCELLED
    session.flush()
    for grant, before in changed:
        _audit(session, "subscription.mirrored", grant, None, before=before)
    return changed


def _mirror_grant(organisation_id: int, reference: str, wish: Mirrored, act: str) -> Grant:
    return Grant(
        act_id=act,
        organisation_id=organisation_id,
        vertical_id=wish.vertical_id,
        source=Source.SUBSCRIPTION,
        reference=reference,
        created_at=clock.now(),
    )


def _apply(grant: Grant, wish: Mirrored) -> None:
    """A right that runs keeps its start: another plan that opens the same vertical goes on where the first one was."""
    runs = grant.starts_at is not None and grant.revoked_at is None
    runs = runs and (grant.grace_until or grant.ends_at) > clock.now()
    grant.starts_at = min(grant.starts_at, wish.starts_at) if runs else wish.starts_at
    grant.ends_at = wish.ends_at
    grant.grace_until, grant.revoked_at, grant.end_cause = wish.grace_until, wish.revoked_at, wish.end_cause


def _facts(grant: Grant) -> dict[str, Any]:
    facts = grant.snapshot()
    return {key: facts[key] for key in ("starts_at", "ends_at", "grace_until", "revoked_at", "end_cause")}


def _audit(
    session: AnySession,
    act: str,
    grant: Grant,
    actor_id: int | None,
    *,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    audit.record_all(session, act, [_written(grant, before=before, reason=reason)], actor_id=actor_id)


def _written(grant: Grant, *, reason: str, before: dict[str, Any] | None = None) -> audit.Written:
    """What the audit log keeps of a grant."""
    kind, holder = ("reader", grant.reader_id) if grant.reader_id else ("organisation", grant.organisation_id)
    about = {"grant_id": grant.id, "vertical_id": grant.vertical_id, "source": grant.source.value}
    values = {**about, "before": before or {}, "after": _facts(grant)}
    return audit.Written((kind, holder), values, {"reason": reason} if reason else {})
