"""Erasing an account: no table knows the person any more, and what must stay has no name."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import audit, clock
from portal.access.models import Grant, TrialLedger
from portal.access.vocabulary import EndCause, Source
from portal.accounts import recovery
from portal.accounts.models import AddressProof, Reader, SecondAddress
from portal.audit import AuditEvent
from portal.billing.models import Invoice
from portal.db import AnySession, db, writing
from portal.enquiries.models import Enquiry, EnquiryState
from portal.history import Snapshot
from portal.mailer import deliver_due
from portal.organisations import invitations
from portal.organisations.models import Organisation, Seat
from portal.outbox import Mail
from portal.profile import copies, erasure
from portal.reading.models import Reading
from portal.trials import start
from tests.builders import a_grant, a_reader
from tests.conftest import NOON
from tests.guards.house import contents
from tests.profile.erasing import ADDRESS, erase, places


def test_no_table_knows_the_person_afterwards(full: Reader) -> None:
    before = places()
    assert {"readers.email", "outbox.text", "audit_personal.values", "organisations.name", "enquiries.facts"} <= before
    erase(full)
    assert places() == set()
    assert {place.partition(".")[0] for place in places(without_last_mail=False)} == {"outbox"}


def test_every_place_that_can_know_a_reader_is_furnished_by_the_test(full: Reader) -> None:
    """A table that points to readers and is empty here would be walked in vain."""
    rows = contents()
    pointing = {
        table.name
        for table in db.metadata.sorted_tables
        if any(key.column.table.name == "readers" for key in table.foreign_keys)
    }
    assert {name for name in pointing if not rows[name]} <= {
        "cancellations",
        "checkout_attempts",
        "invoice_orders",
        "subscription_changes",
        "withdrawals",
    }


def test_what_belongs_to_others_stays(full: Reader, session: AnySession) -> None:
    friend = session.query(Reader).filter_by(email="friend@example.org").one()
    theirs = session.query(Mail).filter_by(reader_id=friend.id, kind="accounts_linked").one()
    words = len(theirs.text.split())
    erase(full)
    again = session.query(Mail).filter_by(id=theirs.id).one()
    assert (again.to_address, len(again.text.split()), again.closed_at) == ("friend@example.org", words, None)
    assert session.query(Organisation).filter_by(name="Clinique du Parc").one().billing_email == ""
    assert session.query(SecondAddress).count() == session.query(AddressProof).count() == 0


def test_the_audit_and_invoices_stay_without_a_name(full: Reader, session: AnySession) -> None:
    events, snapshots = session.query(AuditEvent).count(), session.query(Snapshot).count()
    erase(full)
    assert session.query(AuditEvent).count() > events and session.query(Snapshot).count() > snapshots
    invoice = session.query(Invoice).one()
    organisation = session.get_one(Organisation, invoice.organisation_id, populate_existing=True)
    assert (organisation.name, organisation.street) == (f"erased-{organisation.id}", "")
    event = session.query(AuditEvent).filter_by(act="account.erased").one()
    assert (event.actor_id, event.target_id, event.values) == (full.id, full.id, {})


def test_rights_end_with_an_act_and_seats_with_their_history(full: Reader, session: AnySession) -> None:
    erase(full)
    grants = session.query(Grant).filter_by(reader_id=full.id).all()
    assert {grant.end_cause for grant in grants} == {EndCause.REVOKED}
    assert session.query(AuditEvent).filter_by(act="grant.revoked").count() == len(grants) == 2
    seat = session.query(Seat).one()
    assert (seat.closed_at, seat.close_cause) == (NOON, "erased")
    facts = session.query(Snapshot).filter_by(kind="seat").order_by(Snapshot.id.desc()).first()
    assert facts and facts.facts["closed_at"]
    assert session.query(AuditEvent).filter_by(act="seat.closed").count() == 1


def test_nothing_of_the_reader_leaves_any_more(full: Reader, session: AnySession) -> None:
    erase(full)
    waiting = {mail.to_address for mail in session.query(Mail).filter(Mail.closed_at.is_(None))}
    assert ADDRESS in waiting and f"erased-{full.id}@erased.invalid" not in waiting
    states = {enquiry.state for enquiry in session.query(Enquiry)}
    assert EnquiryState.OPEN not in states


def test_the_last_mail_holds_the_address_until_it_has_left(zoe: Reader, session: AnySession) -> None:
    erase(zoe)
    mail = session.query(Mail).filter_by(kind="account_erased").one()
    assert (mail.to_address, mail.reader_id, mail.expires_at) == (ADDRESS, None, NOON + timedelta(days=1))
    with writing() as unit:
        assert erasure.tidy(unit) == 0
    deliver_due()
    with writing() as unit:
        assert erasure.tidy(unit) == 1
    assert places(without_last_mail=False) == set()


def test_a_last_mail_that_cannot_leave_is_gone_after_a_day(zoe: Reader) -> None:
    erase(zoe)
    with clock.frozen(NOON + timedelta(days=1)), writing() as unit:
        assert erasure.tidy(unit) == 1
    assert places(without_last_mail=False) == set()


def test_a_reading_noted_in_the_last_second_goes_too(zoe: Reader, session: AnySession) -> None:
    erase(zoe)
    with writing() as unit:
        unit.add(Reading(reader_id=zoe.id, article_id=1, day=NOON.date(), first_at=NOON))
    with writing() as unit:
        assert erasure.tidy(unit) == 1


def test_the_same_address_registers_again_and_finds_the_trial_used(full: Reader, session: AnySession) -> None:
    erase(full)
    again = a_reader(ADDRESS)
    with writing() as unit:
        answer = start.start(unit, unit.get_one(Reader, again.id), ["health"], clock.now())
    assert (answer.tried, answer.started) == (["mind Health"], [])
    assert session.query(TrialLedger).count() == 1


def test_the_trial_is_used_under_an_address_taken_after_it(full: Reader, session: AnySession) -> None:
    from portal.accounts import readers

    with writing() as unit:
        readers.change_address(unit, unit.get_one(Reader, full.id), "zoe@later.example.com")
    erase(full)
    for address in (ADDRESS, "zoe@later.example.com"):
        again = a_reader(address)
        with writing() as unit:
            assert start.start(unit, unit.get_one(Reader, again.id), ["health"], clock.now()).tried


def test_addresses_had_before_and_proved_ones_go_too(full: Reader, session: AnySession) -> None:
    from portal.accounts import readers

    later, proved = "zorglub@later.example.com", "zorglub@perso.fr"
    company = session.query(Organisation).filter_by(name="Clinique du Parc").one()
    with writing() as unit:
        reader = unit.get_one(Reader, full.id)
        unit.add(SecondAddress(reader_id=full.id, email=proved, email_key=proved, proved_at=NOON))
        invitations.invite(unit, company.id, proved, actor_id=None)
        readers.change_address(unit, reader, later)
        personal = {"before": ADDRESS, "after": later}
        audit.record(unit, "account.address-changed", target=("reader", full.id), personal=personal)
    erase(full)
    assert places() == set()
    assert session.query(Mail).filter_by(kind="account_erased").one().to_address == later


def test_an_address_that_is_anothers_by_now_is_left_to_them(full: Reader, session: AnySession) -> None:
    from portal.accounts import readers

    with writing() as unit:
        readers.change_address(unit, unit.get_one(Reader, full.id), "zoe@later.example.com")
        personal = {"before": ADDRESS, "after": "zoe@later.example.com"}
        audit.record(unit, "account.address-changed", target=("reader", full.id), personal=personal)
    successor = a_reader(ADDRESS)
    with writing() as unit:
        recovery.ask_for_reset(unit, email=ADDRESS, locale="fr", network="x")
    erase(full)
    mail = session.query(Mail).filter_by(kind="reset_password", reader_id=successor.id).one()
    assert (mail.to_address, mail.closed_at) == (ADDRESS, None)


def test_the_row_that_stays_is_nobodys(zoe: Reader, session: AnySession) -> None:
    before = zoe.person_key
    erase(zoe)
    reader = session.get_one(Reader, zoe.id, populate_existing=True)
    assert reader.email == reader.email_key == f"erased-{zoe.id}@erased.invalid"
    assert (reader.name, reader.company, reader.password_hash, reader.company_key) == ("", "", None, None)
    assert reader.person_key != before and reader.erased_at == NOON


def test_what_fails_half_way_erases_nothing(full: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.accounts import mails

    def fails(*_args: object) -> None:
        raise RuntimeError("the disk is full")

    before = places()
    monkeypatch.setattr(mails, "account_erased", fails)
    with pytest.raises(RuntimeError):
        erase(full)
    assert places() == before


def test_a_copy_under_way_is_made_for_nobody(zoe: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account ends between the worker's reading and its writing."""
    from portal.profile import packing

    with writing() as unit:
        copy_id = copies.ask(unit, zoe.id).id
    pack = packing.pack

    def erased_meanwhile(*args: Any, **more: Any) -> bytes:
        packed = pack(*args, **more)
        erase(zoe)
        return packed

    monkeypatch.setattr(packing, "pack", erased_meanwhile)
    assert not copies._make(copy_id)
    assert session.query(Mail).filter_by(kind="export_ready").count() == 0
    assert session.scalar(select(Mail.id).where(Mail.kind == "account_erased"))


def test_the_trial_ledger_row_outlives_a_trial_that_is_over(zoe: Reader, session: AnySession) -> None:
    a_grant(zoe, source=Source.TRIAL, starts_in=timedelta(days=-30), ends_in=timedelta(days=-14))
    key = zoe.person_key
    erase(zoe)
    row = session.query(TrialLedger).one()
    assert row.person_key == key and row.tried_at == NOON - timedelta(days=30)
