"""Rights drawn over time: where each bar begins and ends, what is spent, left, owed, taken away and still to come."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.access.timeline import Lane, Timeline, of_grants, of_reader, timeline
from portal.access.vocabulary import EndCause, GrantFacts, ReaderFacts, Source
from portal.clock import PARIS
from portal.db import AnySession
from portal.i18n import use_locale
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_seat, an_organisation
from tests.forms import sign_in

NOW = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR, MINUTE = 365 * DAY, timedelta(minutes=1)
END = datetime(2026, 3, 18, tzinfo=PARIS)  # midnight: the 17th is the last day
NAMES = {"health": "mind Health", "fintech": "mind Fintech"}


def grant(source: Source = Source.ADMIN, **more: Any) -> GrantFacts:
    values = {"starts_at": NOW - 8 * DAY, "ends_at": END, **more}
    return GrantFacts(values.pop("grant_id", 1), values.pop("vertical", "health"), source, **values)


def bought(**more: Any) -> GrantFacts:
    return grant(Source.SUBSCRIPTION, **{"organisation_id": 5, "manages": True, "seated_from": NOW - 8 * DAY, **more})


def seat(**more: Any) -> GrantFacts:
    return bought(manages=False, **more)


def drawing(*grants: GrantFacts, locale: str = "en", now: datetime = NOW) -> Timeline | None:
    with use_locale(locale):
        return timeline(of_reader(ReaderFacts(1, grants=grants, confirmed=True), now, NAMES), now)


def drawn(*grants: GrantFacts, locale: str = "en", now: datetime = NOW) -> Timeline:
    found = drawing(*grants, locale=locale, now=now)
    assert found is not None
    return found


def lanes(found: Timeline) -> list[Lane]:
    return [lane for group in found.groups for lane in group.lanes]


def number(percent: str) -> float:
    return float(percent.removesuffix("%"))


def bars(found: Timeline) -> list[tuple[str, float, float]]:
    """(kind, from, to) of every bar, in percent."""
    every = (bar for lane in lanes(found) for bar in lane.bars)
    return [(bar.kind, number(bar.x), number(bar.x) + number(bar.width)) for bar in every]


def test_six_months_are_shown_and_today_is_among_them() -> None:
    found = drawn(grant(Source.TRIAL))
    assert [month for _, month in found.months] == ["2026", "Feb", "Mar", "Apr", "May", "Jun"]
    places = [number(place) for place, _ in found.months]
    assert places[0] == 0.0 and places == sorted(places)
    assert places[2] < number(found.today) < places[3]


def test_french_months_are_french() -> None:
    assert [month for _, month in drawn(grant(Source.TRIAL), locale="fr").months][1:3] == ["févr.", "mars"]


def test_today_divides_what_is_spent_from_what_is_left() -> None:
    found = drawn(grant(Source.TRIAL))
    (spent, start, middle), (left, middle_too, end) = bars(found)
    assert (spent, left) == ("spent", "left")
    assert middle == pytest.approx(number(found.today), abs=0.02) == pytest.approx(middle_too, abs=0.02)
    places = [number(place) for place, _ in found.months]
    assert places[2] < start < middle < end < places[3], "from the 2nd to the 17th of March"


def test_a_year_is_shown_whole_with_months_that_can_be_read() -> None:
    found = drawn(grant(starts_at=NOW - 60 * DAY, ends_at=NOW + 300 * DAY))
    assert bars(found)[0][1] > 0.0 and bars(found)[-1][2] < 100.0
    assert 4 <= len(found.months) <= 8 and "2027" in [word for _, word in found.months]


def test_what_reaches_further_than_a_year_is_cut_at_the_edges() -> None:
    found = drawn(grant(starts_at=NOW - 3 * YEAR, ends_at=NOW + 3 * YEAR))
    assert (bars(found)[0][1], bars(found)[-1][2]) == (0.0, 100.0)
    assert (
        bars(found)[0][2] == pytest.approx(number(found.today), abs=0.02) == pytest.approx(bars(found)[1][1], abs=0.02)
    )
    assert len(found.months) <= 8


def test_overlapping_rights_lie_below_one_another_under_one_name() -> None:
    found = drawn(grant(Source.TRIAL, grant_id=1), bought(grant_id=2), grant(grant_id=3, vertical="fintech"))
    assert [(group.slug, len(group.lanes)) for group in found.groups] == [("health", 2), ("fintech", 1)]
    heights = [lane.y for lane in lanes(found)]
    assert min(b - a for a, b in pairwise(heights)) >= 38
    assert found.height > max(heights)


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        (grant(Source.TRIAL, starts_at=NOW - 20 * DAY, ends_at=NOW - 4 * DAY), ["over"]),
        (grant(starts_at=NOW + DAY, ends_at=NOW + 30 * DAY), ["ahead"]),
        (bought(ends_at=NOW - DAY, grace_until=NOW + 6 * DAY), ["spent", "grace"]),
        (bought(seated_from=NOW - 40 * DAY, ends_at=NOW - 4 * DAY, grace_until=NOW - 2 * DAY), ["over", "late"]),
        (grant(revoked_at=NOW - DAY, end_cause=EndCause.REVOKED), ["over", "cut"]),
        (grant(starts_at=NOW + DAY, ends_at=NOW + 9 * DAY, revoked_at=NOW - DAY), ["cut"]),
        (bought(seated_from=None), ["over"]),
        (seat(starts_at=NOW - YEAR, seated_from=NOW - 3 * DAY, ends_at=NOW + YEAR), ["spent", "left"]),
        (seat(starts_at=NOW - YEAR, seated_from=NOW - DAY, ends_at=NOW - 3 * DAY), ["over"]),
        (grant(starts_at=NOW - MINUTE, ends_at=NOW + MINUTE), ["spent", "left"]),
        (grant(starts_at=NOW - 2 * YEAR, ends_at=NOW, revoked_at=NOW - 1.5 * YEAR), ["cut"]),
        (grant(starts_at=NOW - 2 * YEAR, ends_at=NOW, revoked_at=datetime(2025, 3, 1, tzinfo=PARIS)), ["cut"]),
        (bought(ends_at=datetime(2027, 5, 1, tzinfo=PARIS), grace_until=NOW + 2 * YEAR), ["spent", "left"]),
    ],
)
def test_each_kind_of_right_has_its_bars(held: GrantFacts, kinds: list[str]) -> None:
    assert [kind for kind, _, _ in bars(drawn(held))] == kinds


def test_what_was_revoked_is_drawn_to_the_end_it_was_to_have_with_a_mark_where_it_was_cut() -> None:
    revoked = grant(ends_at=NOW + 40 * DAY, revoked_at=NOW - 2 * DAY)
    found = drawn(revoked)
    (_over, _start, cut), (_cut, begins, end) = bars(found)
    assert cut == pytest.approx(begins, abs=0.02) == pytest.approx(number(str(lanes(found)[0].cut)), abs=0.02)
    assert end == pytest.approx(bars(drawn(grant(ends_at=NOW + 40 * DAY)))[-1][2], abs=0.02)
    assert lanes(found)[0].detail == "revoked on 8\u00a0Mar"


def test_what_was_never_cut_has_no_mark() -> None:
    assert [lane.cut for lane in lanes(drawn(grant(), bought(grant_id=2)))] == [None, None]


@pytest.mark.parametrize(
    ("held", "locale", "detail"),
    [
        (grant(), "en", "until 17\u00a0Mar"),
        (grant(ends_at=datetime(2026, 4, 2, tzinfo=PARIS)), "fr", "jusqu’au 1er\u00a0avr."),
        (grant(starts_at=NOW + DAY, ends_at=NOW + 9 * DAY), "fr", "dès le 11\u00a0mars"),
    ],
)
def test_the_day_that_matters_stands_beside_the_source(held: GrantFacts, locale: str, detail: str) -> None:
    assert [lane.detail for lane in lanes(drawn(held, locale=locale))] == [detail]


def test_the_legend_names_what_is_drawn_and_nothing_else() -> None:
    assert drawn(grant()).legend == ()
    owed = drawn(bought(ends_at=NOW - DAY, grace_until=NOW + 6 * DAY), grant(grant_id=2, revoked_at=NOW - DAY))
    assert [kind for kind, _word in owed.legend] == ["left", "grace", "over", "cut"]


def test_a_seat_s_bar_begins_with_the_seat() -> None:
    found = drawn(seat(starts_at=NOW - YEAR, seated_from=NOW - 3 * DAY, ends_at=NOW + 20 * DAY))
    assert bars(found)[0][1] > number(found.months[2][0])


def test_a_renewal_s_margin_is_not_drawn() -> None:
    ends = [bars(drawn(held))[-1][2] for held in (grant(ends_at=NOW + 20 * DAY), bought(ends_at=NOW + 21 * DAY))]
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
    assert bars(drawn(bought(ends_at=NOW + 20 * DAY)))[-1][2] < ends[0]


def test_nothing_is_drawn_when_nothing_falls_into_these_months() -> None:
    assert drawing(grant(starts_at=NOW - 3 * YEAR, ends_at=NOW - 2 * YEAR)) is None
    assert drawing() is None


def test_an_organisation_s_own_rights_need_no_seat() -> None:
    with use_locale("en"):
        found = timeline(of_grants([grant(Source.SUBSCRIPTION)], NOW, NAMES), NOW)
    assert found and [kind for kind, _, _ in bars(found)] == ["spent", "left"]
    assert lanes(found)[0].label == "Subscription"


@pytest.mark.parametrize("month", range(1, 13))
def test_it_can_be_drawn_in_every_month(month: int) -> None:
    now = NOW.astimezone(PARIS).replace(month=month, day=28)
    found = drawn(grant(starts_at=now - DAY, ends_at=now + timedelta(days=2)), locale="fr", now=now)
    assert len(found.months) == 6
    assert sum(bool(re.fullmatch(r"\d{4}", word)) for _, word in found.months) <= 1


def share(instant: datetime, first: datetime, end: datetime) -> float:
    """How far it lies between the two, in percent."""
    return 100 * ((instant - first) / (end - first))


JANUARY, JULY = datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC)  # midnights in Paris


def test_everything_stands_where_its_day_is() -> None:
    found = drawn(grant(grant_id=1))
    begins, now, end = (share(day, JANUARY, JULY) for day in (NOW - 8 * DAY, NOW, END))
    assert number(found.today) == pytest.approx(now, abs=0.05) and not found.today_late
    assert [value for _kind, *pair in bars(found) for value in pair] == pytest.approx([begins, now, now, end], abs=0.05)
    [lane] = lanes(found)
    assert (lane.label, lane.anchor, lane.cut) == ("Granted access", "middle", None)
    assert number(lane.x) == pytest.approx((begins + end) / 2, abs=0.05)
    months = [datetime(2026, month, 1, tzinfo=PARIS) for month in range(1, 7)]
    places = [share(month.astimezone(UTC), JANUARY, JULY) for month in months]
    assert [number(place) for place, _word in found.months] == pytest.approx(places, abs=0.05)


@pytest.mark.parametrize(
    ("begins", "ends", "anchor", "place"),
    [
        (datetime(2026, 1, 20, tzinfo=PARIS), datetime(2026, 6, 20, tzinfo=PARIS), "start", 10.5),
        (datetime(2026, 4, 15, tzinfo=PARIS), datetime(2026, 6, 10, tzinfo=PARIS), "end", 88.4),
        (datetime(2026, 4, 15, tzinfo=PARIS), datetime(2026, 5, 1, tzinfo=PARIS), "middle", 61.9),
        (datetime(2026, 2, 25, tzinfo=PARIS), datetime(2026, 5, 1, tzinfo=PARIS), "middle", 48.3),
        (datetime(2026, 4, 15, tzinfo=PARIS), datetime(2026, 5, 8, tzinfo=PARIS), "end", 70.2),
    ],
)
def test_words_stand_where_there_is_room_for_them(begins: datetime, ends: datetime, anchor: str, place: float) -> None:
    [lane] = lanes(drawn(grant(starts_at=begins, ends_at=ends)))
    assert lane.anchor == anchor and number(lane.x) == pytest.approx(place, abs=0.1)


def test_lanes_and_groups_keep_their_distances() -> None:
    found = drawn(grant(Source.TRIAL, grant_id=1), bought(grant_id=2), grant(grant_id=3, vertical="fintech"))
    assert [group.y for group in found.groups] == [56, 170]
    assert [lane.y for lane in lanes(found)] == [76, 116, 190]
    assert found.height == 224
    assert [group.name for group in found.groups] == ["mind Health", "mind Fintech"]
    assert drawn(grant()).height == 110


def test_lanes_come_by_their_begin_and_verticals_as_they_are_named_the_unknown_ones_last() -> None:
    held = (
        grant(grant_id=1, vertical="sport"),
        grant(grant_id=2, vertical="fintech"),
        grant(grant_id=3, source=Source.TRIAL),
        grant(grant_id=4, starts_at=NOW - 20 * DAY),
    )
    found = drawn(*held)
    assert [(group.slug, group.name) for group in found.groups] == [
        ("health", "mind Health"),
        ("fintech", "mind Fintech"),
        ("sport", "sport"),
    ]
    assert [lane.label for lane in found.groups[0].lanes] == ["Granted access", "15-day trial"]


def window(before: int, after: int, now: datetime = NOW) -> Timeline:
    """A drawing that reaches from so many months before this one to the end of so many after it."""

    def first_of(ahead: int) -> datetime:
        year, month = divmod(now.year * 12 + now.month - 1 + ahead, 12)
        return datetime(year, month + 1, 1, tzinfo=PARIS)

    return drawn(grant(starts_at=first_of(-before), ends_at=first_of(after + 1) - DAY), now=now)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (2, 3, "2026 Feb Mar Apr May Jun"),
        (4, 3, "Nov Dec 2026 Feb Mar Apr May Jun"),
        (5, 3, "Nov 2026 Mar May"),
        (8, 5, "Jul Sep Nov 2026 Mar May Jul"),
        (8, 6, "Sep 2026 May"),
        (12, 13, "May Sep 2026 May Sep 2027"),
    ],
)
def test_the_longer_the_time_the_fewer_the_months_and_none_where_it_would_be_cut(
    before: int, after: int, words: str
) -> None:
    assert [word for _place, word in window(before, after).months] == words.split()


def test_today_s_word_stands_to_the_left_when_today_is_far_to_the_right() -> None:
    assert [window(before, 3).today_late for before in (6, 7)] == [False, True]


def test_what_only_touches_the_window_is_not_drawn() -> None:
    first, end = datetime(2025, 3, 1, tzinfo=PARIS), datetime(2027, 5, 1, tzinfo=PARIS)
    assert drawing(grant(starts_at=first - YEAR, ends_at=first)) is None
    assert drawing(grant(starts_at=end, ends_at=end + YEAR)) is None
    assert bars(drawn(grant(starts_at=first - YEAR, ends_at=first + DAY)))[0][1] == 0.0
    [(_kind, begins, ends)] = bars(drawn(grant(starts_at=end - timedelta(hours=2), ends_at=end + YEAR)))
    assert (begins, ends) == (99.3, 100.0), "as wide as can be seen, and inside"


def test_the_shortest_right_can_be_seen() -> None:
    [(_kind, begins, ends)] = bars(drawn(grant(starts_at=NOW + DAY, ends_at=NOW + DAY + MINUTE)))
    assert ends - begins == pytest.approx(0.7, abs=0.02)


def test_a_bar_changes_at_the_instants_that_matter() -> None:
    owed = bars(drawn(bought(ends_at=NOW - DAY, grace_until=NOW + 6 * DAY)))
    assert [begins for _kind, begins, _end in owed] == pytest.approx(
        [share(NOW - 8 * DAY, JANUARY, JULY), share(NOW - DAY, JANUARY, JULY)], abs=0.05
    )
    late = bars(drawn(bought(seated_from=NOW - 40 * DAY, ends_at=NOW - 4 * DAY, grace_until=NOW - 2 * DAY)))
    assert late[0][2] == pytest.approx(share(NOW - 4 * DAY, JANUARY, JULY), abs=0.05)
    assert late[1][2] == pytest.approx(share(NOW - 2 * DAY, JANUARY, JULY), abs=0.05)


def test_what_was_cut_before_it_began_has_its_mark_at_its_begin() -> None:
    held = grant(starts_at=NOW + DAY, ends_at=NOW + 9 * DAY, revoked_at=NOW - DAY)
    [lane] = lanes(drawn(held))
    assert number(str(lane.cut)) == pytest.approx(share(NOW + DAY, JANUARY, JULY), abs=0.05)
    long_ago = grant(starts_at=NOW - 2 * YEAR, ends_at=NOW + DAY, revoked_at=NOW - 1.5 * YEAR)
    assert [lane.cut for lane in lanes(drawn(long_ago))] == [None], "before the months that are shown"
    at_their_begin = grant(starts_at=NOW - 2 * YEAR, ends_at=NOW, revoked_at=datetime(2025, 3, 1, tzinfo=PARIS))
    assert [lane.cut for lane in lanes(drawn(at_their_begin))] == [None]


def test_each_word_of_the_legend_says_what_its_bar_means() -> None:
    held = (
        bought(ends_at=NOW - DAY, grace_until=NOW + 6 * DAY),
        grant(grant_id=2, starts_at=NOW + DAY, ends_at=NOW + 9 * DAY),
    )
    told = [("left", "Open"), ("grace", "Open, payment due"), ("ahead", "To come")]
    assert list(drawn(*held).legend) == told
    late = bought(seated_from=NOW - 40 * DAY, ends_at=NOW - 4 * DAY, grace_until=NOW - 2 * DAY)
    assert list(drawn(late).legend) == [("over", "Closed")]
    seated_late = seat(starts_at=NOW - 40 * DAY, seated_from=NOW - 4 * DAY, ends_at=NOW - 5 * DAY)
    assert list(drawn(replace(seated_late, grace_until=NOW - 2 * DAY)).legend) == [("over", "Closed")]


@pytest.mark.parametrize("page", ["profile", "reader", "organisation"])
def test_three_pages_hold_the_same_drawing_with_a_title_and_the_same_as_a_table(
    client: FlaskClient, session: AnySession, page: str
) -> None:
    reader, firm = a_reader(), an_organisation()
    a_seat(firm, reader)
    a_grant(organisation=firm, revoked_at=NOW - timedelta(hours=1), end_cause=EndCause.REVOKED)
    sign_in(client, reader if page == "profile" else a_reader(role=Role.ADMIN))
    client.set_cookie("locale", "en")
    paths = {"reader": f"/admin/readers/{reader.id}", "organisation": f"/admin/organisations/{firm.id}"}
    text = client.get(paths.get(page, "/profile/")).text
    assert text.count('<svg class="timeline" width="100%"') == 1 and 'aria-labelledby="timeline-t"' in text
    assert 'style="' not in text and 'class="cut-mark"' in text
    after = text.split('<svg class="timeline" width="100%"')[1]
    assert "Taken away before its end" in after
    table = after.split("The same as a table")[1].split("</table>")[0]
    assert "mind Health" in table and "ranted access" in table and "9\u00a0March\u00a02026" in table
