"""What demo/accounts.toml may say, and that its people can be made and looked for."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import ArticleAccess, ArticleState, Reason, Source
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.dev import companies, persons, showcase
from portal.dev.people import GROUPS, people
from portal.dev.subscribers import Subscriber
from portal.organisations import joining
from portal.organisations.models import Invitation, Organisation, Seat
from tests.builders import a_vertical, an_article


def test_everybody_is_invented_known_once_and_speaks_both_languages() -> None:
    known = people()
    emails = [one.email for one in known.accounts] + [one.email for c in known.companies for one in c.colleagues]
    assert len(set(emails)) == len(emails) and all(email.endswith(("@example.org", ".example.org")) for email in emails)
    assert {one.group for one in known.accounts} == set(GROUPS)
    assert all(set(one.look) == {"fr", "en"} and all(one.look.values()) for one in known.accounts)
    assert all(bool(one.article) != bool(one.begins_at) for one in known.accounts)
    assert 60 <= len(emails) <= 80


def test_three_companies_have_five_twenty_and_forty_seats_and_one_has_invited_too_many() -> None:
    sizes = {one.seats: one for one in people().companies}
    assert set(sizes) == {5, 20, 40}
    full = sizes[20]
    assert len(full.colleagues) + 1 == full.seats and full.invitations


@pytest.fixture
def made(session: AnySession) -> AnySession:
    """Everybody, with their contracts; nobody has paid yet."""
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)
    assert len(persons.make_missing()) > 60
    assert companies.make_missing() == 2
    return session


def test_people_are_made_once(made: AnySession) -> None:
    assert persons.make_missing() == [] and companies.make_missing() == 0
    companies.seat_the_paid()


def test_each_came_when_their_story_began(made: AnySession) -> None:
    made_at = {row.email: row.created_at for row in made.execute(select(Reader.email, Reader.created_at))}
    assert made_at["essai-fini@example.org"] == clock.now() - timedelta(days=18)
    assert made_at["siege@example.org"] == clock.now() - timedelta(days=120)
    assert made_at["prospect@example.org"] == clock.now()
    trial = made.scalars(select(Grant).join(Reader, Reader.id == Grant.reader_id).where(Grant.source == Source.TRIAL))
    assert all(grant.starts_at == grant.created_at for grant in trial)


def test_a_contract_seats_its_people_and_keeps_its_invitations(made: AnySession) -> None:
    clinic = made.scalars(select(Organisation).where(Organisation.name == "Clinique du Parc de Valmère")).one()
    seats = made.scalars(select(Seat).where(Seat.organisation_id == clinic.id)).all()
    assert len(seats) == 4 and [seat.close_cause for seat in seats if seat.closed_at] == ["removed"]
    waiting = made.scalars(select(Invitation).where(Invitation.organisation_id == clinic.id)).one()
    assert waiting.email == "invite@example.org" and waiting.accepted_at is None
    assert [one.email for one in joining.wishes(made, clinic.id)] == ["recrue@valmere.example.org"]


@pytest.mark.parametrize(
    ("now", "bought"),
    [
        (datetime(2026, 3, 31, 9, tzinfo=UTC), datetime(2026, 2, 28, 9, tzinfo=UTC)),
        (datetime(2026, 1, 15, 9, tzinfo=UTC), datetime(2025, 12, 14, 9, tzinfo=UTC)),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), datetime(2026, 10, 25, 9, tzinfo=UTC)),
    ],
)
def test_who_was_renewed_yesterday_bought_a_month_before(now: datetime, bought: datetime) -> None:
    assert Subscriber("a@example.org", "health", "month", renewed_days_ago=1).bought_at(now) == bought


def test_articles_are_found_by_what_they_are(session: AnySession) -> None:
    now = clock.now()
    an_article("gratuit", access=ArticleAccess.FREE)
    an_article("offert", free_until=now + timedelta(days=1))
    an_article("ferme", published_at=now - timedelta(days=3))
    an_article("partage", others=("media",))
    an_article("retire", state=ArticleState.WITHDRAWN)
    an_article("bientot", state=ArticleState.SCHEDULED, published_at=now + timedelta(days=1))
    wishes = {"health": "ferme", "health/free": "gratuit", "/window": "offert", "/shared": "partage"}
    wishes |= {"health/withdrawn": "retire", "/scheduled": "bientot"}
    found = {wish: showcase.find(session, wish) for wish in wishes}
    assert {wish: one.path.rsplit("/", 1)[1] for wish, one in found.items() if one} == wishes
    assert showcase.find(session, "media") is None and showcase.find(session, "/chart") is None
    assert set(showcase.find_all(session)) == {"locked", "free", "window", "shared", "withdrawn", "scheduled"}


def test_kinds_that_decide_for_everybody_name_their_row() -> None:
    rows = {found.row for found in showcase.KINDS.values()}
    assert {Reason.FREE, Reason.FREE_WINDOW, Reason.WITHDRAWN, Reason.NOT_PUBLISHED, Reason.ANONYMOUS} <= rows
