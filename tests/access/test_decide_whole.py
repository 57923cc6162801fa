"""Decisions whole: beside outcome and reason, the right, the end and the vertical that each row of the table names."""

# ruff: noqa: E501

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.access.case import Case
from portal.access.decision import decide
from portal.access.vocabulary import (
    ANONYMOUS,
    RENEWAL_SLACK,
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    AwaitedFacts,
    Decision,
    EndCause,
    GrantFacts,
    GrantState,
    InvitationFacts,
    NextStep,
    Outcome,
    ReaderFacts,
    Reason,
    Source,
    VerticalFacts,
)
from tests.access.test_decide_table import (
    ARTICLE,
    BOTH,
    CLOSED,
    DAY,
    FINTECH,
    GRACE,
    HEALTH,
    LATER,
    MEMBER,
    NOW,
    OVER,
    STAFF,
    TICK,
    UNPAID,
    bought,
    grant,
    member,
    seat,
    trial,
)

SHUT = replace(BOTH, verticals=(CLOSED, VerticalFacts("fintech", trial_open=False)))
FREE = replace(BOTH, access=ArticleAccess.FREE)
NOWHERE = replace(FREE, verticals=())
DRAFT, GONE = replace(BOTH, state=ArticleState.DRAFT), replace(BOTH, state=ArticleState.WITHDRAWN)
SOON = replace(BOTH, published_at=NOW + DAY)
WINDOW = replace(BOTH, free_until=NOW + DAY)
OPEN_TO_ACCOUNTS = replace(BOTH, access=ArticleAccess.REGISTERED)
FULL, PREVIEW = Outcome.FULL, Outcome.PREVIEW
BOUGHT, SEAT, GIVEN, TRIAL = (make("fintech") for make in (bought, seat, grant, trial))
INDEBTED, INDEBTED_SEAT = bought("fintech", **GRACE), seat("fintech", **GRACE)
UNSEATED, TO_COME = bought("fintech", seated_from=None), grant("fintech", **LATER)
CUT, CANCELLED = bought("fintech", **UNPAID), bought("fintech", **OVER, end_cause=EndCause.CANCELLED)
SEAT_OVER, GIVEN_OVER, TRIAL_OVER = (make("fintech", **OVER) for make in (seat, grant, trial))
ELSEWHERE = grant("media")
AWAITED = AwaitedFacts("fintech", NOW, NOW + TICK)
INVITED = InvitationFacts(3, "fintech", NOW, NOW + TICK)

WHOLE: list[tuple[str, ArticleFacts, ReaderFacts, Decision]] = [
    ("1 staff", BOTH, STAFF, Decision(FULL, Reason.STAFF, vertical="health")),
    ("2 withdrawn", GONE, MEMBER, Decision(Outcome.GONE, Reason.WITHDRAWN, next_step=NextStep.RELATED, vertical="health")),
    ("3 draft", DRAFT, MEMBER, Decision(Outcome.ABSENT, Reason.NOT_PUBLISHED, vertical="health")),
    ("3 not yet", SOON, MEMBER, Decision(Outcome.ABSENT, Reason.NOT_PUBLISHED, until=NOW + DAY, vertical="health")),
    ("4 free", FREE, member(BOUGHT), Decision(FULL, Reason.FREE, vertical="health")),
    ("4 free, the other to try", replace(FREE, verticals=(CLOSED, FINTECH)), MEMBER, Decision(FULL, Reason.FREE, next_step=NextStep.START_TRIAL, vertical="fintech")),
    ("4 free, in no vertical", NOWHERE, ANONYMOUS, Decision(FULL, Reason.FREE)),
    ("5 window", WINDOW, ANONYMOUS, Decision(FULL, Reason.FREE_WINDOW, until=NOW + DAY, vertical="health")),
    ("6 stranger", replace(BOTH, verticals=(CLOSED, FINTECH)), ANONYMOUS, Decision(PREVIEW, Reason.ANONYMOUS, next_step=NextStep.SIGN_UP, vertical="fintech")),
    ("6 stranger, no trials", SHUT, ANONYMOUS, Decision(PREVIEW, Reason.ANONYMOUS, next_step=NextStep.SIGN_UP, vertical="health")),
    ("7 suspended", BOTH, replace(MEMBER, suspended=True), Decision(PREVIEW, Reason.SUSPENDED, next_step=NextStep.CONTACT, vertical="health")),
    ("8 unconfirmed", BOTH, replace(MEMBER, confirmed=False), Decision(PREVIEW, Reason.UNCONFIRMED, next_step=NextStep.CONFIRM, vertical="health")),
    ("9 registered", OPEN_TO_ACCOUNTS, MEMBER, Decision(FULL, Reason.REGISTERED, vertical="health")),
    ("10 subscription", BOTH, member(BOUGHT), Decision(FULL, Reason.GRANT_SUBSCRIPTION, BOUGHT, BOUGHT.ends_at, vertical="fintech")),
    ("10 trial", BOTH, member(TRIAL), Decision(FULL, Reason.GRANT_TRIAL, TRIAL, TRIAL.ends_at, vertical="fintech")),
    ("11 grace", BOTH, member(INDEBTED), Decision(FULL, Reason.GRACE_SUBSCRIPTION, INDEBTED, INDEBTED.grace_until, NextStep.PAY, "fintech")),
    ("11 grace by a seat", BOTH, member(INDEBTED_SEAT), Decision(FULL, Reason.GRACE_SEAT, INDEBTED_SEAT, INDEBTED_SEAT.grace_until, vertical="fintech")),
    ("12 payment on its way", BOTH, replace(MEMBER, awaited=(AWAITED,)), Decision(PREVIEW, Reason.PAYMENT_PENDING, until=NOW + TICK, next_step=NextStep.WAIT, vertical="fintech")),
    ("13 invited", BOTH, replace(MEMBER, invitations=(INVITED,)), Decision(PREVIEW, Reason.SEAT_INVITED, until=NOW + TICK, next_step=NextStep.ACCEPT_SEAT, vertical="fintech")),
    ("13 no seat taken", BOTH, member(UNSEATED), Decision(PREVIEW, Reason.SEAT_INVITED, UNSEATED, next_step=NextStep.TAKE_SEAT, vertical="fintech")),
    ("14 later", BOTH, member(TO_COME), Decision(PREVIEW, Reason.NOT_STARTED, TO_COME, NOW + DAY, vertical="fintech")),
    ("15 cut", BOTH, member(CUT), Decision(PREVIEW, Reason.PAYMENT_OVERDUE, CUT, next_step=NextStep.PAY, vertical="fintech")),
    ("16 cancelled", BOTH, member(CANCELLED), Decision(PREVIEW, Reason.SUBSCRIPTION_ENDED, CANCELLED, next_step=NextStep.RENEW, vertical="fintech")),
    ("17 seat over", BOTH, member(SEAT_OVER), Decision(PREVIEW, Reason.SEAT_ENDED, SEAT_OVER, next_step=NextStep.ASK_MANAGER, vertical="fintech")),
    ("18 granted, over", BOTH, member(GIVEN_OVER), Decision(PREVIEW, Reason.ADMIN_GRANT_ENDED, GIVEN_OVER, next_step=NextStep.SUBSCRIBE, vertical="fintech")),
    ("19 trial over", SHUT, member(TRIAL_OVER), Decision(PREVIEW, Reason.TRIAL_ENDED, TRIAL_OVER, next_step=NextStep.SUBSCRIBE, vertical="fintech")),
    ("19 ledger", SHUT, replace(MEMBER, tried=frozenset({"fintech"})), Decision(PREVIEW, Reason.TRIAL_ENDED, next_step=NextStep.SUBSCRIBE, vertical="fintech")),
    ("20 another", replace(BOTH, verticals=(CLOSED, FINTECH)), member(ELSEWHERE), Decision(PREVIEW, Reason.OTHER_VERTICAL_TRY, next_step=NextStep.START_TRIAL, vertical="fintech")),
    ("21 another, no trials", SHUT, member(ELSEWHERE), Decision(PREVIEW, Reason.OTHER_VERTICAL_BUY, next_step=NextStep.SUBSCRIBE, vertical="health")),
    ("22 nothing", replace(BOTH, verticals=(CLOSED, FINTECH)), MEMBER, Decision(PREVIEW, Reason.TRIAL_AVAILABLE, next_step=NextStep.START_TRIAL, vertical="fintech")),
    ("22 nothing, no trials", SHUT, MEMBER, Decision(PREVIEW, Reason.BUY, next_step=NextStep.SUBSCRIBE, vertical="health")),
]  # fmt: skip


@pytest.mark.parametrize("row", WHOLE, ids=[row[0] for row in WHOLE])
def test_a_decision_names_its_right_its_end_and_its_vertical(
    row: tuple[str, ArticleFacts, ReaderFacts, Decision],
) -> None:
    _name, article, reader, whole = row
    assert decide(article, reader, NOW) == whole


def test_of_two_debts_the_one_that_is_ones_own_speaks_then_the_one_that_lasts() -> None:
    own, long = bought(grant_id=1, **GRACE), bought(grant_id=2, **{**GRACE, "grace_until": NOW + 2 * DAY})
    colleague = seat(grant_id=3, **{**GRACE, "grace_until": NOW + 9 * DAY})
    assert decide(ARTICLE, member(own, long, colleague), NOW).grant == long
    assert decide(ARTICLE, member(colleague, own), NOW).grant == own


def test_of_two_subscriptions_the_one_that_lasts_speaks_and_a_trial_never() -> None:
    short, long, free = bought(grant_id=1), bought(grant_id=2, ends_at=NOW + 3 * DAY), trial(ends_at=NOW + 9 * DAY)
    assert decide(ARTICLE, member(short, long, free), NOW).grant == long


def test_of_two_rights_to_come_the_first_is_named() -> None:
    second = grant(grant_id=2, starts_at=NOW + 2 * DAY, ends_at=NOW + 3 * DAY)
    assert decide(ARTICLE, member(second, grant(grant_id=1, **LATER)), NOW).grant == grant(grant_id=1, **LATER)


def test_of_two_seats_that_ended_the_last_is_named() -> None:
    last = seat(grant_id=2, starts_at=NOW - 9 * DAY, ends_at=NOW - TICK)
    assert decide(ARTICLE, member(last, seat(grant_id=1, **OVER)), NOW).grant == last


def test_of_two_trials_that_ended_the_last_is_named_with_its_vertical() -> None:
    last = trial("fintech", grant_id=2, starts_at=NOW - 9 * DAY, ends_at=NOW - TICK)
    decision = decide(BOTH, member(trial(**OVER), last), NOW)
    assert (decision.grant, decision.vertical) == (last, "fintech")


@pytest.mark.parametrize("past", [grant(**OVER), seat(seated_until=NOW)], ids=["granted", "seat"])
def test_a_right_that_is_over_does_not_keep_a_free_article_from_offering_a_trial(past: GrantFacts) -> None:
    assert decide(FREE, member(past), NOW).next_step is NextStep.START_TRIAL


@pytest.mark.parametrize("since", [NOW - TICK, NOW])
def test_an_article_without_a_vertical_takes_no_payment_for_another(since: object) -> None:
    reader = replace(MEMBER, awaited=(AWAITED,), invitations=(INVITED,))
    assert decide(ARTICLE, reader, NOW).reason is Reason.TRIAL_AVAILABLE


def test_nothing_waits_before_its_time() -> None:
    early = replace(
        MEMBER,
        awaited=(replace(AWAITED, since=NOW + TICK, until=NOW + DAY),),
        invitations=(replace(INVITED, since=NOW + TICK, until=NOW + DAY),),
    )
    assert decide(BOTH, early, NOW).reason is Reason.TRIAL_AVAILABLE


def test_a_second_payment_and_a_second_invitation_are_seen_behind_ones_for_elsewhere() -> None:
    elsewhere = replace(AWAITED, vertical="media")
    assert decide(BOTH, replace(MEMBER, awaited=(elsewhere, AWAITED)), NOW).reason is Reason.PAYMENT_PENDING
    invited = (replace(INVITED, vertical="media"), INVITED)
    assert decide(BOTH, replace(MEMBER, invitations=invited), NOW).reason is Reason.SEAT_INVITED


def test_a_managers_seat_waits_while_the_right_is_alive() -> None:
    assert decide(ARTICLE, member(bought(seated_from=None, **GRACE)), NOW).next_step is NextStep.TAKE_SEAT
    assert decide(ARTICLE, member(bought(seated_from=None, **OVER)), NOW).reason is Reason.SUBSCRIPTION_ENDED
    assert decide(ARTICLE, member(seat(seated_from=None)), NOW).reason is Reason.TRIAL_AVAILABLE


@pytest.mark.parametrize("make", [bought, grant], ids=["subscription", "granted"])
def test_what_others_paid_for_or_were_given_is_not_mine_to_renew(make: object) -> None:
    source = Source.SUBSCRIPTION if make is bought else Source.ADMIN
    foreign = seat(source=source, seated_from=None, **OVER)
    assert decide(ARTICLE, member(foreign), NOW).reason is Reason.TRIAL_AVAILABLE


def test_a_seat_that_begins_later_has_not_ended() -> None:
    assert decide(ARTICLE, member(seat(**OVER, seated_from=NOW + TICK)), NOW).reason is Reason.TRIAL_AVAILABLE
    assert decide(ARTICLE, member(seat(**OVER, seated_from=NOW)), NOW).reason is Reason.SEAT_ENDED


def test_a_seat_closed_as_its_right_began_gave_nothing() -> None:
    closed = {"starts_at": NOW - DAY, "seated_from": NOW - 9 * DAY}
    assert decide(ARTICLE, member(seat(**closed, seated_until=NOW - DAY)), NOW).reason is Reason.TRIAL_AVAILABLE
    assert decide(ARTICLE, member(seat(**closed, seated_until=NOW - DAY + TICK)), NOW).reason is Reason.SEAT_ENDED
    late = {"starts_at": NOW - 9 * DAY, "ends_at": NOW - DAY, "seated_until": NOW - TICK}
    assert decide(ARTICLE, member(seat(**late, seated_from=NOW - DAY)), NOW).reason is Reason.TRIAL_AVAILABLE


def test_a_managers_seat_that_was_taken_away_speaks_of_the_contract() -> None:
    assert decide(ARTICLE, member(bought(**OVER, seated_until=NOW - DAY)), NOW).reason is Reason.SUBSCRIPTION_ENDED


def test_a_trial_counts_as_tried_from_the_instant_it_begins() -> None:
    for starts_at, tried in ((NOW, True), (NOW + TICK, False)):
        case = Case(ARTICLE, member(trial(starts_at=starts_at)), NOW)
        assert case.tried("health") is tried
        assert case.trial_vertical() == (None if tried else "health")


def test_only_a_trial_of_this_vertical_counts_as_tried() -> None:
    case = Case(ARTICLE, member(grant(), trial("fintech")), NOW)
    assert not case.tried("health") and case.tried("fintech")


def test_a_right_elsewhere_must_be_open_and_reach_the_reader() -> None:
    for right, open_elsewhere in (
        (seat("media"), True),
        (seat("media", seated_from=None), False),
        (seat("media", seated_until=NOW), False),
        (grant("media", **LATER), False),
        (grant("media", revoked_at=NOW), False),
    ):
        assert Case(ARTICLE, member(right), NOW).right_elsewhere() is open_elsewhere


def test_of_what_is_over_the_latest_comes_first_and_the_living_is_left_out() -> None:
    early, late = grant(grant_id=1, **OVER), grant(grant_id=2, starts_at=NOW - 9 * DAY, revoked_at=NOW)
    case = Case(ARTICLE, member(early, late, grant(grant_id=3), bought(**OVER), grant("media", **OVER)), NOW)
    assert case.over(Source.ADMIN) == [late, early]


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (NOW - TICK, GrantState.FUTURE),
        (NOW, GrantState.ACTIVE),
        (NOW + DAY - TICK, GrantState.ACTIVE),
        (NOW + DAY, GrantState.GRACE),
        (NOW + 2 * DAY - TICK, GrantState.GRACE),
        (NOW + 2 * DAY, GrantState.ENDED),
    ],
)
def test_a_grant_goes_through_its_states_at_the_instant(at: object, state: GrantState) -> None:
    whole = bought(starts_at=NOW, ends_at=NOW + DAY, grace_until=NOW + 2 * DAY)
    assert whole.state(at) is state  # type: ignore[arg-type]
    assert replace(whole, revoked_at=NOW - DAY).state(at) is GrantState.REVOKED  # type: ignore[arg-type]


def test_a_seat_reaches_from_its_opening_to_the_instant_it_closes() -> None:
    mine = seat(seated_from=NOW, seated_until=NOW + DAY)
    reached = [mine.reaches(at) for at in (NOW - TICK, NOW, NOW + DAY - TICK, NOW + DAY)]
    assert reached == [False, True, True, False]
    assert not seat(seated_from=None).reaches(NOW)
    assert grant(seated_from=None).reaches(NOW)


def test_who_pays_is_the_manager_or_the_owner() -> None:
    assert [one.pays() for one in (grant(), bought(), seat())] == [True, True, False]


@pytest.mark.parametrize(
    ("right", "last", "reached", "told"),
    [
        (grant(), NOW + DAY, NOW + DAY, NOW + DAY),
        (grant(revoked_at=NOW), NOW, NOW, NOW),
        (seat(seated_until=NOW), NOW, NOW, NOW),
        (seat(seated_until=NOW + TICK, revoked_at=NOW), NOW, NOW, NOW),
        (bought(), NOW + DAY, NOW + DAY, NOW + DAY - RENEWAL_SLACK),
        (bought(end_cause=EndCause.CANCELLED), NOW + DAY, NOW + DAY, NOW + DAY),
        (bought(**GRACE), NOW - DAY, NOW + DAY, NOW + DAY),
        (bought(grace_until=NOW + DAY), NOW + DAY, NOW + DAY, NOW + DAY),
        (bought(seated_until=NOW), NOW, NOW, NOW),
    ],
)  # fmt: skip
def test_the_end_of_a_right_as_it_is_and_as_it_is_told(
    right: GrantFacts, last: object, reached: object, told: object
) -> None:
    assert (right.last_instant(), right.last_reached(), right.told_end()) == (last, reached, told)


def test_renewals_may_lag_by_a_day() -> None:
    assert timedelta(hours=24) == RENEWAL_SLACK


def test_seats_alone_bring_nothing_of_ones_own() -> None:
    own, here, elsewhere = grant(), bought(), seat(organisation_id=6)
    whole = member(own, here, elsewhere, bought(seated_from=None), tried=frozenset({"health"}), awaited=(AWAITED,))
    for flags in ({"suspended": True}, {"confirmed": False}, {"sees_everything": True}):
        reader = replace(whole, **flags)  # type: ignore[arg-type]
        only = reader.through(5)
        assert only.grants == (replace(here, manages=False),)
        assert (only.reader_id, only.confirmed, only.suspended) == (1, reader.confirmed, reader.suspended)
        assert (only.sees_everything, only.tried, only.awaited) == (False, frozenset(), ())


def test_only_the_whole_text_is_full() -> None:
    assert [Decision(outcome, Reason.FREE).full for outcome in Outcome] == [True, False, False, False]


def test_the_primary_vertical_is_the_first() -> None:
    assert decide(replace(ARTICLE, verticals=(FINTECH, HEALTH)), STAFF, NOW).vertical == "fintech"
