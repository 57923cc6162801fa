"""The sentences of mails about rights: whose right it is, what happened to it, and what the reader may do now."""

from typing import Any

import pytest

from portal.access.mail_words import About, sentences
from portal.i18n import use_locale

FIRM = {"organisation": "Varennes"}


def said(kind: str, **more: Any) -> dict[str, Any]:
    with use_locale("en"):
        return sentences(kind, About("mind Health", "1 March 2026", "2 April 2026", **more))


@pytest.mark.parametrize(
    ("kind", "more", "title"),
    [
        ("grant_given", {}, "You can now read mind Health"),
        ("grant_given", {"trial": True}, "You can now read mind Health"),
        ("grant_given", {"ahead": True}, "You can read mind Health from 1 March 2026"),
        ("grant_given", FIRM, "Varennes can now read mind Health"),
        ("grant_given", {**FIRM, "ahead": True}, "Varennes can read mind Health from 1 March 2026"),
        ("grant_extended", {}, "The end of your access to mind Health has changed"),
        ("grant_extended", {"ahead": True}, "The end of your access to mind Health has changed"),
        ("grant_extended", {"trial": True}, "Your trial of mind Health has been extended"),
        ("grant_extended", {"trial": True, "later": False}, "The end of your trial of mind Health has changed"),
        ("grant_extended", FIRM, "Varennes: the end of the access to mind Health has changed"),
        ("grant_revoked", {}, "Your access to mind Health has ended"),
        ("grant_revoked", {"trial": True, "ahead": True}, "Your access to mind Health has ended"),
        ("grant_revoked", FIRM, "Varennes: the access to mind Health has ended"),
    ],
)
def test_the_title_says_whose_right_it_is_and_what_became_of_it(kind: str, more: dict[str, Any], title: str) -> None:
    assert said(kind, **more)["title"] == title


@pytest.mark.parametrize(
    ("kind", "more", "lead"),
    [
        ("grant_given", {}, "Our team has given you access to mind Health."),
        ("grant_given", FIRM, "Our team has given Varennes access to mind Health."),
        ("grant_extended", {}, "You can read mind Health until 2 April 2026."),
        ("grant_extended", FIRM, "Varennes can read mind Health until 2 April 2026."),
        ("grant_revoked", {}, "Our team has ended your access to mind Health. Your account"),
        ("grant_revoked", FIRM, "Our team has ended the access of Varennes to mind Health."),
    ],
)
def test_the_lead_says_it_whole(kind: str, more: dict[str, Any], lead: str) -> None:
    assert said(kind, **more)["lead"].startswith(lead)


@pytest.mark.parametrize(
    ("kind", "foot"),
    [("grant_given", "was opened on"), ("grant_extended", "was changed"), ("grant_revoked", "has ended")],
)
def test_the_foot_says_why_one_is_written_to(kind: str, foot: str) -> None:
    assert foot in said(kind)["foot"]
    assert said(kind, **FIRM)["foot"] == "You receive this message because you look after Varennes."


def beginnings(kind: str, **more: Any) -> list[str]:
    return [" ".join(sentence.split()[:3]) for sentence in said(kind, **more)["more"]]


def test_an_end_says_whom_to_answer_and_all_else_that_nothing_is_to_be_paid() -> None:
    assert beginnings("grant_revoked", unconfirmed=True) == ["If this surprises"]
    assert beginnings("grant_revoked", **FIRM, seats=2) == ["If this surprises"]
    for kind in ("grant_given", "grant_extended"):
        assert beginnings(kind) == ["You have nothing"]
        assert beginnings(kind, seats=2) == ["You have nothing"], "a reader's own right reaches no seat"


def test_whoever_has_not_confirmed_their_address_is_told_so_first() -> None:
    assert beginnings("grant_given", unconfirmed=True) == ["Your address is", "You have nothing"]
    assert beginnings("grant_given", unconfirmed=True, **FIRM) == ["It reaches whoever", "You have nothing"]


@pytest.mark.parametrize(
    ("seats", "told"), [(0, "nobody does at the moment"), (1, "1 person at the moment"), (2, "2 people at the moment")]
)
def test_an_organisation_s_right_says_how_many_it_reaches(seats: int, told: str) -> None:
    assert told in said("grant_given", **FIRM, seats=seats)["more"][0]
