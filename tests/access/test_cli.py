"""`portal grants` and `portal access explain` say what they did, and fail with a sentence."""

import json
from datetime import datetime

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from portal.access.cli import group as grants_group
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.admin.cli import group as access_group
from portal.audit import AuditEvent
from portal.clock import PARIS
from portal.db import AnySession, writing
from portal.organisations.models import Manager
from portal.outbox import Mail
from tests.builders import a_grant, a_reader, a_vertical, an_article, an_organisation
from tests.conftest import NOON


def run(app: Flask, *words: str) -> Result:
    group = access_group if words[0] == "explain" else grants_group
    return app.test_cli_runner().invoke(group, list(words))


def test_a_vertical_is_given_until_a_day_included(app: Flask, session: AnySession) -> None:
    a_vertical("media")
    reader = a_reader("camille@example.org")
    done = run(app, "give", "Camille@example.org", "--vertical", "media", "--until", "2026-12-31", "--reason", "Salon")
    assert done.exit_code == 0, done.output
    assert "mind Media" in done.output and "31\u00a0December\u00a02026 included" in done.output
    grant = session.scalars(select(Grant)).one()
    assert (grant.reader_id, grant.source, grant.reason) == (reader.id, Source.ADMIN, "Salon")
    assert session.scalars(select(Mail.kind)).all() == ["grant_given"]
    assert session.scalars(select(AuditEvent.act)).all() == ["grant.given"]


def test_a_command_says_which_grant_it_changed_and_how_it_stands_now(app: Flask, session: AnySession) -> None:
    a_vertical("media")
    a_reader("r@example.org")
    words = ("--vertical", "media", "--until", "2026-12-31", "--reason", "x")
    given = run(app, "give", "r@example.org", *words).output.replace("\u00a0", " ")
    number = session.scalars(select(Grant.id)).one()
    line = f"grant {number}, mind Media, from 10 March 2026 at 12:00, until"
    assert given == f"Given: {line} Thursday 31 December 2026 included\n"
    moved = run(app, "extend", str(number), "--until", "2026-12-30", "--reason", "x").output.replace("\u00a0", " ")
    assert moved == f"Extended: {line} Wednesday 30 December 2026 included\n"
    assert run(app, "revoke", str(number), "--reason", "x").output.startswith(f"Revoked: grant {number}, mind Media")


def test_a_right_may_end_today_and_begin_then(app: Flask, session: AnySession) -> None:
    a_vertical("health")
    a_reader("r@example.org")
    done = run(app, "give", "r@example.org", "--vertical", "health", "--until", "2026-03-10", "--reason", "x")
    assert done.exit_code == 0, done.output
    assert session.scalars(select(Grant.ends_at)).one() == datetime(2026, 3, 11, tzinfo=PARIS)


def test_what_is_retired_or_was_managed_once_is_not_taken_and_two_organisations_are_too_many(
    app: Flask, session: AnySession
) -> None:
    for slug in ("health", "media"):
        a_vertical(slug)
    former, both, erased = a_reader("former@example.org"), a_reader("both@example.org"), a_reader("erased@example.org")
    an_organisation(former)
    for _firm in range(2):
        an_organisation(both)
    with writing() as unit:
        a_vertical("media").retired_at = NOON
        unit.query(Manager).filter_by(reader_id=former.id).one().ended_at = NOON
        unit.get_one(Reader, erased.id).erased_at = NOON
    more = ("--until", "2026-12-31", "--reason", "x")
    for words, sentence in (
        (("former@example.org", "--vertical", "media", *more), "There is no vertical “media”"),
        (("former@example.org", "--vertical", "health", *more, "--organisation"), "manages 0 organisations"),
        (("both@example.org", "--vertical", "health", *more, "--organisation"), "manages 2 organisations"),
        (("erased@example.org", "--vertical", "health", *more), "Error: erased"),
    ):
        refused = run(app, "give", *words)
        assert refused.exit_code == 1 and sentence in refused.output
    assert session.scalars(select(Grant)).all() == []


def test_an_organisation_is_given_through_its_manager(app: Flask, session: AnySession) -> None:
    a_vertical("health")
    firm = an_organisation(a_reader("direction@example.org"))
    done = run(
        app, "give", "direction@example.org", "--vertical", "health", "--until", "2026-12-31", "--reason", "Contrat",
        "--organisation",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert session.scalars(select(Grant)).one().organisation_id == firm.id


def test_a_grant_is_extended_and_revoked_by_its_number(app: Flask, session: AnySession) -> None:
    grant = a_grant(a_reader())
    assert run(app, "extend", str(grant.id), "--until", "2026-12-31", "--reason", "Geste").exit_code == 0
    assert run(app, "revoke", str(grant.id), "--reason", "Erreur").exit_code == 0
    session.rollback()
    assert session.get_one(Grant, grant.id, populate_existing=True).revoked_at is not None
    assert session.scalars(select(Mail.kind).order_by(Mail.id)).all() == ["grant_extended", "grant_revoked"]


def test_an_end_that_cannot_be_is_refused_and_the_right_stays_as_it_was(app: Flask, session: AnySession) -> None:
    grant = a_grant(a_reader())
    for words, sentence in (
        (("extend", str(grant.id), "--until", "2026-12-31", "--reason", " "), "A reason is needed"),
        (("extend", str(grant.id), "--until", "2020-12-31", "--reason", "x"), "The last day must be"),
        (("revoke", str(grant.id), "--reason", " "), "A reason is needed"),
    ):
        refused = run(app, *words)
        assert refused.exit_code == 1 and sentence in refused.output
    session.rollback()
    assert session.get_one(Grant, grant.id, populate_existing=True).ends_at == grant.ends_at
    assert run(app, "revoke", str(grant.id), "--reason", "x").exit_code == 0
    for words, sentence in (
        (("extend", str(grant.id), "--until", "2026-12-31", "--reason", "x"), "was revoked"),
        (("revoke", str(grant.id), "--reason", "x"), "over already"),
    ):
        assert sentence in run(app, *words).output


def test_a_first_day_is_a_whole_day_and_none_is_from_now_on(app: Flask, session: AnySession) -> None:
    a_vertical("health")
    a_reader("r@example.org")
    words = ("give", "r@example.org", "--vertical", "health", "--until", "2026-12-31", "--reason", "x")
    assert run(app, *words, "--from", "2026-12-01").exit_code == run(app, *words).exit_code == 0
    session.rollback()
    starts = list(session.scalars(select(Grant.starts_at).order_by(Grant.id)))
    assert starts == [datetime(2026, 12, 1, tzinfo=PARIS), NOON]


def test_a_trial_is_extended_as_a_trial(app: Flask, session: AnySession) -> None:
    trial = a_grant(a_reader(), source=Source.TRIAL)
    assert run(app, "extend", str(trial.id), "--until", "2026-12-31", "--reason", "Geste").exit_code == 0
    assert session.scalars(select(AuditEvent.act)).all() == ["trial.extended"]


def test_what_a_subscription_gave_is_changed_at_the_subscription(app: Flask) -> None:
    grant = a_grant(organisation=an_organisation(), source=Source.SUBSCRIPTION)
    refused = run(app, "revoke", str(grant.id), "--reason", "x")
    assert refused.exit_code == 1 and "mirrors a subscription" in refused.output


def test_who_manages_nothing_or_no_more_gives_to_no_organisation(app: Flask, session: AnySession) -> None:
    a_vertical("health")
    a_reader("r@example.org")
    words = ("give", "r@example.org", "--vertical", "health", "--until", "2026-12-31", "--reason", "x")
    refused = run(app, *words, "--organisation")
    assert refused.exit_code == 1 and "manages 0 organisations" in refused.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("give", "nobody@example.org", "--vertical", "health", "--until", "2026-12-31", "--reason", "x"),
            "Nobody has",
        ),
        (("give", "r@example.org", "--vertical", "moon", "--until", "2026-12-31", "--reason", "x"), "no vertical"),
        (("give", "r@example.org", "--vertical", "health", "--until", "2020-12-31", "--reason", "x"), "last day"),
        (("give", "r@example.org", "--vertical", "health", "--until", "2026-12-31", "--reason", " "), "reason"),
        (("give", "r@example.org", "--vertical", "health", "--until", "31/12/2026", "--reason", "x"), "does not match"),
        (("extend", "99", "--until", "2026-12-31", "--reason", "x"), "no grant 99"),
        (("revoke", "0", "--reason", "x"), "not in the range"),
        (("revoke", str(10**30), "--reason", "x"), "not in the range"),
        (("revoke", "1"), "Missing option '--reason'"),
        (("explain", "nobody@example.org", "health"), "Nobody has"),
        (("explain", "r@example.org", "nowhere"), "No articles"),
        (("explain", "r@example.org", "health", "--at", "yesterday"), "date and an hour"),
        (("explain", "r@example.org", "health", "--at", "2001-01-01T00:00"), "did not exist"),
    ],
)
def test_what_cannot_be_done_fails_in_a_sentence(
    app: Flask, session: AnySession, words: tuple[str, ...], sentence: str
) -> None:
    a_vertical("health")
    a_reader("r@example.org")
    done = run(app, *words)
    assert done.exit_code != 0
    assert sentence in done.output
    assert session.scalars(select(Grant)).all() == []


def test_a_subscription_s_grant_is_left_to_its_subscription(app: Flask) -> None:
    grant = a_grant(organisation=an_organisation(), source=Source.SUBSCRIPTION)
    done = run(app, "revoke", str(grant.id), "--reason", "x")
    assert done.exit_code != 0 and "subscription" in done.output


def test_an_explanation_walks_the_rules_as_text_and_as_json(app: Flask) -> None:
    article, reader = an_article(), a_reader()
    a_grant(reader)
    text = run(app, "explain", reader.email, f"http://localhost/health/article/{article.slug}")
    assert text.exit_code == 0, text.output
    assert "GRANT_ADMIN" in text.output and "[x] A right that is open?" in text.output
    found = json.loads(run(app, "explain", reader.email, article.slug, "--json").output)
    assert (found["outcome"], found["reason"], found["vertical"]) == ("full", "GRANT_ADMIN", "health")
    assert [step["state"] for step in found["steps"]].count("hit") == 1


def test_a_past_instant_is_replayed(app: Flask) -> None:
    from datetime import timedelta

    from portal import clock

    article, reader = an_article(published_at=NOON - timedelta(days=3)), a_reader()
    with clock.frozen(NOON + timedelta(hours=5)):
        a_grant(reader)
        now = json.loads(run(app, "explain", reader.email, article.slug, "--json").output)
        then = json.loads(run(app, "explain", reader.email, article.slug, "--json", "--at", "2026-03-10T13:00").output)
    assert (now["reason"], then["reason"]) == ("GRANT_ADMIN", "TRIAL_AVAILABLE")
