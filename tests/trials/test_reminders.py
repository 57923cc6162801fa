"""Reminders: each once, on its day, and never to whoever loses nothing."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, text

from portal import clock, mailer, outbox
from portal.access.models import Grant
from portal.access.vocabulary import ArticleState, Source
from portal.accounts.models import Reader
from portal.clock import PARIS
from portal.db import AnySession, db, end_reading, writing
from portal.outbox import Mail
from portal.reading.models import Reading
from portal.roles import Role
from portal.trials import reminders
from portal.trials.extend import extend
from portal.trials.reminders import KINDS, Reminders, candidates
from portal.trials.start import start
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation
from tests.content.helpers import statements

LAST_DAY = date(2026, 3, 25)  # of a trial that begins at the tests' noon


@pytest.fixture(autouse=True)
def made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The query is built when the module is loaded; these tests look at what the code would build now."""
    plain = reminders._candidates()
    consenting = plain.join(Reader, Reader.id == Grant.reader_id).where(Reader.marketing_consent_at.is_not(None))
    monkeypatch.setattr(reminders, "_CANDIDATES", plain)
    monkeypatch.setattr(reminders, "_CONSENTING", consenting)


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


@pytest.fixture
def reader(session: AnySession) -> Reader:
    return a_reader("ana@clinique.example.org")


def begin(reader: Reader, *slugs: str) -> None:
    with writing() as unit:
        start(unit, unit.get_one(Reader, reader.id), slugs or ("fintech",), clock.now())


def paris(day: date, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def look(moment: datetime) -> None:
    """A worker that has just been started looks, at this moment, for everything that is due, and sends it."""
    with clock.frozen(moment):
        worker = Reminders()
        for _turn in range(50):
            if not worker.process_due() and not mailer.deliver_due():
                break
        end_reading()


def told(session: AnySession) -> list[str]:
    """Kinds of the trial mails that went out, in their order."""
    end_reading()
    kept = select(Mail.kind).where(Mail.outcome == "kept", Mail.kind.not_in(["trial_started", "trial_extended"]))
    return [kind.removeprefix("trial_") for kind in session.scalars(kept.order_by(Mail.id))]


def moments(first: date, last: date) -> Iterator[datetime]:
    """Twice a day: just after midnight and just after the morning's hour."""
    for number in range((last - first).days):
        day = first + timedelta(days=number)
        yield from (paris(day, 0, 5), paris(day, 9, 5))


def test_from_day_to_day_each_reminder_goes_once(session: AnySession, reader: Reader) -> None:
    begin(reader, "fintech", "media")
    for moment in moments(date(2026, 3, 10), date(2026, 3, 31)):
        look(moment)
        look(moment)
    assert told(session) == ["j7", "j3", "j1", "ended"]
    sent = session.execute(select(Mail.kind, Mail.created_at)).all()
    days = {kind: created_at.astimezone(PARIS).date() for kind, created_at in sent}
    assert days["trial_j7"] == date(2026, 3, 18) and days["trial_j3"] == date(2026, 3, 22)
    assert days["trial_j1"] == date(2026, 3, 24) and days["trial_ended"] == date(2026, 3, 26)


@pytest.mark.parametrize(
    ("kind", "too_early", "in_time"),
    [
        ("j7", paris(date(2026, 3, 18), 8, 59), paris(date(2026, 3, 18), 9)),
        ("j3", paris(date(2026, 3, 22), 8, 59), paris(date(2026, 3, 22), 9)),
        ("j1", paris(date(2026, 3, 24), 8, 59), paris(date(2026, 3, 24), 9)),
        ("ended", paris(date(2026, 3, 25), 23, 59), paris(date(2026, 3, 26))),
    ],
)
def test_a_reminder_waits_for_its_hour(
    session: AnySession, reader: Reader, kind: str, too_early: datetime, in_time: datetime
) -> None:
    begin(reader)
    look(too_early)
    assert kind not in told(session)
    look(in_time)
    assert told(session)[-1] == kind


def test_a_clock_change_does_not_move_the_hour(session: AnySession, reader: Reader) -> None:
    with clock.frozen(paris(date(2026, 3, 21), 12)):
        begin(reader)
    look(paris(date(2026, 3, 29), 8, 59))
    assert told(session) == []
    look(paris(date(2026, 3, 29), 9))
    assert told(session) == ["j7"]


def test_after_three_days_down_only_the_newest_goes(session: AnySession, reader: Reader) -> None:
    begin(reader)
    look(paris(date(2026, 3, 20), 10))
    look(paris(date(2026, 3, 25), 10))
    look(paris(date(2026, 3, 29), 10))
    assert told(session) == ["j7", "j1", "ended"]
    subject = session.scalars(select(Mail.subject).where(Mail.kind == "trial_j1")).one()
    assert "this evening" in subject or "ce soir" in subject


def test_after_a_week_down_nothing_is_told_any_more(session: AnySession, reader: Reader) -> None:
    begin(reader)
    look(paris(date(2026, 4, 2), 10))
    assert told(session) == []


def test_trials_that_end_together_are_one_mail(session: AnySession, reader: Reader) -> None:
    begin(reader, "fintech")
    begin(reader, "media")
    look(paris(date(2026, 3, 18), 10))
    mail = session.scalars(select(Mail).where(Mail.kind == "trial_j7")).one()
    assert "mind Fintech" in mail.subject and "mind Media" in mail.subject
    assert mail.key == f"trial-j7:{reader.id}:2026-03-25"


def test_trials_that_end_on_different_days_are_told_apart(session: AnySession, reader: Reader) -> None:
    begin(reader, "fintech")
    with clock.frozen(clock.now() + timedelta(days=2)):
        begin(reader, "media")
    for day in range(10, 32):
        look(paris(date(2026, 3, day), 10))
    assert told(session) == ["j7", "j7", "j3", "j3", "j1", "j1", "ended", "ended"]


def a_subscription(reader: Reader, slug: str = "fintech") -> None:
    organisation = an_organisation()
    a_grant(organisation=organisation, vertical=slug, source=Source.SUBSCRIPTION, ends_in=timedelta(days=60))
    a_seat(organisation, reader)


@pytest.mark.parametrize("day", [11, 19, 23])
def test_conversion_stops_what_was_to_come(session: AnySession, reader: Reader, day: int) -> None:
    begin(reader)
    for today in range(10, 32):
        if today == day:
            with clock.frozen(paris(date(2026, 3, day), 8)):
                a_subscription(reader)
        look(paris(date(2026, 3, today), 10))
    due_before = {"j7": 18, "j3": 22, "j1": 24, "ended": 26}
    assert told(session) == [kind for kind, due in due_before.items() if due < day]


def test_a_mail_already_written_is_not_sent_once_one_has_bought(session: AnySession, reader: Reader) -> None:
    begin(reader)
    with clock.frozen(paris(date(2026, 3, 18), 9)):
        assert Reminders().process_due() == 1
        a_subscription(reader)
        mailer.deliver_due()
    end_reading()
    assert session.scalars(select(Mail.outcome).where(Mail.kind == "trial_j7")).one() == "unwanted"


def test_buying_one_of_two_leaves_the_other_to_be_told(session: AnySession, reader: Reader) -> None:
    begin(reader, "fintech", "media")
    a_subscription(reader, "fintech")
    look(paris(date(2026, 3, 18), 10))
    mail = session.scalars(select(Mail).where(Mail.kind == "trial_j7")).one()
    assert "mind Media" in mail.subject and "Fintech" not in mail.subject + mail.text


@pytest.mark.parametrize("change", ["suspended", "unconfirmed", "revoked"])
def test_nobody_is_reminded_of_what_they_cannot_use(session: AnySession, reader: Reader, change: str) -> None:
    begin(reader)
    with writing() as unit:
        person = unit.get_one(Reader, reader.id)
        if change == "suspended":
            person.suspended_at = clock.now()
        elif change == "unconfirmed":
            person.confirmed_at = None
        else:
            unit.scalars(select(Grant)).one().revoked_at = clock.now()
    for day in range(10, 32):
        look(paris(date(2026, 3, day), 10))
    assert told(session) == []


def test_an_extension_has_reminders_of_its_own(session: AnySession, reader: Reader) -> None:
    begin(reader)
    look(paris(date(2026, 3, 18), 10))
    with clock.frozen(paris(date(2026, 3, 20), 15)), writing() as unit:
        extend(unit, unit.scalars(select(Grant)).one(), 10, reason="Congés.", actor_id=None)
    for day in range(20, 32):
        look(paris(date(2026, 3, day), 10))
    for day in range(1, 9):
        look(paris(date(2026, 4, day), 10))
    assert told(session) == ["j7", "j7", "j3", "j1", "ended"]
    ends = session.scalars(select(Mail.key).where(Mail.kind == "trial_ended")).one()
    assert ends.endswith(":2026-04-04")


def test_a_reminder_already_written_is_not_sent_once_the_trial_is_extended(session: AnySession, reader: Reader) -> None:
    begin(reader)
    with clock.frozen(paris(date(2026, 3, 22), 9)):
        assert Reminders().process_due() == 1
        with writing() as unit:
            extend(unit, unit.scalars(select(Grant)).one(), 5, reason="Congés.", actor_id=None)
        mailer.deliver_due()
    end_reading()
    assert session.scalars(select(Mail.outcome).where(Mail.kind == "trial_j3")).one() == "unwanted"


@pytest.mark.parametrize("change", ["extended", "revoked"])
def test_an_end_that_was_moved_before_its_mail_left_is_not_told(
    session: AnySession, reader: Reader, change: str
) -> None:
    begin(reader)
    with writing() as unit:
        grant = unit.scalars(select(Grant)).one()
        if change == "revoked":
            grant.revoked_at = clock.now()
        else:
            for days in (3, 4):
                extend(unit, grant, days, reason="Congés.", actor_id=None)
    mailer.deliver_due()
    end_reading()
    outcomes = session.execute(select(Mail.kind, Mail.outcome).order_by(Mail.id)).all()
    untold = [("trial_started", "unwanted"), ("trial_extended", "unwanted"), ("trial_extended", "kept")]
    assert [tuple(row) for row in outcomes] == untold[: 1 if change == "revoked" else 3]


def test_an_end_just_told_by_an_extension_is_not_told_again_at_once(session: AnySession, reader: Reader) -> None:
    begin(reader)
    look(paris(date(2026, 3, 22), 10))
    with clock.frozen(paris(date(2026, 3, 23), 15)), writing() as unit:
        extend(unit, unit.scalars(select(Grant)).one(), 3, reason="Congés.", actor_id=None)
    look(paris(date(2026, 3, 24), 10))
    assert told(session) == ["j3"]
    look(paris(date(2026, 3, 25), 10))
    assert told(session) == ["j3", "j3"]


def reads(reader: Reader, *read: tuple[int, int]) -> None:
    """Articles by their ids, each on a day of March."""
    with writing() as unit:
        for article_id, day in read:
            row = {"reader_id": reader.id, "article_id": article_id, "day": date(2026, 3, day)}
            unit.add(Reading(**row, first_at=paris(date(2026, 3, day), 9)))
        unit.get_one(Reader, reader.id).locale = "en"


def j7(session: AnySession) -> Mail:
    look(paris(date(2026, 3, 18), 10))
    return session.scalars(select(Mail).where(Mail.kind == "trial_j7")).one()


def test_what_was_read_is_told_by_its_titles_the_last_first(session: AnySession, reader: Reader) -> None:
    begin(reader)
    old, new, before = (an_article(title=title).id for title in ("L’ancien", "Le nouveau", "D’avant l’essai"))
    reads(reader, (old, 11), (new, 12), (old, 10), (before, 3))
    mail = j7(session)
    for part in (mail.text, mail.html):
        assert "you have read 2 articles:" in part
        assert part.index("Le nouveau") < part.index("L’ancien") and "D’avant l’essai" not in part
        assert part.count("http://localhost/health/article/") >= 2


def test_at_most_five_titles_are_told_and_none_that_was_withdrawn(session: AnySession, reader: Reader) -> None:
    begin(reader)
    ids = [an_article(title=f"Article numéro {number}.").id for number in range(7)]
    gone = an_article(title="Le retiré", state=ArticleState.WITHDRAWN).id
    reads(reader, *((article_id, 11 + number % 5) for number, article_id in enumerate([*ids, gone])))
    mail = j7(session)
    assert "you have read 8 articles, the last of them:" in mail.text
    assert mail.text.count("Article numéro") == mail.html.count("Article numéro") == 5
    assert "Le retiré" not in mail.text + mail.html


def test_only_the_first_reminder_asks_what_articles_are_called(session: AnySession, reader: Reader) -> None:
    begin(reader)
    reads(reader, (an_article().id, 11))
    asked = []
    for day in (18, 22, 24):
        with statements() as seen:
            look(paris(date(2026, 3, day), 10))
        asked.append(any("FROM articles" in statement for statement in seen))
    assert told(session) == ["j7", "j3", "j1"] and asked == [True, False, False]


def test_articles_that_are_gone_are_still_counted(session: AnySession, reader: Reader) -> None:
    begin(reader)
    reads(reader, (901, 11), (901, 12), (902, 12))
    mail = j7(session)
    assert "you have read 2 articles." in mail.text and "you have read 2 articles." in mail.html


@pytest.mark.parametrize(("consent", "kinds"), [(False, ["ended"]), (True, ["ended", "after7", "after30"])])
def test_offers_after_the_end_need_consent(
    session: AnySession, reader: Reader, consent: bool, kinds: list[str]
) -> None:
    begin(reader)
    if consent:
        with writing() as unit:
            unit.get_one(Reader, reader.id).marketing_consent_at = clock.now()
    for ahead in range(1, 42):
        look(paris(LAST_DAY + timedelta(days=ahead), 10))
    assert told(session) == kinds
    if consent:
        headers = session.scalars(select(Mail.headers).where(Mail.kind == "trial_after7")).one()
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert headers["List-Unsubscribe"].startswith("<http://localhost/trial/offers/")


def test_consent_withdrawn_before_sending_is_respected(session: AnySession, reader: Reader) -> None:
    begin(reader)
    with writing() as unit:
        unit.get_one(Reader, reader.id).marketing_consent_at = clock.now()
    with clock.frozen(paris(date(2026, 4, 1), 9)):
        Reminders().process_due()
        with writing() as unit:
            unit.get_one(Reader, reader.id).marketing_consent_at = None
        mailer.deliver_due()
    assert told(session) == []


@pytest.mark.parametrize("silent", [False, True])
def test_many_readers_are_walked_through_page_by_page_also_those_who_are_told_nothing(
    session: AnySession, silent: bool
) -> None:
    with writing():
        for number in range(7):
            reader = a_reader(f"r{number}@cabinet{number}.fr", suspended_at=clock.now() if silent else None)
            a_grant(reader, vertical="media", source=Source.TRIAL, ends_in=timedelta(hours=12))
    worker = Reminders()
    counts = [worker.process_due(limit=3) for _turn in range(5)]
    assert counts == [3, 3, 1, 0, 0]
    assert len(session.scalars(select(Mail).where(Mail.kind == "trial_j1")).all()) == (0 if silent else 7)


def test_a_worker_that_never_stops_says_nothing_twice(session: AnySession, reader: Reader) -> None:
    begin(reader)
    worker = Reminders()
    for moment in moments(date(2026, 3, 10), date(2026, 3, 31)):
        with clock.frozen(moment):
            while worker.process_due() or mailer.deliver_due():
                pass
    assert told(session) == ["j7", "j3", "j1", "ended"]


def many_trials(count: int) -> None:
    """So many readers whose trials end on so many days, written plainly: only the planner looks at them."""
    now, vertical = clock.now(), a_vertical("health").id
    readers = [
        {
            "id": n,
            "email": f"{n}@x.fr",
            "email_key": f"{n}@x.fr",
            "person_key": b"",
            "role": Role.READER,
            "created_at": now,
        }
        for n in range(1, count + 1)
    ]
    trial = {"act_id": "x", "vertical_id": vertical, "source": Source.TRIAL, "starts_at": now, "created_at": now}
    ends = [{"reader_id": n, "ends_at": now + timedelta(days=n), **trial} for n in range(1, count + 1)]
    with writing() as unit:
        unit.execute(insert(Reader), readers)
        unit.execute(insert(Grant), ends)
        unit.execute(text("ANALYZE"))


def test_the_query_uses_the_index_of_trial_ends(session: AnySession) -> None:
    many_trials(2000)
    asked, values = candidates(KINDS[0], LAST_DAY, after=0, limit=50)
    statement = asked.params(**values).compile(db.engine, compile_kwargs={"literal_binds": True})
    word = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    plan = str(session.connection().exec_driver_sql(f"{word} {statement}").all())
    assert "ix_grants_trial_end" in plan and "outbox" in plan


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_every_mail_is_complete_in_both_languages(session: AnySession, reader: Reader, kind: str, locale: str) -> None:
    with writing() as unit:
        person = unit.get_one(Reader, reader.id)
        person.locale, person.marketing_consent_at = locale, clock.now()
    begin(reader)
    found = next(each for each in KINDS if each.name == kind)
    look(found.due_from(LAST_DAY) + timedelta(hours=1))
    mail = session.scalars(select(Mail).where(Mail.kind == found.mail)).one()
    assert "mind Fintech" in mail.subject and "\n" not in mail.subject
    for part in (mail.text, mail.html):
        assert "http://localhost" in part and "None" not in part and "{" not in part.split("</style>")[-1]
    assert f'lang="{locale}"' in mail.html and ("/trial/offers/" in mail.text) is found.marketing


def test_a_mail_of_nobody_is_not_sent(session: AnySession) -> None:
    mail = Mail(
        kind="trial_j7",
        reader_id=None,
        facts={"day": "2026-03-25", "grants": []},
        expires_at=clock.now() + timedelta(1),
    )
    assert not outbox.is_wanted(session, mail)
