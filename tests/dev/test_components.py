"""The style guide shows every macro that a reason has, every state of the countdown, and no id twice."""

import re
from collections import Counter

import pytest

from portal import clock
from portal.access.standing import RightState, chip_of
from portal.access.vocabulary import Reason
from portal.content.lock import PANELS
from portal.content.notes import NOTES
from portal.dev import specimens, styleguide
from tests.builders import a_vertical
from tests.forms import Browser


@pytest.fixture
def page(hub: Browser) -> str:
    a_vertical("health")
    answer = hub.get("/dev/components")
    assert answer.status_code == 200
    return answer.text


def test_every_reason_that_refuses_has_its_panel(page: str) -> None:
    locks = page.split('id="locks"')[1]
    assert {reason for reason in Reason if f"<code>{reason.value}</code>" in locks} >= set(PANELS)
    assert locks.count('<section class="lock"') >= len(PANELS)


def test_every_reason_that_opens_with_a_word_has_its_line(page: str) -> None:
    lines = page.split('id="notes"')[1].split('id="locks"', maxsplit=1)[0]
    assert [reason for reason in NOTES if reason is not Reason.FREE and reason.value not in lines] == []


def test_the_countdown_is_shown_in_all_its_states(page: str) -> None:
    kinds = [ribbon.kind for ribbon in specimens.ribbons(clock.now())]
    assert kinds == ["quiet", "soft", "offer", "eve", "last", "ended"]
    assert [kind for kind in kinds if f"ribbon-{kind}" not in page] == []


def test_rights_are_shown_in_every_state(page: str) -> None:
    assert [state for state in RightState if chip_of(state)[0] not in page] == []


def test_a_form_is_shown_with_a_sentence_for_each_field_in_error(page: str) -> None:
    assert page.count('aria-invalid="true"') >= 4
    assert "data-focus" not in page


def test_colours_and_icons_come_from_the_files_themselves(page: str) -> None:
    assert {"paper", "ink", "danger-soft"} <= {name for name, _light, _dark in styleguide.colours()}
    assert len(styleguide.icons()) > 60
    assert 'fill="var(--danger-soft)"' in page


def test_no_id_stands_twice(page: str) -> None:
    twice = [name for name, count in Counter(re.findall(r'\sid="([^"]+)"', page)).items() if count > 1]
    assert twice == []
