"""The slots of reminders: from which hour, for whom, until when their words are true, and what the mail keeps."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import GrantFacts, Source
from portal.accounts.models import Reader
from portal.clock import PARIS
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.trials import mails, reminders
from portal.trials.dates import end_of_day
from portal.trials.reminders import KINDS, Kind, candidates, remind, slots
from tests.builders import a_grant, a_reader, a_seat, an_organisation
from tests.trials.test_reminders import LAST_DAY, made_anew, paris, titles  # noqa: F401 - fixtures of every test here

DAY, HOUR, TICK = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
BY_NAME = {kind.name: kind for kind in KINDS}
J7, J1, ENDED, AFTER7 = (BY_NAME[name] for name in ("j7", "j1", "ended", "after7"))


def a_trial(reader: Reader, ends_at: datetime, slug: str = "fintech", **more: object) -> Grant:
    noon = clock.now()
    starts_in = min(timedelta(), ends_at - noon - DAY)
    return a_grant(reader, vertical=slug, source=Source.TRIAL, starts_in=starts_in, ends_in=ends_at - noon, **more)


def test_each_kind_has_its_hour() -> None:
    hours = {kind.name: kind.due_from(LAST_DAY) for kind in KINDS}
    assert hours == {
        "j7": paris(date(2026, 3, 18), 9),
        "j3": paris(date(2026, 3, 22), 9),
        "j1": paris(date(2026, 3, 24), 9),
        "ended": datetime(2026, 3, 26, tzinfo=PARIS),
        "after7": paris(date(2026, 4, 1), 9),
        "after30": paris(date(2026, 4, 24), 9),
    }
    assert (J7.mail, J7.key(5, LAST_DAY)) == ("trial_j7", "trial-j7:5:2026-03-25")


@pytest.mark.parametrize(("hour", "missing"), [(9, set()), (8, {7, 3, 1, -7, -30})])
def test_in_the_morning_every_day_whose_words_are_right_has_a_slot(hour: int, missing: set[int]) -> None:
    today = date(2026, 3, 10)
    found = [(kind.name, (day - today).days) for kind, day in slots(paris(today, hour))]
    days = {"j7": range(7, 3, -1), "j3": (3, 2), "j1": (1, 0), "ended": range(-1, -7, -1)}
    after = {"after7": range(-7, -14, -1), "after30": range(-30, -37, -1)}
    assert found == [(name, left) for name, lefts in {**days, **after}.items() for left in lefts if left not in missing]


def asked(kind: reminders.Kind, *, after: int = 0, limit: int = 9) -> list[int]:
    end_reading()
    return list(db.session.scalars(*candidates(kind, LAST_DAY, after=after, limit=limit)))


def test_a_slot_is_for_trials_that_end_on_its_day_in_the_order_of_their_readers(session: AnySession) -> None:
    eve, end = (end_of_day(day) for day in (LAST_DAY - DAY, LAST_DAY))
    ends = (end, eve + TICK, eve, end + TICK)
    readers = [a_reader() for _ in ends]
    for reader, end in zip(readers, ends, strict=True):
        a_trial(reader, end)
    a_trial(readers[0], ends[0], "media")
    ids = [reader.id for reader in readers]
    assert asked(J7) == ids[:2]
    assert asked(J7, after=ids[0]) == ids[1:2]
    assert asked(J7, limit=1) == ids[:1]


def test_a_slot_passes_over_what_is_no_trial_was_revoked_or_was_told(session: AnySession) -> None:
    readers = [a_reader() for _ in range(4)]
    end = end_of_day(LAST_DAY)
    for reader, more in zip(readers, ({}, {}, {"revoked_at": clock.now()}, None), strict=True):
        a_grant(reader, ends_in=end - clock.now()) if more is None else a_trial(reader, end, **more)
    assert asked(J7) == [readers[0].id, readers[1].id]
    with writing() as unit:
        assert remind(unit, readers[0].id, J7, LAST_DAY, paris(date(2026, 3, 18), 9))
    assert asked(J7) == [readers[1].id]
    assert asked(J1) == [readers[0].id, readers[1].id]


def test_offers_are_for_whoever_agreed(session: AnySession) -> None:
    willing, unwilling = a_reader(marketing_consent_at=clock.now()), a_reader()
    for reader in (willing, unwilling):
        a_trial(reader, end_of_day(LAST_DAY))
    assert asked(AFTER7) == [willing.id]


@pytest.mark.parametrize(
    ("name", "day", "until"),
    [
        ("j7", date(2026, 3, 18), end_of_day(date(2026, 3, 21))),
        ("j3", date(2026, 3, 22), end_of_day(date(2026, 3, 23))),
        ("j1", date(2026, 3, 24), end_of_day(date(2026, 3, 24))),
        ("j1", date(2026, 3, 25), end_of_day(date(2026, 3, 25))),
        ("ended", date(2026, 3, 26), end_of_day(date(2026, 3, 31))),
        ("after7", date(2026, 4, 1), end_of_day(date(2026, 4, 7))),
        ("after30", date(2026, 4, 24), end_of_day(date(2026, 4, 30))),
    ],
)
def test_a_mail_leaves_while_its_words_are_true_and_keeps_what_it_is_about(
    session: AnySession, name: str, day: date, until: datetime
) -> None:
    kind, moment = BY_NAME[name], paris(day, 10)
    reader = a_reader(locale="en", marketing_consent_at=clock.now())
    ids = sorted(a_trial(reader, end_of_day(LAST_DAY), slug).id for slug in ("media", "fintech"))
    with clock.frozen(moment), writing() as unit:
        assert remind(unit, reader.id, kind, LAST_DAY, moment)
        assert not remind(unit, reader.id, kind, LAST_DAY, moment)
    end_reading()
    mail = session.query(Mail).one()
    assert (mail.kind, mail.key) == (f"trial_{name}", f"trial-{name}:{reader.id}:2026-03-25")
    assert (mail.to_address, mail.locale, mail.reader_id) == (reader.email, "en", reader.id)
    assert (mail.expires_at, mail.facts) == (until, {"day": "2026-03-25", "grants": ids})
    assert ("List-Unsubscribe" in mail.headers, "/trial/offers/" in mail.text) == (kind.marketing, kind.marketing)
    for title in ("mind Fintech", "mind Media"):
        assert title in mail.text


def losing(reader: Reader, kind: reminders.Kind, at: datetime) -> list[GrantFacts]:
    end_reading()
    return reminders.losing(db.session, db.session.get_one(Reader, reader.id), kind, LAST_DAY, at)


def test_before_the_end_it_is_running_trials_that_count_and_after_it_ended_ones(session: AnySession) -> None:
    reader, end = a_reader(marketing_consent_at=clock.now()), end_of_day(LAST_DAY)
    a_trial(reader, end)
    a_trial(reader, end - DAY, "media")
    a_grant(reader, vertical="health", ends_in=end - clock.now())
    for kind in (J7, J1):
        assert [grant.vertical for grant in losing(reader, kind, end - TICK)] == ["fintech"]
        assert losing(reader, kind, end) == []
    assert losing(reader, ENDED, end - TICK) == []
    assert [grant.vertical for grant in losing(reader, ENDED, end)] == ["fintech"]


def test_offers_go_to_nobody_who_reads_by_a_right_of_any_kind(session: AnySession) -> None:
    end = end_of_day(LAST_DAY)
    later = {"ends_in": timedelta(days=90), "vertical": "media"}

    def offered(reader: Reader) -> bool:
        a_trial(reader, end)
        return bool(losing(reader, AFTER7, end + 7 * DAY))

    plain, granted, seated, seatless, over, indebted = (a_reader(marketing_consent_at=clock.now()) for _ in range(6))
    a_grant(granted, **later)
    a_grant(over, vertical="media", ends_in=DAY)
    firm, owing, other = an_organisation(), an_organisation(), an_organisation(seatless)
    a_grant(organisation=firm, source=Source.SUBSCRIPTION, **later)
    a_grant(organisation=other, source=Source.SUBSCRIPTION, **later)
    grace = {"grace_until": end + 60 * DAY, "vertical": "media", "ends_in": DAY}
    a_grant(organisation=owing, source=Source.SUBSCRIPTION, **grace)
    a_seat(firm, seated)
    a_seat(owing, indebted)
    found = [offered(one) for one in (plain, granted, seated, seatless, over, indebted)]
    assert found == [True, False, False, True, True, False]


@pytest.mark.parametrize("kind", [J7, J1], ids=lambda kind: str(kind.name))
@pytest.mark.parametrize(("after", "told"), [(-TICK, False), (timedelta(), False), (TICK, True)])
def test_an_end_told_after_the_hour_of_its_reminder_is_not_told_twice(
    session: AnySession, kind: Kind, after: timedelta, told: bool
) -> None:
    reader, due = a_reader(), kind.due_from(LAST_DAY).astimezone(UTC)
    trial = a_trial(reader, end_of_day(LAST_DAY))
    with clock.frozen(due + after), writing() as unit:
        mails.extended(unit, reader, trial)
    with clock.frozen(due + HOUR), writing() as unit:
        assert remind(unit, reader.id, kind, LAST_DAY, due + HOUR) is not told


def test_an_extension_told_on_the_last_evening_does_not_keep_the_end_from_being_told(session: AnySession) -> None:
    reader, end = a_reader(), end_of_day(LAST_DAY)
    trial = a_trial(reader, end)
    with clock.frozen(end + TICK), writing() as unit:
        mails.extended(unit, reader, trial)
        assert remind(unit, reader.id, ENDED, LAST_DAY, end + TICK)
