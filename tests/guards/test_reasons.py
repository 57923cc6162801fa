"""Every reason is told to the reader in both languages: on the lock panel, above the article, or by the error page.

tests/content/test_lock.py holds that each has its words; here, that every variant of them was written in both.
"""

import re
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask

from portal import clock
from portal.access import words
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
from portal.content.lock import PANELS, Locked, panel
from portal.content.notes import NOTES, Open, note
from portal.i18n import use_locale
from tests.builders import an_article
from tests.forms import Browser

UNTYPOGRAPHIC = re.compile(r"'|\.\.\.|« | »| [;:!?%€]")


def refusals(reason: Reason) -> list[Locked]:
    """Every shape in which this refusal can reach a reader."""
    at = clock.now()
    grant = GrantFacts(1, "health", Source.TRIAL, at - timedelta(days=20), at - timedelta(days=2))
    return [
        Locked(
            decision=Decision(Outcome.PREVIEW, reason, grant, at + timedelta(days=3), step, "health"),
            access=access,
            path="/health/article/x",
            name="mind Health",
            words=left,
            tables=2 if left else 0,
            trial_open=trial_open,
            try_slug="fintech",
            try_name="mind Fintech",
            email="a@example.org",
        )
        for access, step, trial_open, left in product(ArticleAccess, NextStep, (True, False), (0, 1, 1340))
    ]


def openings(reason: Reason) -> list[Open]:
    """Every shape in which an open article can say why."""
    instants = [None, clock.now() + timedelta(days=3)]
    return [Open(reason, *more) for more in product(instants, ["mind Health"], ArticleState, (True, False))]


def told(reason: Reason) -> list[str]:
    """Every text of this reason in the language of the moment, in a fixed order."""
    texts = list(words.reason_words(reason))
    for locked in refusals(reason) if reason in PANELS else []:
        made = panel(locked)
        texts += [made.title, made.why, made.chip, *(action[0] for action in made.actions)]
        texts += [part for foot in made.foot for part in foot[:2] if part]
    for line in map(note, openings(reason)) if reason in NOTES else []:
        texts += [line.text, *(line.action[:1] if line.action else ())] if line else []
    return texts


def both(app: Flask, reason: Reason) -> list[tuple[str, str]]:
    """Each text in French beside the same in English."""
    spoken = []
    for locale in ("fr", "en"):
        with app.test_request_context("/"), use_locale(locale):
            spoken.append(told(reason))
    return sorted(set(zip(*spoken, strict=True)))


@pytest.mark.parametrize("reason", Reason)
def test_every_variant_is_written_in_both_languages(reason: Reason, app: Flask) -> None:
    pairs = both(app, reason)
    assert pairs
    assert [french for french, english in pairs if french == english or "%(" in french + english] == []


@pytest.mark.parametrize("reason", Reason)
def test_the_french_of_every_variant_is_set_as_french(reason: Reason, app: Flask) -> None:
    assert [french for french, _english in both(app, reason) if UNTYPOGRAPHIC.search(french)] == []


@pytest.mark.parametrize(("reason", "status"), [(Reason.WITHDRAWN, 410), (Reason.NOT_PUBLISHED, 404)], ids=str)
def test_what_nobody_reads_says_so_in_both_languages(reason: Reason, status: int, app: Flask, client: Browser) -> None:
    """Only staff are told these two reasons by name; readers meet an error page."""
    withdrawn = reason is Reason.WITHDRAWN
    more = {"state": ArticleState.WITHDRAWN} if withdrawn else {"published_at": clock.now() + timedelta(days=2)}
    an_article("pas-pour-maintenant", vertical="health", **more)
    headings = []
    for locale in ("fr", "en"):
        answer = client.get("/health/article/pas-pour-maintenant", headers={"Accept-Language": locale})
        assert answer.status_code == status
        headings.append(re.findall(r"<h1[^>]*>(.*?)</h1>", answer.text))
    assert len(headings[0]) == len(headings[1]) == 1
    assert headings[0] != headings[1]
