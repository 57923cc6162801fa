"""A seat offered to an address: once while it waits, again when its time is over, noted without the address."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.audit import AuditEvent
from portal.db import AnySession, writing
from portal.organisations import invitations
from tests.builders import an_organisation


def test_an_address_is_invited_once_while_it_waits(session: AnySession) -> None:
    company = an_organisation()
    with writing() as unit:
        first = invitations.invite(unit, company.id, "Lectrice@Example.org", actor_id=None)
        again = invitations.invite(unit, company.id, "lectrice@example.org", actor_id=None)
    assert first.id == again.id and first.expires_at == clock.now() + invitations.LIFETIME


def test_an_invitation_waits_for_fourteen_days(session: AnySession) -> None:
    company = an_organisation()
    with writing() as unit:
        made = invitations.invite(unit, company.id, "lectrice@example.org", actor_id=None)
    for days, waits in ((13, True), (14, False)):
        with clock.frozen(made.created_at + timedelta(days=days)):
            assert (invitations.waiting_for(session, company.id, "lectrice@example.org") is not None) is waits


def test_it_is_invited_again_when_its_time_is_over(session: AnySession) -> None:
    company = an_organisation()
    with writing() as unit:
        first = invitations.invite(unit, company.id, "lectrice@example.org", actor_id=None)
    with clock.frozen(clock.now() + invitations.LIFETIME), writing() as unit:
        again = invitations.invite(unit, company.id, "lectrice@example.org", actor_id=None)
    assert first.id != again.id


def test_another_company_invites_for_itself(session: AnySession) -> None:
    one, other = an_organisation(), an_organisation()
    with writing() as unit:
        first = invitations.invite(unit, one.id, "lectrice@example.org", actor_id=None)
        second = invitations.invite(unit, other.id, "lectrice@example.org", actor_id=None)
    assert first.id != second.id and first.token_hash != second.token_hash


def test_the_log_keeps_the_act_and_not_the_address(session: AnySession) -> None:
    company = an_organisation()
    with clock.frozen(clock.now() - timedelta(days=1)), writing() as unit:
        invitations.invite(unit, company.id, "lectrice@example.org", actor_id=None)
    event = session.scalars(select(AuditEvent).where(AuditEvent.act == "seat.invited")).one()
    assert (event.target_kind, event.target_id) == ("organisation", company.id)
    assert "lectrice" not in str(event.values)
