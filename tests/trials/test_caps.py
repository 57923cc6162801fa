"""A company's number of trials: which companies there are, what may be set, and what the audit log keeps of it."""

import pytest
from sqlalchemy import select

from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, end_reading, writing
from portal.trials import caps
from portal.trials.caps import CapError
from portal.trials.models import CompanyCap
from tests.builders import a_reader, a_vertical
from tests.conftest import NOON

COMPANY = "clinique.fr"


def set_cap(session: AnySession, cap: int | None, company: str = COMPANY, actor_id: int | None = None) -> None:
    with writing(session) as unit:
        caps.set_cap(unit, company, cap, reason=" Accord ", actor_id=actor_id)


@pytest.mark.parametrize(
    ("text", "company"),
    [
        (" Clinique.FR ", COMPANY),
        ("ana@clinique.fr", COMPANY),
        ("ana@gmail.com", None),
        ("clinique", None),
        ("a@b@clinique.fr", COMPANY),
        ("", None),
    ],
)
def test_a_company_is_known_by_its_domain_or_by_an_address(text: str, company: str | None) -> None:
    assert caps.company_named(text) == company


@pytest.mark.parametrize(("cap", "refused"), [(-1, True), (0, False), (500, False), (501, True)])
def test_a_company_has_between_no_trial_and_five_hundred(session: AnySession, cap: int, refused: bool) -> None:
    if not refused:
        set_cap(session, cap)
        assert caps.cap_of(session, COMPANY, a_vertical()) == cap
        return
    with pytest.raises(CapError, match=r"^cap$"):
        set_cap(session, cap)


def test_a_change_is_kept_with_who_made_it_and_why(session: AnySession) -> None:
    staff = a_reader()
    set_cap(session, 3, actor_id=staff.id)
    row = session.scalars(select(CompanyCap)).one()
    set_cap(session, None, actor_id=staff.id)
    end_reading()
    found = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert [(one.act, one.actor_id, one.target_kind, one.target_id) for one in found] == [
        ("company.cap-changed", staff.id, "company", row.id)
    ] * 2
    assert [one.values for one in found] == [{"cap_before": None, "cap": 3}, {"cap_before": 3, "cap": None}]
    kept = session.get_one(AuditPersonal, found[0].id)
    assert kept.values == {"company": COMPANY, "reason": "Accord"}


def test_of_two_who_give_a_company_its_first_number_at_once_the_second_is_told(session: AnySession) -> None:
    set_cap(session, 3)
    with pytest.raises(CapError, match=r"^meanwhile$") as error, writing(session) as unit:
        caps._write(unit, None, COMPANY, 4)
    assert error.value.code == "meanwhile"


def test_titles_with_their_numbers_come_as_the_masthead_has_them(session: AnySession) -> None:
    a_vertical("health", position=3, trial_cap_per_company=7)
    a_vertical("media", position=1)
    a_vertical("fintech", position=0, retired_at=NOON)
    assert caps.defaults(session) == [("mind Media", 5), ("mind Health", 7)]
