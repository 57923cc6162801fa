"""The generator of `make bench-scale`, at a scale that takes a moment: what it writes is what the services write."""

from sqlalchemy import func, select

from benchmarks.scale.fill import fill, silent
from benchmarks.scale.sizes import Sizes
from portal import clock
from portal.access import facts, replay
from portal.access.models import Grant, TrialLedger
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import AnySession, Base, db
from portal.history import Recorded, as_of
from portal.roles import Role
from tests.builders import a_reader, a_rubric, a_vertical

FIFTY = Sizes(readers=50, grants=150, articles=5)


def filled() -> Reader:
    """The staff who gave; three verticals, fifty readers."""
    staff = a_reader(role=Role.ADMIN)
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)
    a_rubric()
    fill(db.engine, FIFTY, staff=staff.id, now=clock.now(), progress=silent)
    return staff


def count(session: AnySession, model: type[Base], *conditions: object) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def test_there_is_as_much_as_was_asked_for_and_it_is_as_the_services_would_leave_it(session: AnySession) -> None:
    staff = filled()
    assert count(session, Reader, Reader.id != staff.id) == 50 and count(session, Article) == 5
    shares = [count(session, Grant, Grant.source == source) for source in Source]
    assert shares == [FIFTY.trials, FIFTY.subscriptions, FIFTY.contracts + FIFTY.gifts] and sum(shares) == 150
    assert count(session, TrialLedger) == FIFTY.trials
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, Recorded) and mapper.class_ is not Article:
            rows = {row.id: row for row in session.scalars(select(mapper.class_))}
            told = as_of(session, mapper.class_.history_kind, rows, clock.now())
            assert told == {id_: row.snapshot() for id_, row in rows.items()}, mapper.class_.__name__


def test_replay_and_the_present_agree_about_every_reader(session: AnySession) -> None:
    filled()
    now, kinds = clock.now(), set()
    for reader in session.scalars(select(Reader)):
        known = facts.of_account(session, reader, now)
        past = replay.reader_at(session, reader.id, now)
        assert past is not None and set(past.grants) == set(known.grants) and past.tried == known.tried
        kinds |= {(grant.source, grant.state(now)) for grant in known.grants}
    assert len(kinds) > 4
    for article in session.scalars(select(Article)):
        assert replay.article_at(session, article.id, now) is not None
    assert a_reader().id > 51  # the database counts on behind the rows it was given
