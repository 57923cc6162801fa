"""Readers with their trials, their ledger rows, the reminders they had, and what staff gave them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from benchmarks.scale import rights
from benchmarks.scale.rights import Right
from benchmarks.scale.store import rows, stamp
from benchmarks.scale.world import DAY, Share, World
from portal.access.ledger import KEPT_FOR
from portal.accounts import person_keys
from portal.accounts.identity import email_key
from portal.accounts.person_keys import Hash
from portal.clock import paris_date
from portal.history import iso
from portal.trials.dates import TRIAL_DAYS, end_of_day
from portal.trials.reminders import Kind

READERS = rows(
    "readers",
    "id email email_key person_key company_key name company password_hash role created_at confirmed_at suspended_at"
    " suspended_reason marketing_consent_at last_seen_at",
)
KEYS = rows("person_keys", "key_hash person_key key_id made_at")
LEDGER = rows("trial_ledger", "id person_key key_id vertical_id tried_at forget_at")
OUTBOX = rows(
    "outbox",
    "key kind reader_id to_address locale subject text html headers facts message_id created_at expires_at"
    " next_attempt_at attempts closed_at outcome error",
)
_FIRST = "Anne Camille Claire Élodie Farah Hugo Inès Jean Karim Léa Louis Marie Nadia Paul Rémi Sophie Thomas Yasmine"
_LAST = "Arnaud Bernard Caron Dubois Étienne Faure Girard Henry Imbert Joly Klein Lambert Martin Noël Petit Roux Simon"
_WORDS = "Nous y revenons demain, avec ce que la lecture de cette semaine vous a ouvert. "
_end_of_day = cache(end_of_day)


@dataclass(frozen=True, slots=True)
class Person:
    """A reader who was written."""

    id: int
    address: str
    key: Hash
    born: datetime
    consents: bool


def write_reader(world: World, number: int, domain: str | None) -> Person:
    """Reader `number` of all; colleagues share a company's domain."""
    chance, born = world.chance, world.born(number)
    first, last = chance.choice(_FIRST.split()), chance.choice(_LAST.split())
    address = f"{first}.{last}.{number}@{domain or 'lecteurs.example'}".lower()
    id_, key = world.store.next("readers"), person_keys.hashes(address)[0]
    suspended = world.between(born, world.now) if world.one_in(500) else None
    consents = world.one_in(2.5)
    company = f"Société {domain.partition('.')[0][1:]}" if domain else ""
    seen = world.between(born, world.now)
    facts = {"role": "reader", "confirmed_at": iso(born), "suspended_at": None, "person_key": key.value.hex()}
    row = (id_, address, email_key(address), key.value, domain, f"{first} {last}", company, None, "reader", stamp(born))
    late = (stamp(born), stamp(suspended), "Impayé." if suspended else None, stamp(born if consents else None))
    world.store.add(READERS, (*row, *late, stamp(seen)))
    world.store.add(KEYS, (key.value, key.value, key.key_id, stamp(born)))
    world.store.snapshot("reader", id_, born, facts)
    if suspended:
        world.store.snapshot("reader", id_, suspended, {**facts, "suspended_at": iso(suspended)})
    world.store.audit("account.confirmed", born, actor_id=id_, target=("reader", id_), values={})
    return Person(id_, address, key, born, consents)


class Trials:
    """Who tries what: pairs of a reader and a vertical, drawn beforehand, so that there are as many as asked for."""

    def __init__(self, world: World) -> None:
        self._world, self._titles = world, len(world.verticals)
        pairs = world.chance.sample(range(self._titles * world.sizes.readers), world.sizes.trials)
        self._pairs: Iterator[int] = iter(sorted(pairs))
        self._next = next(self._pairs, None)

    def write(self, number: int, person: Person) -> None:
        """The trials of reader `number`: the first when they came, others later; and the reminders they had."""
        world, starts, days = self._world, person.born, set()
        while self._next is not None and self._next // self._titles == number:
            days.add(write_trial(world, person, world.verticals[self._next % self._titles], starts))
            starts = min(starts + world.chance.randint(10, 200) * DAY, world.now - timedelta(hours=1))
            self._next = next(self._pairs, None)
        for day in days & world.told.keys():
            for kind in world.told[day]:
                if person.consents or not kind.marketing:
                    _mail(world, person, kind, day)


def write_trial(world: World, person: Person, vertical_id: int, starts: datetime) -> date:
    """A trial of fifteen civil days, one in fifty extended by a week, with its ledger row; returns its last day."""
    day = paris_date(starts) + timedelta(days=TRIAL_DAYS)
    first_end, changed = _end_of_day(day), None
    if world.one_in(50) and starts + 12 * DAY < world.now:
        day, changed = day + timedelta(days=7), starts + 12 * DAY
    right = Right(
        vertical_id,
        "trial",
        starts,
        _end_of_day(day),
        person.id,
        actor_id=person.id,
        changed_at=changed,
        first_end=first_end,
    )
    rights.write(world, right, rights.new_act(world))
    _ledger(world, person, vertical_id, starts)
    return day


def _ledger(world: World, person: Person, vertical_id: int, at: datetime) -> None:
    id_ = world.store.next("trial_ledger")
    world.store.add(LEDGER, (id_, person.key.value, person.key.key_id, vertical_id, stamp(at), stamp(at + KEPT_FOR)))
    facts = {"person_key": person.key.value.hex(), "vertical_id": vertical_id, "tried_at": iso(at)}
    world.store.snapshot("ledger", id_, at, facts)


def _mail(world: World, person: Person, kind: Kind, day: date) -> None:
    """A reminder that went; its words are shorter than real ones: nobody reads them here."""
    key, sent, until = kind.key(person.id, day), stamp(kind.due_from(day).astimezone(UTC)), stamp(world.now)
    head = (key, kind.mail, person.id, person.address, "fr", "Votre essai", _WORDS, f"<p>{_WORDS}</p>", "{}", "{}")
    world.store.add(OUTBOX, (*head, f"<{key}@example.org>", sent, until, sent, 1, sent, "sent", ""))


def write_gifts(world: World, person: Person, share: Share) -> None:
    """What staff gave this reader: mostly over by now, one in twenty taken back."""
    for _number in range(share.take()):
        starts = world.between(person.born, world.now)
        ends = starts + world.chance.randint(7, 400) * DAY
        taken = world.between(starts, min(ends, world.now)) if world.one_in(20) else None
        right = Right(
            world.chance.choice(world.verticals),
            "admin",
            starts,
            ends,
            person.id,
            revoked_at=taken,
            end_cause="revoked" if taken else None,
            reason="Invité du colloque de printemps",
            actor_id=world.staff,
            changed_at=taken,
        )
        rights.write(world, right, rights.new_act(world))
