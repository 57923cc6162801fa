"""Where a right stands for the person who holds it: one of the states that pages and mails have words for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.access.vocabulary import EndCause, GrantFacts, GrantState, Source
from portal.i18n import lazy_gettext as _


class RightState(StrEnum):
    """The seven states, and the two that surround them: a right to come and one that waits for a seat."""

    TRIAL = "trial"
    PAID = "paid"
    ENDING = "ending"
    PAST_DUE = "past-due"
    GRANTED = "granted"
    SEAT = "seat"
    EXPIRED = "expired"
    FUTURE = "future"
    NO_SEAT = "no-seat"


# One meaning, one colour, on every page: open is green, an end without a renewal amber, a debt red, closed grey.
_CHIPS: Mapping[RightState, tuple[object, str]] = {
    RightState.TRIAL: (_("Trial"), "ok"),
    RightState.PAID: (_("Subscribed"), "ok"),
    RightState.ENDING: (_("Subscribed, ending"), "warn"),
    RightState.PAST_DUE: (_("Payment due"), "bad"),
    RightState.GRANTED: (_("Granted"), "ok"),
    RightState.SEAT: (_("Seat"), "ok"),
    RightState.EXPIRED: (_("Ended"), "plain"),
    RightState.FUTURE: (_("To come"), "plain"),
    RightState.NO_SEAT: (_("No seat taken"), "plain"),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """What our mirror of the subscription behind a grant says to people: it renews, or it ends, on a day."""

    organisation: str
    renews_at: datetime | None = None
    ending_at: datetime | None = None


def chip_of(kind: RightState) -> tuple[str, str]:
    """The word of a state and the tone of its chip."""
    word, tone = _CHIPS[kind]
    return str(word), tone


def once(grants: Iterable[GrantFacts], now: datetime) -> list[GrantFacts]:
    """A grant may come by several seats, or by managing as well: the one that reaches now, else the latest."""
    best: dict[int, GrantFacts] = {}
    for grant in grants:
        other = best.get(grant.grant_id)
        if other is None or _nearness(grant, now) > _nearness(other, now):
            best[grant.grant_id] = grant
    return list(best.values())


def _nearness(grant: GrantFacts, now: datetime) -> tuple[bool, bool, datetime]:
    return grant.reaches(now), grant.seated_until is None, grant.last_instant()


def state_of(grant: GrantFacts, now: datetime, contract: Contract | None = None) -> RightState:
    """Which of the states a grant is in for this reader."""
    state = grant.state(now)
    if state in (GrantState.ENDED, GrantState.REVOKED):
        return RightState.EXPIRED
    if not grant.reaches(now):
        return RightState.NO_SEAT if grant.manages else RightState.EXPIRED
    if state is GrantState.FUTURE:
        return RightState.FUTURE
    return _open_state(grant, state, contract)


def _open_state(grant: GrantFacts, state: GrantState, contract: Contract | None) -> RightState:
    if grant.organisation_id is not None and not grant.manages:
        return RightState.SEAT
    if grant.source is Source.TRIAL:
        return RightState.TRIAL
    if grant.source is Source.ADMIN:
        return RightState.GRANTED
    if state is GrantState.GRACE or grant.grace_until is not None:
        return RightState.PAST_DUE
    return RightState.ENDING if _is_ending(grant, contract) else RightState.PAID


def _is_ending(grant: GrantFacts, contract: Contract | None) -> bool:
    return grant.end_cause is EndCause.CANCELLED or bool(contract and contract.ending_at)
