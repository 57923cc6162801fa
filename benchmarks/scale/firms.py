"""Households and companies that buy: organisations, who manages them, their seats, subscriptions and contracts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from benchmarks.scale import rights
from benchmarks.scale.people import Person
from benchmarks.scale.rights import Right
from benchmarks.scale.store import rows, stamp
from benchmarks.scale.world import DAY, Share, World
from portal.history import iso

ORGANISATIONS = rows(
    "organisations",
    "id name kind seats siren vat_number billing_email street postal_code city country purchase_reference created_at",
)
MANAGERS = rows("managers", "id organisation_id reader_id role since ended_at")
SEATS = rows("seats", "id organisation_id reader_id opened_at closed_at close_cause")
SUBSCRIPTIONS = rows(
    "subscriptions",
    "id stripe_id organisation_id status quantity currency collection_method started_at renews_at ended_at card_brand"
    " card_last4 synced_at",
)
HOUR = timedelta(hours=1)
_YEAR = 365 * DAY
_WEIGHTS = (1, 1, 2, 3, 3, 4, 6)
_SIZES, _OFTEN = (1, 2, 5, 12, 40, 300), (8500, 700, 500, 250, 48, 2)
_STATES, _HELD = ("active", "ending", "past_due", "unpaid", "canceled"), (66, 6, 4, 7, 17)


Written = tuple[Right, str]  # a right and its act


@dataclass(frozen=True, slots=True)
class Household:
    """So many readers who came together; `weight` says how much they buy, 0 for nothing."""

    size: int
    weight: int


def households(world: World) -> list[Household]:
    """All readers by where they read: most alone, some in companies of up to three hundred; four in five buy."""
    found: list[Household] = []
    left = world.sizes.readers
    while left:
        size = min(left, world.chance.choices(_SIZES, _OFTEN)[0])
        buys = not found or not world.one_in(5)
        found.append(Household(size, world.chance.choice(_WEIGHTS) if buys else 0))
        left -= size
    return found


class Buying:
    """Deals subscriptions and contracts out to the households that buy."""

    def __init__(self, world: World, everybody: Sequence[Household]) -> None:
        buyers = [one for one in everybody if one.weight]
        self._world = world
        self._subscribed = Share(world.sizes.subscriptions, sum(one.weight for one in buyers))
        self._agreed = Share(world.sizes.contracts, len(buyers))

    def write(self, household: Household, people: Sequence[Person]) -> None:
        """The organisation of these people, with everything it holds."""
        world, founded = self._world, people[0].born
        id_ = write_organisation(world, people)
        for right, act in subscriptions(world, household, id_, founded, self._subscribed.take(household.weight)):
            rights.write(world, right, act)
        for _number in range(self._agreed.take()):
            rights.write(world, contract(world, id_, founded), rights.new_act(world))


def write_organisation(world: World, people: Sequence[Person]) -> int:
    """An organisation that its first reader manages; all have seats but some managers and those who left."""
    first, size = people[0], len(people)
    id_ = world.store.next("organisations")
    kind = "individual" if size == 1 else "public" if world.one_in(5) else "company"
    name = first.address.partition("@")[0] if size == 1 else f"Établissement {id_}"
    address = ("12 rue des Essais", "75011", "Paris", "FR", "")
    seats = size if size == 1 else size + world.chance.randint(0, 3)
    world.store.add(ORGANISATIONS, (id_, name, kind, seats, "", "", first.address, *address, stamp(first.born)))
    _manager(world, id_, first)
    for person in people[1:] if size > 1 and world.one_in(3) else people:
        _seat(world, id_, person)
    return id_


def _manager(world: World, organisation_id: int, person: Person) -> None:
    id_ = world.store.next("managers")
    world.store.add(MANAGERS, (id_, organisation_id, person.id, "owner", stamp(person.born), None))
    facts = {"organisation_id": organisation_id, "reader_id": person.id, "since": iso(person.born), "ended_at": None}
    world.store.snapshot("manager", id_, person.born, facts)


def _seat(world: World, organisation_id: int, person: Person) -> None:
    id_, opened = world.store.next("seats"), person.born
    closed = world.between(opened, world.now) if world.one_in(15) else None
    cause = "removed" if closed else None
    world.store.add(SEATS, (id_, organisation_id, person.id, stamp(opened), stamp(closed), cause))
    facts = {"organisation_id": organisation_id, "reader_id": person.id, "opened_at": iso(opened), "closed_at": None}
    world.store.snapshot("seat", id_, opened, facts)
    act: Any = {"actor_id": person.id, "target": ("organisation", organisation_id)}
    world.store.audit("seat.opened", opened, **act, values={"reader_id": person.id})
    if closed:
        world.store.snapshot("seat", id_, closed, {**facts, "closed_at": iso(closed)})
        world.store.audit("seat.closed", closed, **act, values={"reader_id": person.id, "cause": cause})


@dataclass(frozen=True, slots=True)
class Sold:
    """A subscription: since when, in which of Stripe's states, and, when it is over, before when it ended."""

    organisation_id: int
    reference: str
    seats: int
    status: str
    starts: datetime
    until: datetime


def subscriptions(world: World, organisation: Household, id_: int, founded: datetime, count: int) -> Iterator[Written]:
    """So many grants, by one to three verticals a subscription, one subscription after another; the last may live."""
    sold: list[list[int]] = []
    while count:
        sold.append(world.some_verticals(count))
        count -= len(sold[-1])
    span = (world.now - founded) / max(1, len(sold))
    for number, verticals in enumerate(sold):
        starts = founded + timedelta(seconds=int(span.total_seconds() * number))
        last = number == len(sold) - 1
        status = world.chance.choices(_STATES, _HELD)[0] if last else "canceled"
        one = Sold(id_, f"sub_{id_}_{number}", organisation.size, status, starts, starts + span)
        _mirror(world, one)
        right, act = _subscription(world, one), rights.new_act(world)
        yield from ((replace(right, vertical_id=vertical), act) for vertical in verticals)


def _subscription(world: World, sold: Sold) -> Right:
    """Its right, the vertical left open; the dates of what is over lie before `until`."""
    starts = sold.starts
    over = world.between(starts + HOUR, max(min(sold.until, world.now), starts + 2 * HOUR))
    organisation: Any = {"organisation_id": sold.organisation_id, "reference": sold.reference}
    blank = Right(0, "subscription", starts, over, changed_at=over, first_end=starts + _YEAR, **organisation)
    if sold.status in ("active", "ending"):
        return _running(world, blank, ending=sold.status == "ending")
    if sold.status == "past_due":
        return replace(blank, grace_until=world.now + 3 * DAY)
    return replace(blank, end_cause="unpaid" if sold.status == "unpaid" else "cancelled")


def _running(world: World, blank: Right, *, ending: bool) -> Right:
    """A year at a time, and a day more for the renewal."""
    end = _next_year(blank.starts_at, world.now)
    renewed = end - _YEAR if end - _YEAR > blank.starts_at else None
    if ending:
        return replace(blank, ends_at=end, end_cause="cancelled", changed_at=world.now - HOUR)
    return replace(blank, ends_at=end + DAY, changed_at=renewed)


def _next_year(starts: datetime, now: datetime) -> datetime:
    """When the year that runs now is over."""
    return starts + ((now - starts) // _YEAR + 1) * _YEAR


def _mirror(world: World, sold: Sold) -> None:
    """Stripe's subscription as it is kept here, without its items."""
    ended = stamp(world.now) if sold.status == "canceled" else None
    renews = stamp(_next_year(sold.starts, world.now)) if sold.status == "active" else None
    word = "active" if sold.status == "ending" else sold.status
    id_ = world.store.next("subscriptions")
    head = (id_, sold.reference, sold.organisation_id, word, sold.seats, "eur", "charge_automatically")
    world.store.add(SUBSCRIPTIONS, (*head, stamp(sold.starts), renews, ended, "visa", "4242", stamp(world.now)))


def contract(world: World, organisation_id: int, founded: datetime) -> Right:
    """What staff agreed with an organisation: a year, with a reason."""
    starts = world.between(founded, world.now)
    return Right(
        world.chance.choice(world.verticals),
        "admin",
        starts,
        starts + _YEAR,
        organisation_id=organisation_id,
        reason="Bon de commande reçu par courrier",
        actor_id=world.staff,
    )
