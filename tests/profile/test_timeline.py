"""Rights drawn over time: where each bar begins and ends, what is spent and what is left of it."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from flask.testing import FlaskClient

from portal.access.vocabulary import Source
from portal.clock import PARIS
from portal.db import AnySession
from portal.i18n import use_locale
from portal.profile.timeline import Timeline, timeline
from tests.builders import a_grant, a_reader
from tests.forms import sign_in
from tests.profile.test_rights import DAY, NOW, bought, grant, read, seat

YEAR = 365 * DAY


def drawn(*grants: object, locale: str = "en") -> Timeline:
    with use_locale(locale):
        found = timeline(read(*grants), NOW)  # type: ignore[arg-type]
    assert found is not None
    return found


def bars(found: Timeline) -> list[tuple[str, float, float]]:
    """(kind, from, to) of every bar, in percent."""
    lanes = [lane for group in found.groups for lane in group.lanes]
    return [(b.kind, float(b.x[:-1]), float(b.x[:-1]) + float(b.width[:-1])) for lane in lanes for b in lane.bars]


def test_six_months_are_shown_and_today_is_among_them() -> None:
    found = drawn(grant(Source.TRIAL))
    assert [month for _, month in found.months] == ["2026", "Feb", "Mar", "Apr", "May", "Jun"]
    places = [float(place[:-1]) for place, _ in found.months]
    assert places[0] == 0.0 and places == sorted(places)
    assert places[2] < float(found.today[:-1]) < places[3]


def test_french_months_are_french() -> None:
    assert [month for _, month in drawn(grant(Source.TRIAL), locale="fr").months][1:3] == ["févr.", "mars"]


def test_today_divides_what_is_spent_from_what_is_left() -> None:
    found = drawn(grant(Source.TRIAL))
    (spent, start, middle), (left, middle_too, end) = bars(found)
    assert (spent, left) == ("spent", "left")
    assert middle == pytest.approx(float(found.today[:-1]), abs=0.02) == pytest.approx(middle_too, abs=0.02)
    days = [float(place[:-1]) for place, _ in found.months]
    assert days[2] < start < middle < end < days[3], "from the 2nd to the 17th of March"


def test_what_reaches_beyond_the_months_is_cut_at_their_edge() -> None:
    found = drawn(grant(Source.ADMIN, starts_at=NOW - YEAR, ends_at=NOW + YEAR))
    assert (bars(found)[0][1], bars(found)[-1][2]) == (0.0, 100.0)


def test_overlapping_rights_have_lanes_of_their_own_under_one_name() -> None:
    found = drawn(
        grant(Source.TRIAL, grant_id=1), bought(grant_id=2), grant(Source.ADMIN, grant_id=3, vertical="fintech")
    )
    assert sorted((group.slug, len(group.lanes)) for group in found.groups) == [("fintech", 1), ("health", 2)]
    heights = [lane.y for group in found.groups for lane in group.lanes]
    assert heights == sorted(heights) and min(b - a for a, b in pairwise(heights)) >= 38
    assert found.height > max(heights)


@pytest.mark.parametrize(
    ("held", "kinds"),
    [
        (grant(Source.TRIAL, starts_at=NOW - 20 * DAY, ends_at=NOW - 4 * DAY), ["over"]),
        (grant(Source.ADMIN, starts_at=NOW + DAY, ends_at=NOW + 30 * DAY), ["ahead"]),
        (bought(ends_at=NOW - DAY, grace_until=NOW + 6 * DAY), ["spent", "grace"]),
        (bought(seated_from=None), ["over"]),
        (seat(starts_at=NOW - YEAR, seated_from=NOW - 3 * DAY, ends_at=NOW + YEAR), ["spent", "left"]),
    ],
)
def test_each_kind_of_right_has_its_bars(held: object, kinds: list[str]) -> None:
    assert [kind for kind, _, _ in bars(drawn(held))] == kinds


def test_a_seat_s_bar_begins_with_the_seat() -> None:
    found = drawn(seat(starts_at=NOW - YEAR, seated_from=NOW - 3 * DAY, ends_at=NOW + YEAR))
    assert bars(found)[0][1] > float(found.months[2][0][:-1])


def test_a_renewal_s_margin_is_not_drawn() -> None:
    plain, lagging = bought(ends_at=NOW + 20 * DAY), bought(ends_at=NOW + 21 * DAY)
    ends = [bars(drawn(held))[-1][2] for held in (grant(Source.ADMIN, ends_at=NOW + 20 * DAY), lagging)]
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
    assert bars(drawn(plain))[-1][2] < ends[0]


def test_nothing_is_drawn_when_nothing_falls_into_these_months() -> None:
    with use_locale("en"):
        assert timeline(read(grant(Source.ADMIN, starts_at=NOW - YEAR, ends_at=NOW - YEAR + DAY)), NOW) is None
        assert timeline([], NOW) is None


@pytest.mark.parametrize("month", range(1, 13))
def test_it_can_be_drawn_in_every_month(month: int) -> None:
    now = NOW.astimezone(PARIS).replace(month=month, day=28)
    with use_locale("fr"):
        found = timeline(read(grant(Source.ADMIN, starts_at=now - DAY, ends_at=now + timedelta(days=2))), now)
    assert found and len(found.months) == 6
    assert sum(bool(re.fullmatch(r"\d{4}", word)) for _, word in found.months) <= 1


def test_the_page_holds_the_drawing_with_a_title_and_the_same_as_a_table(
    client: FlaskClient, session: AnySession
) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL)
    sign_in(client, reader)
    client.set_cookie("locale", "en")
    text = client.get("/profile/").text
    assert '<svg class="timeline"' in text and 'aria-labelledby="timeline-t"' in text
    assert 'style="' not in text
    after = text.split('<svg class="timeline"')[1]
    assert "The same as a table" in after and "15-day trial" in after.split("<table")[1]
