"""Replay: the decision for a past instant, from history, is the decision that was taken then."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.access import facts, grants, ledger, replay
from portal.access.decision import decide
from portal.access.held import GrantError, Holder
from portal.access.ledger import AlreadyTried
from portal.access.models import AwaitedRight, Grant
from portal.access.vocabulary import ArticleAccess, ArticleFacts, ArticleState, ReaderFacts, Source, VerticalFacts
from portal.accounts.models import Reader, SecondAddress
from portal.content.models import Article
from portal.db import AnySession, writing
from portal.history import as_of
from portal.organisations.models import Invitation, Manager, ManagerRole, Seat
from portal.prepared import Prepared
from portal.roles import Role
from portal.verticals import Vertical
from tests.access.counting import counted
from tests.access.test_facts import alike, scatter
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def past_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement is built when the module is loaded; these tests look at what the code would build now."""
    monkeypatch.setattr(replay, "PAST", Prepared(replay._past()))


class World:
    """One reader, one organisation, one article in two verticals; and a year of what may happen to them."""

    def __init__(self, session: AnySession, dice: random.Random) -> None:
        self.session, self.dice = session, dice
        self.reader_id = a_reader(confirmed=dice.random() < 0.7).id
        self.firm_id = an_organisation().id
        self.article_id = an_article(vertical="health", others=("fintech",)).id
        self.vertical_ids = [a_vertical(slug).id for slug in ("health", "fintech", "media")]
        self.count = 0

    def known(self) -> tuple[ArticleFacts, ReaderFacts]:
        """What is known now, from the tables."""
        self.session.rollback()
        reader = self.session.get_one(Reader, self.reader_id)
        return self._article(), facts.of_account(self.session, reader, clock.now())

    def _article(self) -> ArticleFacts:
        article = self.session.get_one(
            Article, self.article_id, options=[selectinload(Article.verticals)], populate_existing=True
        )
        verticals = sorted(article.verticals, key=lambda one: (one.id != article.primary_vertical_id, one.id))
        return ArticleFacts(
            article.id,
            article.state,
            article.access,
            tuple(VerticalFacts(v.slug, v.trial_open, v.on_sale) for v in verticals),
            article.published_at,
            article.free_from,
            article.free_until,
        )

    def happen(self) -> None:
        """One thing happens, in a unit of work of its own."""
        acts: list[Callable[[AnySession], None]] = [
            self.give, self.give, self.give_firm, self.subscribe, self.move, self.revoke, self.try_it, self.seat,
            self.seat, self.manage, self.await_payment, self.settle, self.invite, self.account, self.account,
            self.publish, self.offer, self.move_article, self.close_trials,
        ]  # fmt: skip
        self.count += 1
        try:
            with writing(self.session) as unit:
                self.dice.choice(acts)(unit)
        except (GrantError, AlreadyTried):
            pass

    def _span(self) -> tuple[datetime, datetime]:
        starts_at = clock.now() + self.dice.randint(-2, 4) * HOUR
        return starts_at, max(starts_at, clock.now()) + self.dice.randint(1, 12) * HOUR

    def _vertical(self) -> int:
        return self.dice.choice(self.vertical_ids)

    def give(self, unit: AnySession) -> None:
        starts_at, ends_at = self._span()
        holder = Holder(reader_id=self.reader_id)
        grants.give(
            unit, holder, [self._vertical()], starts_at=starts_at, ends_at=ends_at, reason="Test", actor_id=None
        )

    def give_firm(self, unit: AnySession) -> None:
        starts_at, ends_at = self._span()
        holder = Holder(organisation_id=self.firm_id)
        grants.give(
            unit, holder, [self._vertical()], starts_at=starts_at, ends_at=ends_at, reason="Test", actor_id=None
        )

    def subscribe(self, unit: AnySession) -> None:
        starts_at, ends_at = self._span()
        grace = ends_at + 3 * HOUR if self.dice.random() < 0.5 else None
        wish = grants.Mirrored(self._vertical(), starts_at, ends_at, grace_until=grace)
        grants.mirror_subscription(unit, self.firm_id, f"sub_{self.dice.randint(1, 2)}", [wish])

    def _any_grant(self, unit: AnySession) -> Grant | None:
        found = list(unit.scalars(select(Grant).order_by(Grant.id)))
        return self.dice.choice(found) if found else None

    def move(self, unit: AnySession) -> None:
        grant = self._any_grant(unit)
        if grant and grant.grace_until is None:
            ends_at = clock.now() + self.dice.randint(1, 9) * HOUR
            grants.move_end(unit, grant, ends_at, reason="Test", actor_id=None)

    def revoke(self, unit: AnySession) -> None:
        grant = self._any_grant(unit)
        if grant:
            grants.revoke(unit, grant, reason="Test", actor_id=None)

    def try_it(self, unit: AnySession) -> None:
        key, vertical_id = unit.get_one(Reader, self.reader_id).person_key, self._vertical()
        if self.dice.random() < 0.3:
            ledger.write(unit, key, vertical_id, clock.now())
            return
        ends_at = clock.now() + 6 * HOUR
        grants.start_trial(
            unit, reader_id=self.reader_id, person_key=key, vertical_id=vertical_id, ends_at=ends_at, act_id="t"
        )

    def seat(self, unit: AnySession) -> None:
        seat = unit.scalar(select(Seat).where(Seat.closed_at.is_(None)))
        if seat:
            seat.closed_at = clock.now()
        else:
            unit.add(Seat(organisation_id=self.firm_id, reader_id=self.reader_id, opened_at=clock.now()))

    def manage(self, unit: AnySession) -> None:
        manager = unit.scalar(select(Manager).where(Manager.ended_at.is_(None)))
        if manager:
            manager.ended_at = clock.now()
        else:
            role = ManagerRole.OWNER
            unit.add(Manager(organisation_id=self.firm_id, reader_id=self.reader_id, role=role, since=clock.now()))

    def await_payment(self, unit: AnySession) -> None:
        since = clock.now()
        unit.add(
            AwaitedRight(
                organisation_id=self.firm_id,
                vertical_id=self._vertical(),
                reference=f"cs_{self.count}",
                since=since,
                until=since + 24 * HOUR,
            )
        )

    def settle(self, unit: AnySession) -> None:
        for awaited in unit.scalars(select(AwaitedRight).where(AwaitedRight.settled_at.is_(None))):
            awaited.settled_at = clock.now()

    def invite(self, unit: AnySession) -> None:
        waiting = unit.scalar(select(Invitation).where(Invitation.withdrawn_at.is_(None)))
        if waiting:
            waiting.withdrawn_at = clock.now()
            return
        reader = unit.get_one(Reader, self.reader_id)
        unit.add(
            Invitation(
                organisation_id=self.firm_id,
                email=reader.email,
                email_key=reader.email_key,
                token_hash=self.dice.randbytes(32),
                created_at=clock.now(),
                expires_at=clock.now() + 9 * HOUR,
            )
        )

    def account(self, unit: AnySession) -> None:
        reader = unit.get_one(Reader, self.reader_id)
        what = self.dice.random()
        if reader.confirmed_at is None:
            reader.confirmed_at = clock.now()
        elif reader.suspended_at or reader.role is not Role.READER:
            reader.suspended_at, reader.role = None, Role.READER
        elif what < 0.4:
            reader.suspended_at = clock.now()
        elif what < 0.6:
            reader.role = Role.EDITOR

    def publish(self, unit: AnySession) -> None:
        article = unit.get_one(Article, self.article_id, options=[selectinload(Article.verticals)])
        article.state = self.dice.choice((*ArticleState, *[ArticleState.PUBLISHED] * 9))
        article.access = self.dice.choice((*ArticleAccess, *[ArticleAccess.SUBSCRIBER] * 9))
        article.published_at = clock.now() + self.dice.randint(-9, 1) * HOUR

    def offer(self, unit: AnySession) -> None:
        article = unit.get_one(Article, self.article_id, options=[selectinload(Article.verticals)])
        starts_at, ends_at = self._span()
        article.free_from = self.dice.choice((None, starts_at))
        article.free_until = self.dice.choice((None, ends_at))

    def move_article(self, unit: AnySession) -> None:
        article = unit.get_one(Article, self.article_id, options=[selectinload(Article.verticals)])
        first, *others = self.dice.sample(self.vertical_ids, self.dice.randint(1, 3))
        article.primary_vertical_id = first
        article.verticals = [unit.get_one(Vertical, id_) for id_ in (first, *others)]

    def close_trials(self, unit: AnySession) -> None:
        vertical = unit.get_one(Vertical, self._vertical())
        vertical.trial_open = not vertical.trial_open


@pytest.mark.parametrize("seed", range(12))
def test_replay_at_an_instant_is_the_decision_taken_then(session: AnySession, now: datetime, seed: int) -> None:
    dice = random.Random(seed)
    world, taken, at = World(session, dice), [], now
    for _ in range(40):
        at += timedelta(minutes=dice.randint(1, 90))
        with clock.frozen(at):
            if dice.random() < 0.7:
                world.happen()
            known = world.known()
            taken.append((at, *known, decide(*known, at)))
    assert len({decision.reason for *_known, decision in taken}) > 1, "the story is too plain to prove anything"
    for then, known_article, known_reader, decision in taken:
        article = replay.article_at(session, world.article_id, then)
        reader = replay.reader_at(session, world.reader_id, then)
        assert article is not None and reader is not None
        assert article == known_article and alike(reader, known_reader), then
        replayed = decide(article, reader, then)
        assert (replayed.outcome, replayed.reason) == (decision.outcome, decision.reason), then
        assert (replayed.until, replayed.next_step) == (decision.until, decision.next_step), then


@pytest.mark.parametrize("seed", range(8))
def test_what_the_tables_say_at_an_instant_is_what_history_says_of_it(
    session: AnySession, now: datetime, seed: int
) -> None:
    for person in scatter(random.Random(seed), now.astimezone(UTC)):
        past = replay.reader_at(session, person.id, now)
        assert past is not None and alike(past, facts.of_account(session, person, now))


def test_what_was_offered_of_a_vertical_is_replayed(session: AnySession, now: datetime) -> None:
    article, vertical = an_article(), a_vertical("health")
    with clock.frozen(now + HOUR), writing() as unit:
        kept = unit.get_one(Vertical, vertical.id)
        kept.trial_open, kept.on_sale = False, False
    told = [replay.article_at(session, article.id, now + hours * HOUR) for hours in (0, 1)]
    assert [one.verticals for one in told if one] == [
        (VerticalFacts("health", trial_open=True, on_sale=True),),
        (VerticalFacts("health", trial_open=False, on_sale=False),),
    ]


def test_history_keeps_whose_right_it_is_and_when_a_trial_was_noted(session: AnySession, now: datetime) -> None:
    reader = a_reader()
    grant = a_grant(reader)
    with writing() as unit:
        row = ledger.write(unit, reader.person_key, grant.vertical_id, now)
    kept, noted = as_of(session, "grant", [grant.id], now)[grant.id], as_of(session, "ledger", [row.id], now)[row.id]
    assert (kept["reader_id"], kept["organisation_id"]) == (reader.id, None)
    assert datetime.fromisoformat(noted["tried_at"]) == now


def test_before_its_account_nobody_can_be_asked_about(session: AnySession, now: datetime) -> None:
    reader, article = a_reader(), an_article()
    assert replay.reader_at(session, reader.id, now - HOUR) is None
    assert replay.article_at(session, article.id, now - HOUR) is None


def test_the_past_of_a_reader_is_read_in_two_statements(session: AnySession, now: datetime) -> None:
    reader, firm = a_reader(), an_organisation(a_reader())
    for vertical in ("health", "fintech", "media"):
        a_grant(reader, vertical=vertical)
        a_grant(organisation=firm, vertical=vertical)
    a_seat(firm, reader)
    with counted(session) as statements:
        past = replay.reader_at(session, reader.id, now)
    assert past is not None and len(past.grants) == 6
    assert len([one for one in statements if one.startswith("SELECT")]) == 2


def test_a_right_given_later_does_not_open_the_past(session: AnySession, now: datetime) -> None:
    reader, article = a_reader(), an_article()
    with clock.frozen(now + HOUR):
        a_grant(reader, starts_in=timedelta(days=-9))
    past, known = (replay.reader_at(session, reader.id, at) for at in (now, now + HOUR))
    facts_of_article = replay.article_at(session, article.id, now)
    assert past and known and facts_of_article
    assert not decide(facts_of_article, past, now).full
    assert decide(facts_of_article, known, now + HOUR).full


def test_an_extended_trial_keeps_its_gap_closed(session: AnySession, now: datetime) -> None:
    reader, article = a_reader(), an_article()
    trial = a_grant(reader, source=Source.TRIAL, ends_in=HOUR)
    with clock.frozen(now + 3 * HOUR), writing() as unit:
        grants.move_end(unit, unit.get_one(Grant, trial.id), now + 9 * HOUR, reason="Geste", actor_id=None)
    opened = []
    for hours in (0, 2, 4):
        at = now + hours * HOUR
        known, about = replay.reader_at(session, reader.id, at), replay.article_at(session, article.id, at)
        assert known and about
        opened.append(decide(about, known, at).full)
    assert opened == [True, False, True]


def test_an_invitation_to_another_address_counts_from_the_day_it_was_proved(session: AnySession, now: datetime) -> None:
    reader, firm = a_reader(), an_organisation()
    a_grant(organisation=firm, vertical="health")
    with writing(session) as unit:
        address = {"email": "autre@example.org", "email_key": "autre@example.org"}
        unit.add(
            Invitation(
                organisation_id=firm.id, token_hash=b"1" * 32, created_at=now, expires_at=now + 48 * HOUR, **address
            )
        )
    with clock.frozen(now + 2 * HOUR), writing(session) as unit:
        unit.add(SecondAddress(reader_id=reader.id, proved_at=clock.now(), **address))
    counts = []
    for hours in (1, 2):
        past = replay.reader_at(session, reader.id, now + hours * HOUR)
        assert past is not None
        counts.append(len(past.invitations))
    assert counts == [0, 1]
    present = facts.of_account(session, session.get_one(Reader, reader.id), now + 2 * HOUR)
    assert [one.vertical for one in present.invitations] == ["health"]
