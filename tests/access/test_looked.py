"""What each rule says it looked at, and the explanation around it, in English."""

# ruff: noqa: E501

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from portal.access.case import Case
from portal.access.explain import Explanation, explain, panel, to_dict, to_text
from portal.access.looked import Names, grant_line
from portal.access.vocabulary import (
    ANONYMOUS,
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    EndCause,
    GrantFacts,
    ReaderFacts,
    Source,
)
from portal.i18n import use_locale
from tests.access.test_decide_table import (
    ARTICLE,
    AWAITED,
    BOTH,
    DAY,
    GRACE,
    INVITED,
    LATER,
    MEMBER,
    NO_TRIALS,
    NOW,
    OVER,
    STAFF,
    bought,
    grant,
    member,
    seat,
    trial,
)

NAMES = Names({"health": "mind Health", "fintech": "mind Fintech"}, {7: "Clinique du Lac"})
UNCONFIRMED, SUSPENDED = replace(STAFF, confirmed=False), replace(STAFF, suspended=True)
HIT, MISS = "hit", "miss"


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with use_locale("en"):
        yield


def explained(article: ArticleFacts, reader: ReaderFacts) -> Explanation:
    return explain(article, reader, NOW, NAMES)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


LOOKED: list[tuple[str, ArticleFacts, ReaderFacts, str, str]] = [
    ("staff", ARTICLE, MEMBER, MISS, "No: this account may not read everything."),
    ("staff", ARTICLE, STAFF, HIT, "Yes, its role allows it."),
    ("staff", ARTICLE, SUSPENDED, MISS, "It would, but the account is suspended or its address is not confirmed."),
    ("staff", ARTICLE, UNCONFIRMED, MISS, "It would, but the account is suspended or its address is not confirmed."),
    ("withdrawn", replace(ARTICLE, state=ArticleState.WITHDRAWN), MEMBER, HIT, "The article is: withdrawn."),
    ("not-published", replace(ARTICLE, published_at=None), MEMBER, HIT, "It has no date of publication."),
    ("not-published", ARTICLE, MEMBER, MISS, "Date of publication: 9 March 2026 at 12:00."),
    ("free", replace(ARTICLE, access=ArticleAccess.FREE), MEMBER, HIT, "The article is free for everybody."),
    ("free-window", ARTICLE, MEMBER, MISS, "It has no free period."),
    ("free-window", replace(ARTICLE, free_from=NOW), MEMBER, HIT, "Free from 10 March 2026 at 12:00."),
    ("free-window", replace(ARTICLE, free_until=NOW + DAY), MEMBER, HIT, "Free until 11 March 2026 at 12:00."),
    ("free-window", replace(ARTICLE, free_from=NOW, free_until=NOW + DAY), MEMBER, HIT, "Free from 10 March 2026 at 12:00 to 11 March 2026 at 12:00."),
    ("anonymous", ARTICLE, ANONYMOUS, HIT, "Nobody is signed in."),
    ("anonymous", ARTICLE, MEMBER, MISS, "There is an account."),
    ("suspended", ARTICLE, SUSPENDED, HIT, "It is suspended."),
    ("suspended", ARTICLE, MEMBER, MISS, "It is not suspended."),
    ("unconfirmed", ARTICLE, UNCONFIRMED, HIT, "It is not confirmed."),
    ("unconfirmed", ARTICLE, MEMBER, MISS, "It is confirmed."),
    ("registered", ARTICLE, MEMBER, MISS, "The article is reserved to rights holders."),
    ("active-grant", BOTH, MEMBER, MISS, "No right to mind Health, mind Fintech."),
    ("active-grant", BOTH, member(trial(grant_id=1), trial("fintech", grant_id=2)), HIT, "15-day trial, mind Health, 9 March 2026 to 11 March 2026: open · 15-day trial, mind Fintech, 9 March 2026 to 11 March 2026: open"),
    ("active-grant", ARTICLE, member(seat(seated_until=NOW)), MISS, "No right to mind Health."),
    ("grace", ARTICLE, MEMBER, MISS, "No right is in its days of grace."),
    ("grace", ARTICLE, member(bought(**GRACE, grant_id=1)), HIT, "Subscription, mind Health, 18 February 2026 to 11 March 2026: open, payment due since 9 March 2026"),
    ("payment-pending", ARTICLE, MEMBER, MISS, "No payment is waiting for its confirmation."),
    ("payment-pending", BOTH, replace(MEMBER, awaited=AWAITED), HIT, "mind Health, paid on 10 March 2026 at 00:00"),
    ("payment-pending", replace(BOTH, verticals=BOTH.verticals[1:]), replace(MEMBER, awaited=AWAITED), MISS, "No payment is waiting for its confirmation."),
    ("seat-invited", ARTICLE, MEMBER, MISS, "No seat is waiting."),
    ("seat-invited", ARTICLE, replace(MEMBER, invitations=INVITED), HIT, "Invited on 9 March 2026 at 12:00."),
    ("seat-invited", replace(BOTH, verticals=BOTH.verticals[1:]), replace(MEMBER, invitations=INVITED), MISS, "No seat is waiting."),
    ("seat-invited", ARTICLE, member(bought(seated_from=None)), HIT, "The account manages an organisation with this right and holds no seat."),
    ("seat-invited", ARTICLE, member(bought(**OVER)), MISS, "No seat is waiting."),
    ("seat-invited", ARTICLE, member(seat(seated_from=None)), MISS, "No seat is waiting."),
    ("not-started", ARTICLE, MEMBER, MISS, "No right begins later."),
    ("not-started", ARTICLE, member(grant(**LATER, grant_id=1)), HIT, "Granted access, mind Health, 11 March 2026 to 12 March 2026: not started yet"),
    ("payment-overdue", ARTICLE, MEMBER, MISS, "None has ended here."),
    ("payment-overdue", ARTICLE, member(bought(**{**GRACE, "grace_until": NOW}, grant_id=1)), HIT, "Subscription, mind Health, 18 February 2026 to 10 March 2026: closed, payment due since 9 March 2026"),
    ("subscription-ended", ARTICLE, member(bought(**OVER, grant_id=1, end_cause=EndCause.CANCELLED)), HIT, "Subscription, mind Health, 18 February 2026 to 9 March 2026: cancelled"),
    ("subscription-ended", ARTICLE, member(seat(**OVER, grant_id=1)), MISS, "None has ended here."),
    ("seat-ended", ARTICLE, MEMBER, MISS, "No seat here."),
    ("seat-ended", ARTICLE, member(seat(**OVER, grant_id=1)), HIT, "Seat: subscription, mind Health, 18 February 2026 to 8 March 2026: ended"),
    ("seat-ended", ARTICLE, member(seat(seated_from=None)), MISS, "No seat here."),
    ("seat-ended", ARTICLE, member(grant("media"), bought("health", **LATER, seated_until=NOW)), MISS, "No seat here."),
    ("admin-grant-ended", ARTICLE, member(grant(**OVER)), HIT, "Granted access, mind Health, 18 February 2026 to 9 March 2026: ended (Clinique du Lac)"),
    ("trial-ended", BOTH, member(tried=frozenset({"health", "fintech"})), HIT, "Tried: mind Health, mind Fintech."),
    ("trial-ended", BOTH, MEMBER, MISS, "mind Health, mind Fintech: never tried."),
    ("other-vertical-try", ARTICLE, MEMBER, MISS, "No other edition is open."),
    ("other-vertical-try", ARTICLE, member(grant("media"), grant("fintech"), grant("media")), HIT, "Open: media, mind Fintech."),
    ("other-vertical-try", ARTICLE, member(bought("fintech", **GRACE)), HIT, "Open: mind Fintech."),
    ("other-vertical-try", ARTICLE, member(grant("media", **OVER), seat("fintech", seated_until=NOW)), MISS, "No other edition is open."),
    ("nothing", ARTICLE, MEMBER, HIT, "mind Health can be tried."),
    ("nothing", NO_TRIALS, MEMBER, HIT, "No edition of this article takes trials."),
]  # fmt: skip


@pytest.mark.parametrize("row", LOOKED, ids=[f"{row[0]}: {row[4][:40]}" for row in LOOKED])
def test_a_rule_tells_what_it_looked_at(row: tuple[str, ArticleFacts, ReaderFacts, str, str]) -> None:
    rule, article, reader, state, detail = row
    [step] = [step for step in explained(article, reader).steps if step.rule == rule]
    assert (step.state, plain(step.detail)) == (state, detail)


def test_what_stands_below_the_rule_that_decided_is_not_looked_at() -> None:
    steps = explained(ARTICLE, ANONYMOUS).steps
    states = [step.state for step in steps]
    assert states == ["miss"] * 5 + ["hit"] + ["skip"] * 16
    assert {step.detail for step in steps if step.state == "skip"} == {"Not evaluated: a rule above decided."}


def line(right: GrantFacts, names: Names = NAMES) -> str:
    return plain(grant_line(right, Case(ARTICLE, member(right), NOW), names))


@pytest.mark.parametrize(
    ("right", "state"),
    [
        (seat(seated_until=NOW), "no seat"),
        (seat(seated_until=NOW, **GRACE), "no seat"),
        (seat(seated_until=NOW, **LATER), "no seat"),
        (seat(seated_until=NOW, **OVER), "ended"),
        (grant(revoked_at=NOW), "revoked"),
        (grant(revoked_at=NOW, end_cause=EndCause.REFUNDED), "refunded"),
        (bought(end_cause=EndCause.CANCELLED), "open"),
        (bought(**OVER, end_cause=EndCause.UNPAID), "not paid"),
    ],
)
def test_a_right_is_told_by_where_it_stands(right: GrantFacts, state: str) -> None:
    assert line(right, Names({}, {})).endswith(f": {state}")


def test_what_has_no_name_is_called_by_its_slug() -> None:
    names = Names({"health": "mind Health"}, {})
    assert [names.vertical(slug) for slug in ("health", "media", None)] == ["mind Health", "media", ""]
    assert explain(ARTICLE, MEMBER, NOW).steps[-1].detail == "health can be tried."


VERDICTS: list[tuple[ArticleFacts, ReaderFacts, str, str, str]] = [
    (replace(ARTICLE, state=ArticleState.WITHDRAWN), MEMBER, "bad", "Page gone (410): withdrawn", "The article was withdrawn; nobody reads it any more. Other articles on the subject are still there."),
    (replace(ARTICLE, published_at=NOW + DAY), MEMBER, "bad", "Page not found (404): not published", "The article is not published at this moment. It will be published on 11 March 2026 at 12:00."),
    (replace(ARTICLE, access=ArticleAccess.FREE), MEMBER, "ok", "Reading allowed: free to read", "The article is free for everybody."),
    (ARTICLE, member(bought(**GRACE)), "warn", "Reading allowed: open, with a payment due", "An invoice is not paid; reading stays open for a few days so that it can be settled. Until 11 March 2026 at 12:00. Settling the open invoice or changing the card would change it."),
    (ARTICLE, member(bought()), "ok", "Reading allowed: open through a subscription", "A subscription of this account covers it. Until 10 March 2026 at 12:00."),
    (replace(ARTICLE, free_until=NOW + DAY), MEMBER, "ok", "Reading allowed: offered for a while", "The article is free for everybody for a limited time. Until 11 March 2026 at 12:00."),
    (ARTICLE, member(grant(**LATER)), "warn", "Beginning only: not started yet", "A right to read this begins later. From 11 March 2026 at 12:00."),
    (ARTICLE, MEMBER, "bad", "Beginning only: never tried", "The account has no right here and has not tried this edition yet. Starting the 15-day trial would open it."),
    (ARTICLE, replace(MEMBER, invitations=INVITED), "warn", "Beginning only: a seat is waiting", "A seat that covers this article is waiting to be taken. Good until 11 March 2026 at 12:00. Accepting the invitation would open it."),
]  # fmt: skip


@pytest.mark.parametrize("row", VERDICTS, ids=[row[3] for row in VERDICTS])
def test_the_verdict_is_told_in_a_few_sentences(row: tuple[ArticleFacts, ReaderFacts, str, str, str]) -> None:
    article, reader, kind, title, text = row
    found = explained(article, reader)
    assert (found.kind, plain(found.title), plain(found.text)) == (kind, title, text)


def test_the_explanation_as_lines_of_text() -> None:
    lines = plain(to_text(explained(ARTICLE, member(grant())))).splitlines()
    assert lines[:4] == [
        "Reading allowed: open through a granted access (GRANT_ADMIN), 10 March 2026 at 12:00",
        "Our team gave this access.",
        "Granted access, mind Health, 9 March 2026 to 11 March 2026: open (Clinique du Lac).",
        "Until 11 March 2026 at 12:00.",
    ]
    assert lines[4:6] == ["", " 1 [ ] Staff who may read everything? No: this account may not read everything."]
    assert lines[14].startswith("10 [x] A right that is open?")
    assert lines[15] == "11  -  A right in its days of grace? Not evaluated: a rule above decided."
    assert len(lines) == 5 + 22


def test_the_explanation_as_values() -> None:
    right = seat(source=Source.ADMIN)
    found = explained(ARTICLE, member(right))
    values = json.loads(json.dumps(to_dict(found)))
    assert values.pop("steps") == [
        {"rule": step.rule, "title": step.title, "detail": step.detail, "state": step.state} for step in found.steps
    ]
    assert values == {
        "at": "2026-03-10T11:00:00+00:00",
        "outcome": "full",
        "reason": "GRANT_SEAT",
        "next_step": "none",
        "vertical": "health",
        "until": "2026-03-11T11:00:00+00:00",
        "grant": {
            "id": 7,
            "vertical": "health",
            "source": "admin",
            "starts_at": "2026-03-09T11:00:00+00:00",
            "ends_at": "2026-03-11T11:00:00+00:00",
            "organisation_id": 5,
        },
        "title": found.title,
        "text": found.text,
    }
    nothing = to_dict(explained(ARTICLE, MEMBER))
    assert (nothing["until"], nothing["grant"]) == (None, None)
    assert (explained(ARTICLE, MEMBER).until, explained(ARTICLE, MEMBER).grant) == ("", "")


def test_a_panel_folds_what_was_not_looked_at() -> None:
    found = explained(ARTICLE, ANONYMOUS)
    shown = panel(found)
    assert (shown["kind"], shown["title"], shown["text"]) == (found.kind, found.title, found.text)
    assert [step["state"] for step in shown["steps"]] == ["miss"] * 5 + ["hit", "skip"]
    assert shown["steps"][0] == {"title": found.steps[0].title, "detail": found.steps[0].detail, "state": "miss"}
    assert shown["steps"][-1]["title"] == "16 further rules"
    assert shown["steps"][-1]["detail"] == "Not evaluated: a rule above decided."


def test_a_panel_about_a_vertical_leaves_out_what_concerns_articles() -> None:
    shown = panel(explained(ARTICLE, MEMBER), of_vertical=True)
    assert len(shown["steps"]) == 22 - 5
    assert [step["state"] for step in shown["steps"]] == ["miss"] * 16 + ["hit"]
