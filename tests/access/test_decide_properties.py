"""What must hold of every decision, whatever the facts."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.access.decision import RULES, decide
from portal.access.explain import HIT, MISS, SKIP, explain, panel, to_dict, to_text
from portal.access.vocabulary import (
    ANONYMOUS,
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    GrantFacts,
    GrantState,
    NextStep,
    Outcome,
    ReaderFacts,
)
from portal.access.words import REASONS, STEPS
from portal.i18n import use_locale
from tests.access.oracle import oracle
from tests.access.strategies import articles, grants, instants, members, readers
from tests.examples import examples

much = settings(max_examples=examples(1500), deadline=None)
some = settings(max_examples=examples(400), deadline=None)


@much
@given(articles, readers, instants)
def test_the_second_implementation_agrees(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> None:
    decision = decide(article, reader, at)
    assert (decision.outcome.value, decision.reason.value) == oracle(article, reader, at)


@some
@given(articles, members, grants(), grants(), instants)
def test_access_is_the_union_of_rights(
    article: ArticleFacts, reader: ReaderFacts, one: GrantFacts, two: GrantFacts, at: datetime
) -> None:
    def full(*held: GrantFacts) -> bool:
        return decide(article, replace(reader, grants=held), at).full

    assert full(one, two) == (full(one) or full(two))


@some
@given(articles, members, grants(), instants)
def test_adding_a_grant_never_closes(
    article: ArticleFacts, reader: ReaderFacts, more: GrantFacts, at: datetime
) -> None:
    if decide(article, reader, at).full:
        assert decide(article, replace(reader, grants=(*reader.grants, more)), at).full


@some
@given(articles, readers, instants)
def test_signing_in_never_closes(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> None:
    if decide(article, ANONYMOUS, at).full:
        assert decide(article, reader, at).full


@some
@given(articles, readers, instants)
def test_nothing_unpublished_is_full_but_to_staff(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> None:
    public = (
        article.state in (ArticleState.PUBLISHED, ArticleState.SCHEDULED)
        and article.published_at is not None
        and article.published_at <= at
    )
    if decide(article, reader, at).full and not public:
        assert reader.sees_everything


@some
@given(articles, members, st.lists(instants, min_size=2, max_size=6))
def test_without_an_event_an_ended_right_never_opens_again(
    article: ArticleFacts, reader: ReaderFacts, moments: list[datetime]
) -> None:
    closed = replace(article, access=ArticleAccess.SUBSCRIBER, free_from=None, free_until=None)
    alone = replace(closed, state=ArticleState.PUBLISHED, published_at=min(moments))
    for grant in reader.grants:
        holder = replace(reader, sees_everything=False, grants=(grant,))
        seen_open = False
        for at in sorted(moments):
            is_open = decide(alone, holder, at).full
            ended = grant.state(at) in (GrantState.ENDED, GrantState.REVOKED)
            assert not (is_open and ended)
            if seen_open and not is_open:
                assert not any(decide(alone, holder, later).full for later in moments if later > at)
            seen_open = seen_open or is_open


@some
@given(articles, readers, instants)
def test_whoever_paid_is_never_sold_to(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> None:
    slugs = {vertical.slug for vertical in article.verticals}
    paying = any(
        grant.vertical in slugs
        and grant.organisation_id is not None
        and grant.manages
        and grant.state(at) in (GrantState.ACTIVE, GrantState.GRACE)
        for grant in reader.grants
    )
    if paying:
        assert decide(article, reader, at).next_step not in (NextStep.SUBSCRIBE, NextStep.START_TRIAL)


@some
@given(articles, readers, instants, st.sampled_from(["fr", "en"]))
def test_every_outcome_has_its_reason_and_its_words(
    article: ArticleFacts, reader: ReaderFacts, at: datetime, locale: str
) -> None:
    with use_locale(locale):
        explanation = explain(article, reader, at)
        assert explanation.decision == decide(article, reader, at)
        assert explanation.decision.reason in REASONS
        assert explanation.decision.next_step in STEPS
        assert explanation.title and explanation.sentence and to_text(explanation)
        assert to_dict(explanation)["reason"] == explanation.decision.reason.value
        assert panel(explanation)["kind"] in ("ok", "warn", "bad")


@some
@given(articles, readers, instants)
def test_the_explanation_walks_every_rule_and_one_decides(
    article: ArticleFacts, reader: ReaderFacts, at: datetime
) -> None:
    steps = [step.state for step in explain(article, reader, at).steps]
    hit = steps.index(HIT)
    assert len(steps) == len(RULES)
    assert steps == [MISS] * hit + [HIT] + [SKIP] * (len(RULES) - hit - 1)


@pytest.mark.parametrize("outcome", Outcome)
def test_only_full_lets_the_text_out(outcome: Outcome) -> None:
    from portal.access.vocabulary import Decision, Reason

    assert Decision(outcome, Reason.FREE).full is (outcome is Outcome.FULL)
