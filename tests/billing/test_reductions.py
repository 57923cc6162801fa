"""What a coupon takes off, to the cent, and how many payments it lowers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.billing.reductions import Reduction, kept, known, reduced, shares

START = datetime(2026, 1, 31, 9, tzinfo=UTC)


def percent(value: str, **more: object) -> Reduction:
    return Reduction("CODE", percent=Decimal(value), **more)  # type: ignore[arg-type]


def amount(cents: int, **more: object) -> Reduction:
    return Reduction("CODE", amount=cents, **more)  # type: ignore[arg-type]


def test_half_a_cent_is_rounded_up() -> None:
    assert shares(percent("12.5"), [("a", 100), ("a", 4)]) == [13, 1]


def test_an_amount_is_spread_by_weight_and_never_gives_money() -> None:
    assert shares(amount(1_000), [("a", 8_900), ("b", 1_100)]) == [890, 110]
    assert shares(amount(99_999), [("a", 8_900), ("b", 1_100)]) == [8_900, 1_100]
    assert shares(amount(1_000, products=("b",)), [("a", 8_900), ("b", 1_100)]) == [0, 1_000]


@given(
    st.lists(st.integers(0, 10**7), min_size=1, max_size=5),
    st.one_of(st.integers(1, 10**7), st.decimals("0.01", "100", places=2)),
)
def test_what_is_left_is_never_below_nought_and_an_amount_is_taken_off_whole(
    nets: list[int], off: int | Decimal
) -> None:
    one = amount(off) if isinstance(off, int) else percent(str(off))
    taken = shares(one, [("a", net) for net in nets])
    assert all(0 <= part <= net for part, net in zip(taken, nets, strict=True))
    if isinstance(off, int):
        assert sum(taken) == min(off, sum(nets))


@pytest.mark.parametrize(
    ("one", "each", "expected"),
    [
        (percent("20", once=True), 1, 1),
        (percent("20"), 1, None),
        (percent("20", months=3), 1, 3),
        (percent("20", months=3), 12, 1),
        (percent("20", months=12), 12, 1),
        (percent("20", months=13), 12, 2),
    ],
)
def test_the_payments_that_are_lowered_are_counted(one: Reduction, each: int, expected: int | None) -> None:
    assert one.payments(START, START, each) == expected


def test_a_payment_after_a_trial_counts_from_the_purchase() -> None:
    later = START.replace(month=2, day=12)
    assert percent("20", months=1).payments(later, START, 1) == 1
    assert percent("20", months=2).payments(later, START, 1) == 2


def test_a_row_keeps_everything_that_counts() -> None:
    for one in (percent("33.33", products=("p",), until=START), amount(500, once=True)):
        assert known(kept(one)) == one


def test_a_reduction_that_is_over_takes_nothing_off() -> None:
    lines = [("a", 8_900)]
    assert reduced(lines, [percent("20", until=START)], START) == lines
    assert reduced(lines, [percent("20"), amount(120)], START) == [("a", 7_000)]
