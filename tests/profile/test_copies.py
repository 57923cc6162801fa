"""A copy of one's data: everything about the reader, nothing about others, for its owner alone, for a week."""

import csv
import io
import json
import zipfile
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import LargeBinary

from portal import clock, retention, spreadsheets
from portal.access.models import TrialLedger
from portal.access.vocabulary import Source
from portal.accounts import second_factor, tokens
from portal.accounts.models import AccountToken, Reader, ReaderSession, SecondAddress, TokenPurpose
from portal.accounts.models_security import DataExport
from portal.db import AnySession, db, writing
from portal.enquiries import asking
from portal.enquiries.models import EnquiryKind
from portal.outbox import Mail
from portal.profile import copies, export, packing
from portal.reading import saved
from portal.reading.models import Reading
from portal.worker import Worker
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation
from tests.conftest import NOON
from tests.forms import sign_in, submit

PAGE = "/profile/data"
FORMULA = '=HYPERLINK("https://evil.example")'


@pytest.fixture
def claire(app: Flask) -> Reader:
    """A reader with something in most rooms."""
    reader = a_reader("claire@example.org", name="Claire Vasseur", company="Clinique", password="trois chevaux bleus")
    article = an_article("un-article", title="Le titre lu")
    a_grant(reader, source=Source.TRIAL)
    a_grant(reader, vertical="media", reason="Geste commercial, client pénible")
    company = an_organisation(reader, name="Clinique du Parc")
    a_seat(company, reader)
    colleague = a_reader("colleague@example.org", name="Paul Collègue")
    a_seat(company, colleague)
    with writing() as unit:
        second_factor.confirm(
            unit,
            unit.get_one(Reader, reader.id),
            salt := second_factor.new_salt(),
            second_factor.code_at(salt, clock.wall()),
        )
        tokens.issue(unit, unit.get_one(Reader, reader.id), TokenPurpose.RESET_PASSWORD)
        unit.add(SecondAddress(reader_id=reader.id, email="c@perso.fr", email_key="c@perso.fr", proved_at=NOON))
        unit.add(Reading(reader_id=reader.id, article_id=article.id, day=NOON.date(), first_at=NOON, times=2))
        unit.add(
            TrialLedger(
                person_key=reader.person_key,
                key_id="1",
                vertical_id=article.primary_vertical_id,
                tried_at=NOON,
                forget_at=NOON + timedelta(days=9),
            )
        )
        saved.save(unit, reader.id, article.id)
        asking.ask(
            unit,
            kind=EnquiryKind.CONTACT,
            name=reader.name,
            email=reader.email,
            message=FORMULA,
            subject="Une question",
            reader_id=reader.id,
            locale="fr",
        )
    return reader


@pytest.fixture
def signed_in(client: FlaskClient, claire: Reader) -> FlaskClient:
    sign_in(client, claire)
    return client


def ask(client: FlaskClient) -> str:
    return submit(client, PAGE, page="/profile/identity", follow=True).text


def made(client: FlaskClient) -> zipfile.ZipFile:
    ask(client)
    copies.make_due()
    last = db.session.query(DataExport).order_by(DataExport.id.desc()).first()
    assert last
    answer = client.get(f"{PAGE}/copy/{last.id}")
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.data))


def test_the_copy_holds_what_each_room_knows(signed_in: FlaskClient, claire: Reader) -> None:
    archive = made(signed_in)
    rooms = {
        name.removesuffix(".json"): json.loads(archive.read(name)) for name in archive.namelist() if "json" in name
    }
    assert set(rooms) == set(packing.ROOMS)
    assert rooms["identity"]["email"] == "claire@example.org"
    assert [row["vertical"] for row in rooms["rights"]] == ["mind Health", "mind Media"]
    assert rooms["reading_log"] == [
        {"article": "Le titre lu", "day": "2026-03-10", "first_at": NOON.astimezone(clock.UTC).isoformat(), "times": 2}
    ]
    assert [row["article"] for row in rooms["saved_articles"]] == ["Le titre lu"]
    assert [row["email"] for row in rooms["second_addresses"]] == ["c@perso.fr"]
    assert [row["vertical"] for row in rooms["trials_used"]] == ["mind Health"]
    assert [row["organisation"] for row in rooms["seats"]] == ["Clinique du Parc"]
    assert rooms["enquiries"][0]["message"] == FORMULA
    assert "second-factor.on" in {row["act"] for row in rooms["security_events"]}
    assert all(set(row) == {"created_at", "subject"} for row in rooms["mails"]) and rooms["mails"]
    assert b"identity: qui vous" in archive.read("LISEZ-MOI.txt")


def test_nothing_in_it_opens_a_door_or_is_about_somebody_else(
    signed_in: FlaskClient, claire: Reader, session: AnySession
) -> None:
    archive = made(signed_in)
    whole = b"\n".join(archive.read(name) for name in archive.namelist())
    reader = session.get_one(Reader, claire.id, populate_existing=True)
    assert reader.password_hash and reader.password_hash.encode() not in whole
    for table in (db.metadata.tables[name] for name in db.metadata.tables):
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                values = [value for value in session.scalars(db.select(column)) if value and len(value) < 100]
                assert not any(value in whole or value.hex().encode() in whole for value in values), column
    for secret in ("pénible", "Paul", "colleague@", "argon2"):
        assert secret.encode() not in whole


def test_tables_open_in_a_spreadsheet_and_no_cell_is_a_formula(signed_in: FlaskClient) -> None:
    archive = made(signed_in)
    raw = archive.read("enquiries.csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert rows[0]["message"] == "'" + FORMULA


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_that_begin_like_a_formula_are_neutralised(start: str) -> None:
    assert spreadsheets._cell(f"{start}1+1", "fr") == f"'{start}1+1"
    assert spreadsheets._cell(f"1{start}1", "fr") == f"1{start}1"
    assert spreadsheets._cell(None, "fr") == ""


def test_the_copy_speaks_the_readers_language(app: Flask) -> None:
    packed = packing.pack({"identity": {"email": "x"}, "mails": []}, locale="en", at=NOON)
    archive = zipfile.ZipFile(io.BytesIO(packed))
    assert set(archive.namelist()) == {"README.txt", "identity.json", "mails.json"}
    assert b"A copy of your data, made on 10" in archive.read("README.txt")


def test_every_part_of_the_copy_is_explained(claire: Reader, session: AnySession) -> None:
    assert list(export.collect(session, claire.id)) and set(export.collect(session, claire.id)) == set(packing.ROOMS)


def test_the_worker_makes_it_once_and_tells_by_mail(signed_in: FlaskClient, app: Flask, session: AnySession) -> None:
    assert "Votre copie est en préparation" in ask(signed_in)
    assert copies.make_due() == 1
    assert copies.make_due() == 0
    mail = session.query(Mail).filter_by(kind="export_ready").one()
    assert "http://localhost/profile/data" in mail.text
    assert "copies" in {job.name for job in Worker(app).jobs}


def test_two_workers_at_once_make_one_copy(signed_in: FlaskClient, session: AnySession) -> None:
    ask(signed_in)
    copy_id = session.query(DataExport).one().id
    assert copies._make(copy_id)
    assert not copies._make(copy_id)
    assert session.query(Mail).filter_by(kind="export_ready").count() == 1


def test_a_copy_that_cannot_be_made_keeps_nobody_waiting(
    signed_in: FlaskClient, claire: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(signed_in)
    other = a_reader("other@example.org")
    with writing() as unit:
        copies.ask(unit, other.id)
    collect = export.collect

    def fails_for_claire(unit: AnySession, reader_id: int) -> dict[str, export.Row | list[export.Row]]:
        if reader_id == claire.id:
            raise RuntimeError("a fault")
        return collect(unit, reader_id)

    monkeypatch.setattr(export, "collect", fails_for_claire)
    assert copies.make_due() == 1
    with pytest.raises(RuntimeError):
        copies.make_due()
    monkeypatch.undo()
    assert copies.make_due() == 1


def test_one_at_a_time_and_one_a_day(signed_in: FlaskClient, session: AnySession) -> None:
    ask(signed_in)
    assert "déjà en préparation" in ask(signed_in)
    copies.make_due()
    assert "une copie par jour" in ask(signed_in)
    assert session.query(DataExport).count() == 1
    with clock.frozen(NOON + timedelta(days=1, minutes=1)), writing() as unit:
        copies.ask(unit, session.query(DataExport).one().reader_id)
    copies.make_due()
    assert session.query(DataExport).count() == 1


def test_only_its_owner_downloads_it(signed_in: FlaskClient, app: Flask) -> None:
    made(signed_in)
    copy_id = db.session.query(DataExport).one().id
    url = f"{PAGE}/copy/{copy_id}"
    answer = signed_in.get(url)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="mind-2026-03-10.zip"'
    other, admin, stranger = app.test_client(), app.test_client(), app.test_client()
    sign_in(other, a_reader("other@example.org"))
    from portal.roles import Role

    sign_in(admin, a_reader("admin@example.org", role=Role.ADMIN))
    assert other.get(url).status_code == admin.get(url).status_code == 404
    assert stranger.get(url).status_code == 303
    assert signed_in.get(f"{PAGE}/copy/{10**30}").status_code == 404


def test_asking_and_downloading_need_a_fresh_password(signed_in: FlaskClient) -> None:
    made(signed_in)
    url = f"{PAGE}/copy/{db.session.query(DataExport).one().id}"
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert signed_in.get(url).location.startswith("/login/again")
        again = submit(signed_in, PAGE, page="/profile/identity")
        assert again.location.startswith("/login/again")
        assert signed_in.get(PAGE).status_code == 200


def test_after_a_week_it_is_gone(signed_in: FlaskClient, claire: Reader, session: AnySession) -> None:
    made(signed_in)
    url = f"{PAGE}/copy/{session.query(DataExport).one().id}"
    with clock.frozen(NOON + timedelta(days=7)):
        sign_in(signed_in, claire)
        assert signed_in.get(url).status_code == 404
        assert url not in signed_in.get(PAGE).text
        assert retention.run()["copies of one's data"] == 1
        assert session.query(DataExport).count() == 0


def test_looking_at_the_page_loads_no_copy(signed_in: FlaskClient, session: AnySession) -> None:
    made(signed_in)
    last = copies.last_of(session, session.query(DataExport.reader_id).scalar() or 0)
    assert last and "content" not in last.__dict__
    assert session.query(AccountToken).count() == 1 and session.query(ReaderSession).count() == 1
