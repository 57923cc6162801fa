"""One grant as the services leave it behind: its row, its snapshots and its acts."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from benchmarks.scale.store import rows, stamp
from benchmarks.scale.world import World
from portal.history import iso

GRANTS = rows(
    "grants",
    "id act_id reader_id organisation_id vertical_id source starts_at ends_at grace_until revoked_at end_cause reason"
    " actor_id reference created_at",
)
_CHANGED = {"trial": "trial.extended", "subscription": "subscription.mirrored", "admin": "grant.revoked"}
_MADE = {"trial": "trial.started", "subscription": "subscription.mirrored", "admin": "grant.given"}


@dataclass(frozen=True, slots=True)
class Right:
    """A grant as it stands now. `changed_at` is when it became so, `first_end` the end it was made with."""

    vertical_id: int
    source: str
    starts_at: datetime
    ends_at: datetime
    reader_id: int | None = None
    organisation_id: int | None = None
    grace_until: datetime | None = None
    revoked_at: datetime | None = None
    end_cause: str | None = None
    reason: str = ""
    actor_id: int | None = None
    reference: str = ""
    changed_at: datetime | None = None
    first_end: datetime | None = None

    def facts(self) -> dict[str, Any]:
        """What its snapshot holds."""
        return {
            "reader_id": self.reader_id,
            "organisation_id": self.organisation_id,
            "vertical_id": self.vertical_id,
            "source": self.source,
            "starts_at": iso(self.starts_at),
            "ends_at": iso(self.ends_at),
            "grace_until": iso(self.grace_until),
            "revoked_at": iso(self.revoked_at),
            "end_cause": self.end_cause,
        }


def new_act(world: World) -> str:
    """An id shared by the rows of one act."""
    return str(uuid.UUID(int=world.chance.getrandbits(128), version=4))


def write(world: World, right: Right, act: str) -> None:
    """A grant with its past: as it was made, and as it is when it was changed since."""
    id_ = world.store.next("grants")
    made = right.starts_at
    world.store.add(GRANTS, _row(id_, act, right, made))
    if right.changed_at is None:
        _note(world, id_, _MADE[right.source], made, right)
        return
    first = replace(right, ends_at=right.first_end or right.ends_at, grace_until=None, revoked_at=None, end_cause=None)
    _note(world, id_, _MADE[right.source], made, first)
    _note(world, id_, _CHANGED[right.source], right.changed_at, right, before=first)


def _row(id_: int, act: str, right: Right, made: datetime) -> tuple[Any, ...]:
    return (
        id_,
        act,
        right.reader_id,
        right.organisation_id,
        right.vertical_id,
        right.source,
        stamp(right.starts_at),
        stamp(right.ends_at),
        stamp(right.grace_until),
        stamp(right.revoked_at),
        right.end_cause,
        right.reason,
        right.actor_id,
        right.reference,
        stamp(made),
    )


def _note(world: World, id_: int, act: str, at: datetime, right: Right, *, before: Right | None = None) -> None:
    facts = right.facts()
    world.store.snapshot("grant", id_, at, facts)
    holder = ("reader", right.reader_id) if right.reader_id else ("organisation", right.organisation_id)
    values = {"grant_id": id_, "vertical_id": right.vertical_id, "source": right.source}
    values |= {"before": _told(before.facts()) if before else {}, "after": _told(facts)}
    world.store.audit(act, at, actor_id=right.actor_id, target=holder, values=values, reason=right.reason)


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: facts[key] for key in ("starts_at", "ends_at", "grace_until", "revoked_at", "end_cause")}
