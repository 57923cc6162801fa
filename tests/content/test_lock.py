"""The lock panel and the quiet line: every reason has its words, in both languages, and a step that leads somewhere."""

from datetime import timedelta

import pytest
from flask import Flask

from portal import clock
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleState,
    Decision,
    GrantFacts,
    NextStep,
    Outcome,
    Reason,
    Source,
)
from portal.content.lock import PANELS, Locked, Panel, panel
from portal.content.notes import NOTES, Open, note
from portal.i18n import use_locale

ELSEWHERE = {Reason.WITHDRAWN, Reason.NOT_PUBLISHED}
PAID = (
    Reason.PAYMENT_PENDING,
    Reason.SEAT_INVITED,
    Reason.NOT_STARTED,
    Reason.PAYMENT_OVERDUE,
    Reason.PAYMENT_DISPUTED,
)


def locked(reason: Reason, **more: object) -> Locked:
    at = clock.now()
    grant = GrantFacts(1, "health", Source.TRIAL, at - timedelta(days=20), at - timedelta(days=2))
    step = more.pop("step", NextStep.NONE)
    decision = Decision(Outcome.PREVIEW, reason, grant, at + timedelta(days=3), step, "health")  # type: ignore[arg-type]
    values = {
        "access": ArticleAccess.SUBSCRIBER,
        "path": "/health/article/x",
        "name": "mind Health",
        "words": 1340,
        "tables": 2,
    }
    values |= {"trial_open": True, "try_slug": "fintech", "try_name": "mind Fintech", "email": "a@example.org"}
    return Locked(decision=decision, **{**values, **more})  # type: ignore[arg-type]


def texts(made: Panel) -> list[str]:
    return [made.title, made.why, made.chip, *(action[0] for action in made.actions), *(foot[0] for foot in made.foot)]


def addresses(made: Panel) -> list[str]:
    return [action[1] for action in made.actions] + [foot[2] for foot in made.foot if foot[2]]


def test_every_reason_has_words() -> None:
    assert set(PANELS) | set(NOTES) | ELSEWHERE == set(Reason)
    assert not set(PANELS) & set(NOTES)


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("reason", PANELS)
def test_every_refusal_says_why_and_what_to_do(reason: Reason, locale: str, app: Flask) -> None:
    with app.test_request_context("/"), use_locale(locale):
        made = panel(locked(reason))
    assert all(text.strip() and "%(" not in text for text in texts(made))
    assert made.actions[0][3] == "accent"
    assert sum(action[3] == "accent" for action in made.actions) == 1


@pytest.mark.parametrize("reason", PANELS)
def test_each_refusal_has_words_of_its_own(reason: Reason, app: Flask) -> None:
    with app.test_request_context("/"), use_locale("en"):
        whys = {other: panel(locked(other)).title + panel(locked(other)).why for other in PANELS}
    assert list(whys.values()).count(whys[reason]) == 1


@pytest.mark.parametrize("reason", PAID)
def test_whoever_paid_is_sold_nothing(reason: Reason, app: Flask) -> None:
    for step in (NextStep.ACCEPT_SEAT, NextStep.TAKE_SEAT):
        with app.test_request_context("/"):
            made = panel(locked(reason, step=step))
        assert not any(address.startswith(("/plans", "/trial")) for address in addresses(made))


def test_what_remains_is_told_in_words_and_tables(app: Flask) -> None:
    with app.test_request_context("/"), use_locale("en"):
        assert panel(locked(Reason.ANONYMOUS)).title == "1,340\u00a0words and 2\u00a0tables left to read"
        assert panel(locked(Reason.ANONYMOUS, tables=0)).title == "1,340\u00a0words left to read"
        assert panel(locked(Reason.ANONYMOUS, words=0)).title.startswith("the rest of the article")


def test_a_stranger_comes_back_to_the_article(app: Flask) -> None:
    with app.test_request_context("/"):
        urls = addresses(panel(locked(Reason.ANONYMOUS)))
    assert "/trial?vertical=health&next=%2Fhealth%2Farticle%2Fx" in urls
    assert "/login?next=%2Fhealth%2Farticle%2Fx" in urls


def test_a_stranger_is_offered_no_trial_where_there_is_none(app: Flask) -> None:
    with app.test_request_context("/"):
        made = panel(locked(Reason.ANONYMOUS, trial_open=False))
    assert made.actions[0][1] == "/plans?vertical=health"


def test_an_article_for_registered_readers_asks_for_an_account_only(app: Flask) -> None:
    with app.test_request_context("/"):
        made = panel(locked(Reason.ANONYMOUS, access=ArticleAccess.REGISTERED))
    assert made.actions[0][1].startswith("/register?")


def test_a_trial_that_ended_may_lead_to_the_other_vertical_of_the_article(app: Flask) -> None:
    with app.test_request_context("/"):
        other = panel(locked(Reason.TRIAL_ENDED, step=NextStep.START_TRIAL))
        none = panel(locked(Reason.TRIAL_ENDED, step=NextStep.SUBSCRIBE))
    assert other.actions[0][2:] == ("post", "accent", {"vertical": "fintech", "next": "/health/article/x"})
    assert none.actions[0][1] == "/plans?vertical=health"


@pytest.mark.parametrize("reason", [Reason.OTHER_VERTICAL_TRY, Reason.TRIAL_AVAILABLE])
def test_a_trial_starts_with_one_click(reason: Reason, app: Flask) -> None:
    with app.test_request_context("/"):
        label, url, method, _kind, fields = panel(locked(reason)).actions[0]
    assert (url, method, fields) == ("/trial/start", "post", {"vertical": "health", "next": "/health/article/x"})
    assert "mind Health" in label


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("reason", sorted([reason for reason in NOTES if reason is not Reason.FREE]))
def test_an_open_article_says_thanks_to_what(reason: Reason, locale: str, app: Flask) -> None:
    with app.test_request_context("/"), use_locale(locale):
        made = note(Open(reason, clock.now(), "mind Health", ArticleState.PUBLISHED))
    assert made is not None
    assert "%(" not in made.text


def test_whoever_pays_is_warned_in_grace_and_a_colleague_is_not(app: Flask) -> None:
    with app.test_request_context("/"):
        payer = note(Open(Reason.GRACE_SUBSCRIPTION, clock.now(), "m", ArticleState.PUBLISHED))
        colleague = note(Open(Reason.GRACE_SEAT, None, "m", ArticleState.PUBLISHED))
    assert payer is not None and payer.action is not None and payer.action[1] == "/billing/"
    assert colleague is not None and colleague.kind == "quiet"


@pytest.mark.parametrize(
    ("state", "due", "kind"),
    [
        (ArticleState.DRAFT, False, "warn"),
        (ArticleState.SCHEDULED, False, "warn"),
        (ArticleState.WITHDRAWN, True, "warn"),
        (ArticleState.PUBLISHED, True, "quiet"),
    ],
)
def test_staff_are_told_when_nobody_else_can_read_it(state: ArticleState, due: bool, kind: str, app: Flask) -> None:
    with app.test_request_context("/"):
        made = note(Open(Reason.STAFF, None, "m", state, due))
    assert made is not None and made.kind == kind
