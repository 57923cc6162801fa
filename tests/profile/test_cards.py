"""Rights gathered by vertical: one card each, the strongest first, and a line for what is closed."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal import clock
from portal.access.standing import RightState, chip_of
from portal.access.vocabulary import EndCause, ReaderFacts, Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.i18n import use_locale
from portal.profile.cards import cards
from portal.profile.rights import rights_of
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation
from tests.forms import sign_in
from tests.profile.test_rights import DAY, NOW, bought, grant, read, seat

PAGE = "/profile/"


@pytest.fixture
def reader(client: FlaskClient) -> Reader:
    """A reader, signed in."""
    person = a_reader()
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


def test_a_vertical_has_one_card_with_the_right_that_decides_first() -> None:
    shown = cards(
        read(
            grant(Source.TRIAL, grant_id=1),
            seat(grant_id=2),
            bought(grant_id=3),
            grant(Source.ADMIN, grant_id=4, vertical="fintech"),
        )
    )
    assert [(card.vertical.slug, [right.kind for right in card.rights]) for card in shown] == [
        ("health", [RightState.PAID, RightState.SEAT, RightState.TRIAL]),
        ("fintech", [RightState.GRANTED]),
    ]
    assert [card.overlapping for card in shown] == [True, False]


def test_a_right_to_come_does_not_overlap_the_present_one() -> None:
    shown = cards(read(grant(Source.TRIAL, grant_id=1), grant(Source.ADMIN, grant_id=2, starts_at=NOW + DAY)))
    assert not shown[0].overlapping


def test_a_trial_beside_a_subscription_sells_nothing() -> None:
    trial = next(right for right in read(grant(Source.TRIAL, grant_id=1), bought(grant_id=2)) if right.countdown)
    assert trial.action is None
    assert "keeps this title open" in trial.then and "subscribe" not in trial.then


@pytest.mark.parametrize(
    ("left", "words"), [(8, "8 days left"), (1, "Ends tomorrow evening"), (0, "Last day, until midnight")]
)
def test_a_trial_says_what_is_left_beside_its_fifteen_bars(left: int, words: str) -> None:
    trial = read(grant(Source.TRIAL))[0]
    assert trial.countdown
    now = trial.countdown.ends_at - timedelta(days=left, hours=13)
    facts = ReaderFacts(1, grants=(trial.grant,), confirmed=True)
    with use_locale("en"):
        assert words in rights_of(facts, now)[0].left


def test_the_bars_of_a_trial_are_fifteen_and_the_live_ones_are_counted(client: FlaskClient, reader: Reader) -> None:
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=6, hours=12))
    card = client.get(PAGE).text.split('class="right-count"')[1].split("</svg>", maxsplit=1)[0]
    assert card.count("<rect") == 15
    assert card.count('class="left"') == 7


def test_one_meaning_has_one_colour() -> None:
    tones = {state: chip_of(state)[1] for state in RightState}
    open_ones = (RightState.TRIAL, RightState.PAID, RightState.GRANTED, RightState.SEAT)
    assert {tones[state] for state in open_ones} == {"ok"}
    assert (tones[RightState.ENDING], tones[RightState.PAST_DUE], tones[RightState.EXPIRED]) == ("warn", "bad", "plain")


def test_a_running_trial_has_the_same_chip_in_the_profile_and_on_the_trial_page(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=14))
    for path, word in ((PAGE, "Trial"), ("/trial", "On trial"), ("/health/", "Trial: 14")):
        shown = client.get(path).text.split(word)[0]
        assert 'class="chip" data-tone="ok"' in shown[-700:], path


def test_what_is_closed_says_why_and_opens_with_one_click(
    client: FlaskClient, reader: Reader, session: AnySession
) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)
    a_grant(reader, vertical="health", source=Source.TRIAL)
    a_grant(reader, vertical="media", source=Source.TRIAL, starts_in=-20 * DAY, ends_in=-DAY)
    closed = client.get(PAGE).text.split('class="closed-list"')[1].split("</ul>", maxsplit=1)[0]
    assert "mind Health" not in closed
    assert "Not tried yet" in closed and 'name="vertical" value="fintech"' in closed
    assert "Trial ended" in closed and 'href="/plans"' in closed


def test_whoever_owes_is_led_to_the_invoice(client: FlaskClient, reader: Reader, session: AnySession) -> None:
    firm = an_organisation(reader)
    a_seat(firm, reader)
    past = {"starts_in": -40 * DAY, "ends_in": -10 * DAY, "end_cause": EndCause.UNPAID}
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, **past)
    closed = client.get(PAGE).text.split('class="closed-list"')[1].split("</ul>", maxsplit=1)[0]
    assert 'href="/billing/"' in closed and "/plans" not in closed


def test_a_suspended_account_is_told_that_its_rights_wait(client: FlaskClient, session: AnySession) -> None:
    person = a_reader(suspended_at=clock.now())
    a_grant(person)
    sign_in(client, person)
    client.set_cookie("locale", "en")
    text = client.get(PAGE).text
    assert "Your account is suspended" in text and "What I can read" not in text
    assert 'data-tone="ok"' not in text.split('class="rights"')[1].split("</ul>", maxsplit=1)[0]
