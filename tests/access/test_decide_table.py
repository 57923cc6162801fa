"""Every row of the decision table, by name; boundaries to the microsecond, all intervals half-open."""

# ruff: noqa: E501

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.access.decision import decide
from portal.access.vocabulary import (
    ANONYMOUS,
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    AwaitedFacts,
    EndCause,
    GrantFacts,
    InvitationFacts,
    NextStep,
    Outcome,
    ReaderFacts,
    Reason,
    Source,
    VerticalFacts,
)

NOW = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
HEALTH, FINTECH = VerticalFacts("health"), VerticalFacts("fintech")
CLOSED = VerticalFacts("health", trial_open=False)
ARTICLE = ArticleFacts(1, ArticleState.PUBLISHED, ArticleAccess.SUBSCRIBER, (HEALTH,), published_at=NOW - DAY)
BOTH = replace(ARTICLE, verticals=(HEALTH, FINTECH))
NO_TRIALS = replace(ARTICLE, verticals=(CLOSED,))
FREE = replace(ARTICLE, access=ArticleAccess.FREE)
MEMBER = ReaderFacts(reader_id=1, confirmed=True)
STAFF = replace(MEMBER, sees_everything=True)


def grant(vertical: str = "health", source: Source = Source.ADMIN, **more: Any) -> GrantFacts:
    """A grant around NOW."""
    starts_at = more.pop("starts_at", NOW - DAY)
    ends_at = more.pop("ends_at", NOW + DAY)
    return GrantFacts(more.pop("grant_id", 7), vertical, source, starts_at, ends_at, **more)


def trial(vertical: str = "health", **more: Any) -> GrantFacts:
    return grant(vertical, Source.TRIAL, **more)


def bought(vertical: str = "health", **more: Any) -> GrantFacts:
    """A subscription of an organisation of one: its manager sits on its seat."""
    more = {"organisation_id": 5, "manages": True, "seated_from": NOW - 9 * DAY, **more}
    return grant(vertical, Source.SUBSCRIPTION, **more)


def seat(vertical: str = "health", source: Source = Source.SUBSCRIPTION, **more: Any) -> GrantFacts:
    """An organisation's right that reaches a colleague by a seat."""
    more = {"organisation_id": 5, "seated_from": NOW - 9 * DAY, **more}
    return grant(vertical, source, **more)


def member(*grants: GrantFacts, **more: Any) -> ReaderFacts:
    return replace(MEMBER, grants=grants, **more)


OVER = {"starts_at": NOW - 20 * DAY, "ends_at": NOW - DAY}
UNPAID = {**OVER, "grace_until": NOW - TICK}
GRACE = {"starts_at": NOW - 20 * DAY, "ends_at": NOW - DAY, "grace_until": NOW + DAY}
LATER = {"starts_at": NOW + DAY, "ends_at": NOW + 2 * DAY}
AWAITED = (AwaitedFacts("health", NOW - DAY / 2, NOW + DAY / 2),)
INVITED = (InvitationFacts(3, "health", NOW - DAY, NOW + DAY),)

ROWS: list[tuple[str, ArticleFacts, ReaderFacts, str, Reason, NextStep]] = [
    ("1 staff read a draft", replace(ARTICLE, state=ArticleState.DRAFT), STAFF, "full", Reason.STAFF, NextStep.NONE),
    ("1 staff read what was withdrawn", replace(ARTICLE, state=ArticleState.WITHDRAWN), STAFF, "full", Reason.STAFF, NextStep.NONE),
    ("1 suspended staff are readers", ARTICLE, replace(STAFF, suspended=True), "preview", Reason.SUSPENDED, NextStep.CONTACT),
    ("1 unconfirmed staff are readers", ARTICLE, replace(STAFF, confirmed=False), "preview", Reason.UNCONFIRMED, NextStep.CONFIRM),
    ("2 withdrawn, even when free", replace(FREE, state=ArticleState.WITHDRAWN), member(bought()), "gone", Reason.WITHDRAWN, NextStep.RELATED),
    ("3 a draft is absent", replace(ARTICLE, state=ArticleState.DRAFT), member(bought()), "absent", Reason.NOT_PUBLISHED, NextStep.NONE),
    ("3 a scheduled one before its hour", replace(ARTICLE, state=ArticleState.SCHEDULED, published_at=NOW + TICK), member(bought()), "absent", Reason.NOT_PUBLISHED, NextStep.NONE),
    ("3 a published one without a date", replace(ARTICLE, published_at=None), MEMBER, "absent", Reason.NOT_PUBLISHED, NextStep.NONE),
    ("3 a scheduled one at its hour is public", replace(FREE, state=ArticleState.SCHEDULED, published_at=NOW), ANONYMOUS, "full", Reason.FREE, NextStep.START_TRIAL),
    ("4 free to a stranger, with the call", FREE, ANONYMOUS, "full", Reason.FREE, NextStep.START_TRIAL),
    ("4 free to a suspended account, without", FREE, replace(MEMBER, suspended=True), "full", Reason.FREE, NextStep.NONE),
    ("4 free and no call with a right", FREE, member(trial()), "full", Reason.FREE, NextStep.NONE),
    ("4 free and no call in grace", FREE, member(bought(**GRACE)), "full", Reason.FREE, NextStep.NONE),
    ("4 free and no call to whoever pays without a seat", FREE, member(bought(seated_from=None)), "full", Reason.FREE, NextStep.NONE),
    ("4 free and no call while a payment comes in", FREE, replace(MEMBER, awaited=AWAITED), "full", Reason.FREE, NextStep.NONE),
    ("4 free and no call to try again", FREE, replace(MEMBER, tried=frozenset({"health"})), "full", Reason.FREE, NextStep.NONE),
    ("5 free window, both ends", replace(ARTICLE, free_from=NOW, free_until=NOW + TICK), ANONYMOUS, "full", Reason.FREE_WINDOW, NextStep.NONE),
    ("5 free window open at its start", replace(ARTICLE, free_until=NOW + TICK), ANONYMOUS, "full", Reason.FREE_WINDOW, NextStep.NONE),
    ("5 free window open at its end", replace(ARTICLE, free_from=NOW), ANONYMOUS, "full", Reason.FREE_WINDOW, NextStep.NONE),
    ("5 free window over at its end exactly", replace(ARTICLE, free_until=NOW), ANONYMOUS, "preview", Reason.ANONYMOUS, NextStep.SIGN_UP),
    ("5 free window not begun", replace(ARTICLE, free_from=NOW + TICK), ANONYMOUS, "preview", Reason.ANONYMOUS, NextStep.SIGN_UP),
    ("6 a stranger", ARTICLE, ANONYMOUS, "preview", Reason.ANONYMOUS, NextStep.SIGN_UP),
    ("6 a stranger before a registered article", replace(ARTICLE, access=ArticleAccess.REGISTERED), ANONYMOUS, "preview", Reason.ANONYMOUS, NextStep.SIGN_UP),
    ("7 suspended with a live right", ARTICLE, member(bought(), suspended=True), "preview", Reason.SUSPENDED, NextStep.CONTACT),
    ("7 suspended before unconfirmed", ARTICLE, replace(MEMBER, suspended=True, confirmed=False), "preview", Reason.SUSPENDED, NextStep.CONTACT),
    ("8 unconfirmed with a live right", ARTICLE, member(grant(), confirmed=False), "preview", Reason.UNCONFIRMED, NextStep.CONFIRM),
    ("9 registered article", replace(ARTICLE, access=ArticleAccess.REGISTERED), MEMBER, "full", Reason.REGISTERED, NextStep.NONE),
    ("10 subscription before trial", ARTICLE, member(trial(), bought()), "full", Reason.GRANT_SUBSCRIPTION, NextStep.NONE),
    ("10 subscription before seat", ARTICLE, member(seat(), bought()), "full", Reason.GRANT_SUBSCRIPTION, NextStep.NONE),
    ("10 seat before granted", ARTICLE, member(grant(), seat()), "full", Reason.GRANT_SEAT, NextStep.NONE),
    ("10 granted before trial", ARTICLE, member(trial(), grant()), "full", Reason.GRANT_ADMIN, NextStep.NONE),
    ("10 trial", ARTICLE, member(trial()), "full", Reason.GRANT_TRIAL, NextStep.NONE),
    ("10 an organisation's granted right by a seat", ARTICLE, member(seat(source=Source.ADMIN)), "full", Reason.GRANT_SEAT, NextStep.NONE),
    ("10 a right on the second vertical is enough", BOTH, member(grant("fintech")), "full", Reason.GRANT_ADMIN, NextStep.NONE),
    ("10 at the start exactly it is there", ARTICLE, member(grant(starts_at=NOW)), "full", Reason.GRANT_ADMIN, NextStep.NONE),
    ("10 a microsecond before the end it is there", ARTICLE, member(grant(ends_at=NOW + TICK)), "full", Reason.GRANT_ADMIN, NextStep.NONE),
    ("10 at the end exactly it is gone", ARTICLE, member(grant(ends_at=NOW)), "preview", Reason.ADMIN_GRANT_ENDED, NextStep.SUBSCRIBE),
    ("10 a microsecond before being revoked", ARTICLE, member(grant(revoked_at=NOW + TICK)), "full", Reason.GRANT_ADMIN, NextStep.NONE),
    ("10 revoked exactly now", ARTICLE, member(grant(revoked_at=NOW)), "preview", Reason.ADMIN_GRANT_ENDED, NextStep.SUBSCRIBE),
    ("10 a seat opened exactly now", ARTICLE, member(seat(seated_from=NOW)), "full", Reason.GRANT_SEAT, NextStep.NONE),
    ("10 a seat closed exactly now", ARTICLE, member(seat(seated_until=NOW)), "preview", Reason.SEAT_ENDED, NextStep.ASK_MANAGER),
    ("11 grace of whoever pays", ARTICLE, member(bought(**GRACE)), "full", Reason.GRACE_SUBSCRIPTION, NextStep.PAY),
    ("11 grace of a colleague", ARTICLE, member(seat(**GRACE)), "full", Reason.GRACE_SEAT, NextStep.NONE),
    ("11 grace begins at the end exactly", ARTICLE, member(bought(**{**GRACE, "ends_at": NOW})), "full", Reason.GRACE_SUBSCRIPTION, NextStep.PAY),
    ("11 grace is over at its end exactly", ARTICLE, member(bought(**{**GRACE, "grace_until": NOW})), "preview", Reason.PAYMENT_OVERDUE, NextStep.PAY),
    ("12 payment on its way", ARTICLE, replace(MEMBER, awaited=AWAITED), "preview", Reason.PAYMENT_PENDING, NextStep.WAIT),
    ("12 payment on its way after an ended trial", ARTICLE, member(trial(**OVER), awaited=AWAITED), "preview", Reason.PAYMENT_PENDING, NextStep.WAIT),
    ("12 a payment for another vertical", replace(ARTICLE, verticals=(FINTECH,)), replace(MEMBER, awaited=AWAITED), "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("12 a payment no longer awaited", ARTICLE, replace(MEMBER, awaited=(AwaitedFacts("health", NOW - DAY, NOW),)), "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("13 invited", ARTICLE, replace(MEMBER, invitations=INVITED), "preview", Reason.SEAT_INVITED, NextStep.ACCEPT_SEAT),
    ("13 invited before ended", ARTICLE, member(grant(**OVER), invitations=INVITED), "preview", Reason.SEAT_INVITED, NextStep.ACCEPT_SEAT),
    ("13 an invitation that expired now", ARTICLE, replace(MEMBER, invitations=(InvitationFacts(3, "health", NOW - DAY, NOW),)), "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("13 whoever pays and holds no seat", ARTICLE, member(bought(seated_from=None)), "preview", Reason.SEAT_INVITED, NextStep.TAKE_SEAT),
    ("14 begins later", ARTICLE, member(grant(**LATER)), "preview", Reason.NOT_STARTED, NextStep.NONE),
    ("14 begins later, after an ended trial", ARTICLE, member(trial(**OVER), bought(**LATER)), "preview", Reason.NOT_STARTED, NextStep.NONE),
    ("14 a microsecond before the start", ARTICLE, member(grant(starts_at=NOW + TICK)), "preview", Reason.NOT_STARTED, NextStep.NONE),
    ("15 cut after grace", ARTICLE, member(bought(**UNPAID)), "preview", Reason.PAYMENT_OVERDUE, NextStep.PAY),
    ("15 cut and said so", ARTICLE, member(bought(**OVER, end_cause=EndCause.UNPAID)), "preview", Reason.PAYMENT_OVERDUE, NextStep.PAY),
    ("15 disputed", ARTICLE, member(bought(**OVER, end_cause=EndCause.DISPUTED)), "preview", Reason.PAYMENT_DISPUTED, NextStep.SETTLE),
    ("16 cancelled", ARTICLE, member(bought(**OVER, end_cause=EndCause.CANCELLED)), "preview", Reason.SUBSCRIPTION_ENDED, NextStep.RENEW),
    ("16 refunded in its days of grace", ARTICLE, member(bought(**GRACE, revoked_at=NOW, end_cause=EndCause.REFUNDED)), "preview", Reason.SUBSCRIPTION_ENDED, NextStep.RENEW),
    ("16 the latest subscription speaks", ARTICLE, member(bought(**UNPAID), bought(starts_at=NOW - 9 * DAY, ends_at=NOW - TICK, end_cause=EndCause.CANCELLED)), "preview", Reason.SUBSCRIPTION_ENDED, NextStep.RENEW),
    ("17 a seat taken away", ARTICLE, member(seat(seated_until=NOW - TICK)), "preview", Reason.SEAT_ENDED, NextStep.ASK_MANAGER),
    ("17 a seat whose contract ended", ARTICLE, member(seat(**OVER)), "preview", Reason.SEAT_ENDED, NextStep.ASK_MANAGER),
    ("17 not a seat that closed before the right began", ARTICLE, member(seat(starts_at=NOW - DAY, seated_until=NOW - 2 * DAY)), "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("17 before an ended trial", ARTICLE, member(trial(**OVER), seat(**OVER)), "preview", Reason.SEAT_ENDED, NextStep.ASK_MANAGER),
    ("18 granted, over", ARTICLE, member(grant(**OVER)), "preview", Reason.ADMIN_GRANT_ENDED, NextStep.SUBSCRIBE),
    ("18 before an ended trial", ARTICLE, member(trial(**OVER), grant(**OVER)), "preview", Reason.ADMIN_GRANT_ENDED, NextStep.SUBSCRIBE),
    ("19 trial over", ARTICLE, member(trial(**OVER)), "preview", Reason.TRIAL_ENDED, NextStep.SUBSCRIBE),
    ("19 the ledger alone", ARTICLE, replace(MEMBER, tried=frozenset({"health"})), "preview", Reason.TRIAL_ENDED, NextStep.SUBSCRIBE),
    ("19 the other vertical may still be tried", BOTH, member(trial(**OVER)), "preview", Reason.TRIAL_ENDED, NextStep.START_TRIAL),
    ("19 over even with a right elsewhere", ARTICLE, member(trial(**OVER), grant("media")), "preview", Reason.TRIAL_ENDED, NextStep.SUBSCRIBE),
    ("20 one click more", ARTICLE, member(trial("fintech")), "preview", Reason.OTHER_VERTICAL_TRY, NextStep.START_TRIAL),
    ("20 right elsewhere in grace", ARTICLE, member(bought("media", **GRACE)), "preview", Reason.OTHER_VERTICAL_TRY, NextStep.START_TRIAL),
    ("21 no trials here", NO_TRIALS, member(bought("media")), "preview", Reason.OTHER_VERTICAL_BUY, NextStep.SUBSCRIBE),
    ("22 nothing yet", ARTICLE, MEMBER, "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("22 nothing, and what was elsewhere is over", ARTICLE, member(grant("media", **OVER)), "preview", Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL),
    ("22 nothing and no trials", NO_TRIALS, MEMBER, "preview", Reason.BUY, NextStep.SUBSCRIBE),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_first_row_that_matches_wins(row: tuple[str, ArticleFacts, ReaderFacts, str, Reason, NextStep]) -> None:
    _name, article, reader, outcome, reason, step = row
    decision = decide(article, reader, NOW)
    assert (decision.outcome, decision.reason, decision.next_step) == (Outcome(outcome), reason, step)


def test_every_reason_is_met_in_the_table() -> None:
    assert {row[4] for row in ROWS} == set(Reason)


def test_every_next_step_is_met_in_the_table() -> None:
    assert {row[5] for row in ROWS} == set(NextStep)


def test_the_decision_names_the_grant_that_ends_last() -> None:
    longest = grant(grant_id=2, ends_at=NOW + 5 * DAY)
    decision = decide(ARTICLE, member(grant(grant_id=1), longest), NOW)
    assert (decision.grant, decision.until) == (longest, NOW + 5 * DAY)


def test_a_seat_that_will_close_ends_the_right_for_its_reader() -> None:
    decision = decide(ARTICLE, member(seat(seated_until=NOW + TICK)), NOW)
    assert decision.until == NOW + TICK


def test_the_end_of_grace_is_told() -> None:
    assert decide(ARTICLE, member(bought(**GRACE)), NOW).until == NOW + DAY


def test_a_draft_promises_no_date() -> None:
    assert decide(replace(ARTICLE, state=ArticleState.DRAFT), MEMBER, NOW).until is None


def test_a_scheduled_article_says_when() -> None:
    scheduled = replace(ARTICLE, state=ArticleState.SCHEDULED, published_at=NOW + DAY)
    assert decide(scheduled, MEMBER, NOW).until == NOW + DAY


def test_the_vertical_that_can_be_tried_is_named_to_strangers() -> None:
    both = replace(ARTICLE, verticals=(CLOSED, FINTECH))
    assert decide(both, ANONYMOUS, NOW).vertical == "fintech"
