"""The page of a reader in the back office with its explain box, asked by an administrator with a second factor."""

import random
from collections.abc import Iterator

from flask.testing import FlaskClient
from sqlalchemy import select

from benchmarks import prepare
from benchmarks.scale import plans
from benchmarks.scale.deciding import some_ids
from benchmarks.scale.ground import STAFF, Ground
from benchmarks.scale.timing import Finding, best
from benchmarks.scale.world import NOW
from portal.access import replay
from portal.accounts import sessions
from portal.accounts.models import Reader
from portal.content.models import Article
from portal.db import db, end_reading, writing
from portal.organisations.models import Manager

READERS = 150
EXPECTED = 0.020
_PAST = "2026-03-01T12:00"


def measure(ground: Ground, chance: random.Random) -> Iterator[Finding]:
    """Readers of every kind now, those who manage an organisation, everybody at a past instant, words of a title."""
    client = signed_in(ground)
    _check_plan(some_ids(chance, Reader, 1)[0])
    ids, slugs = _ids(some_ids(chance, Reader, READERS)), _slugs(chance)
    managers = list(db.session.scalars(select(Manager.reader_id).where(Manager.id.in_(some_ids(chance, Manager, 50)))))
    end_reading()
    asked = [f"/admin/readers/{id_}?article={chance.choice(slugs)}" for id_ in ids]
    money = [f"/admin/readers/{id_}?article={chance.choice(slugs)}" for id_ in managers]
    plain = [f"/admin/readers/{id_}" for id_ in ids[:50]]
    words = [f"/admin/readers/{id_}?article=plateforme+({number})" for number, id_ in enumerate(ids[:20])]
    _open(client, asked[0])
    for what, addresses, expected in (
        ("explain page, now", asked, EXPECTED),
        ("explain page of those who manage", money, EXPECTED),
        (f"explain page, as of {_PAST[:10]}", [f"{address}&at={_PAST}" for address in asked], EXPECTED),
        ("a reader's page without a question", plain, None),
        ("explain page, the article by words of its title", words, None),
    ):
        took = [best(lambda address=address: _open(client, address)) for address in addresses]  # type: ignore[misc]
        yield Finding(what, took, "pages, best of 3 each", expected)


def _check_plan(reader_id: int) -> None:
    """Replay reads a handful of the millions of snapshots."""
    asked = {"reader_id": reader_id, "at": NOW, "person_key": bytes(32)}
    plans.check("Replay", plans.plan_of(replay.PAST.statement, asked), never=("grants", "history", "seats"))


def signed_in(ground: Ground) -> FlaskClient:
    """The back office's browser."""
    with writing() as unit:
        staff = unit.scalars(select(Reader).where(Reader.email == STAFF)).one()
        token = sessions.open_session(unit, staff, "Benchmark", second_factor=True)
    return prepare.signed_in(ground.app, prepare.cookie(ground.app, token))


def _open(client: FlaskClient, address: str) -> None:
    answer = client.get(address, base_url=prepare.HOUSE)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answered {answer.status_code}.")


def _ids(drawn: list[int]) -> list[int]:
    return list(db.session.scalars(select(Reader.id).where(Reader.id.in_(drawn))))


def _slugs(chance: random.Random) -> list[str]:
    return list(db.session.scalars(select(Article.slug).where(Article.id.in_(some_ids(chance, Article, 200)))))
