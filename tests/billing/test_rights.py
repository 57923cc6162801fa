"""The table "Status → grant", row by row, and what must hold for any state."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.access.vocabulary import EndCause, GrantFacts, GrantState, Source
from portal.billing.rights import (
    CARD_GRACE,
    CLOSED,
    INVOICE_GRACE,
    RENEWAL_SLACK,
    Debt,
    Line,
    SubscriptionState,
    rights,
)

START = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
END = datetime(2026, 4, 10, 10, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
LINE = Line(vertical_ids=(1,), starts_at=START, period_start=START, period_end=END)


def state(status: str, **more: object) -> SubscriptionState:
    """A subscription of one vertical, paid by card, in its first period."""
    fields = {"collection_method": "charge_automatically", "lines": (LINE,), **more}
    return SubscriptionState(status=status, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["active", "trialing"])
def test_a_paid_or_trialing_one_is_open_a_day_beyond_its_period(status: str) -> None:
    (right,) = rights(state(status), NOW)
    assert (right.starts_at, right.ends_at, right.grace_until, right.end_cause) == (
        START,
        END + RENEWAL_SLACK,
        None,
        None,
    )


def test_one_that_is_ending_ends_to_the_second() -> None:
    (right,) = rights(state("active", ending_at=END), NOW)
    assert (right.ends_at, right.grace_until, right.end_cause) == (END, None, EndCause.CANCELLED)


def test_an_unpaid_card_counts_from_the_oldest_open_invoice_and_never_from_the_period() -> None:
    renewed = Line((1,), START, END, END + timedelta(days=30))
    debts = (Debt(END + timedelta(days=2)), Debt(END))
    (right,) = rights(state("past_due", lines=(renewed,), debts=debts), END + timedelta(days=3))
    assert (right.ends_at, right.grace_until) == (END, END + CARD_GRACE)


def test_an_announced_end_shortens_grace_and_never_extends_it() -> None:
    debts = (Debt(END),)
    (soon,) = rights(state("past_due", debts=debts, ending_at=END + timedelta(days=2)), NOW)
    (late,) = rights(state("past_due", debts=debts, ending_at=END + timedelta(days=60)), NOW)
    assert soon.grace_until == END + timedelta(days=2)
    assert late.grace_until == END + CARD_GRACE


def test_an_invoice_sent_by_mail_is_open_until_due_and_fifteen_days() -> None:
    due = START + timedelta(days=30)
    for status in ("active", "past_due"):
        (right,) = rights(state(status, collection_method="send_invoice", debts=(Debt(START, due),)), NOW)
        assert (right.ends_at, right.grace_until) == (due, due + INVOICE_GRACE)


def test_a_dispute_closes_since_it_began_in_days_of_grace_too_and_never_what_had_ended() -> None:
    since = END + timedelta(days=3)
    (right,) = rights(state("past_due", debts=(Debt(END),), disputed_since=since), NOW)
    assert (right.ends_at, right.grace_until, right.end_cause) == (since, None, EndCause.DISPUTED)
    (over,) = rights(state("active", ending_at=END, disputed_since=since), NOW)
    assert (over.ends_at, over.end_cause) == (END, EndCause.CANCELLED)
    (closed,) = rights(state("unpaid", debts=(Debt(END),), disputed_since=END - timedelta(days=9)), NOW)
    assert closed.end_cause is EndCause.UNPAID


@pytest.mark.parametrize("status", ["unpaid", "paused", "canceled"])
def test_a_closed_one_is_closed_and_says_why(status: str) -> None:
    (right,) = rights(state(status, ended_at=NOW, debts=(Debt(START + timedelta(days=1)),)), NOW)
    cause = {"unpaid": EndCause.UNPAID, "paused": EndCause.PAUSED, "canceled": EndCause.CANCELLED}[status]
    assert right.ends_at <= NOW and right.grace_until is None and right.end_cause is cause


def test_one_canceled_for_non_payment_ended_where_payment_was_missed() -> None:
    missed = START + timedelta(days=4)
    (right,) = rights(state("canceled", ended_at=NOW, cancel_reason="payment_failed", debts=(Debt(missed),)), NOW)
    assert (right.ends_at, right.end_cause) == (missed, EndCause.UNPAID)


@pytest.mark.parametrize("status", ["incomplete", "incomplete_expired", "frozen_by_aliens"])
def test_one_that_never_was_paid_or_is_unknown_gives_nothing(status: str) -> None:
    assert rights(state(status), NOW) == []


def test_a_price_that_is_not_ours_gives_nothing() -> None:
    assert rights(state("active", lines=(Line((), START, START, END),)), NOW) == []


def test_several_items_give_the_union_each_to_its_own_end() -> None:
    other = Line((1, 2), START, START, END + timedelta(days=9))
    first, second = rights(state("active", lines=(LINE, other)), NOW)
    assert (first.vertical_id, first.ends_at) == (1, END + timedelta(days=9) + RENEWAL_SLACK)
    assert (second.vertical_id, second.ends_at) == (2, END + timedelta(days=9) + RENEWAL_SLACK)


instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))
lines = st.builds(
    lambda ids, start, length, age: Line(tuple(ids), start, start + age, start + age + length),
    st.lists(st.integers(1, 4), max_size=3),
    instants,
    st.timedeltas(timedelta(days=1), timedelta(days=366)),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
states = st.builds(
    SubscriptionState,
    status=st.sampled_from(["trialing", "active", "past_due", *sorted(CLOSED), "new_word"]),
    collection_method=st.sampled_from(["charge_automatically", "send_invoice"]),
    lines=st.lists(lines, max_size=4).map(tuple),
    ending_at=st.none() | instants,
    ended_at=st.none() | instants,
    cancel_reason=st.none() | st.sampled_from(["payment_failed", "cancellation_requested"]),
    invoice_grace=st.sampled_from([timedelta(0), timedelta(days=15), timedelta(days=60)]),
    debts=st.lists(st.builds(Debt, instants, st.none() | instants), max_size=3).map(tuple),
    disputed_since=st.none() | instants,
)


@given(states, instants)
def test_whatever_the_state_rights_are_well_formed_and_told_alike_twice(
    given_state: SubscriptionState, now: datetime
) -> None:
    wanted = rights(given_state, now)
    assert wanted == rights(given_state, now)
    assert [right.vertical_id for right in wanted] == sorted({right.vertical_id for right in wanted})
    for right in wanted:
        assert right.ends_at > right.starts_at
        assert right.grace_until is None or right.grace_until >= right.ends_at


@given(states, instants, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_what_stripe_closed_is_closed_here_and_stays_so(
    given_state: SubscriptionState, now: datetime, later: timedelta
) -> None:
    if given_state.status not in CLOSED:
        return
    for right in rights(given_state, now):
        facts = GrantFacts(
            1, "v", Source.SUBSCRIPTION, right.starts_at, right.ends_at, right.grace_until, right.revoked_at
        )
        started = max(now, right.starts_at + timedelta(seconds=1))
        assert facts.state(started + later) is GrantState.ENDED


@given(states, instants, instants)
def test_the_present_instant_only_bounds_what_has_ended(
    given_state: SubscriptionState, now: datetime, then: datetime
) -> None:
    if given_state.status in CLOSED:
        return
    assert rights(given_state, now) == rights(given_state, then)
