"""Somebody for every refusal of the decision table, and for each role of the staff that may not read everything."""

from collections.abc import Callable
from datetime import timedelta

from portal import clock
from portal.access.vocabulary import EndCause, Reason, Source
from portal.accounts.models import Reader
from portal.billing import awaiting
from portal.db import writing
from portal.organisations import invitations
from portal.roles import Permission, Role, is_staff, may
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_organisation

DAY = timedelta(days=1)
OVER = {"starts_in": -20 * DAY, "ends_in": -1 * DAY}
SHUT_OUT = [role for role in Role if is_staff(role) and not may(role, Permission.READ_EVERYTHING)]


def _suspended() -> Reader:
    reader = a_reader(suspended_at=clock.now())
    a_grant(reader)
    return reader


def _unconfirmed() -> Reader:
    reader = a_reader(confirmed=False)
    a_grant(reader)
    return reader


def _pending() -> Reader:
    company = an_organisation(reader := a_reader())
    with writing() as unit:
        awaiting.expect(unit, company.id, "cs_1", [a_vertical().id])
    return reader


def _invited() -> Reader:
    company, reader = an_organisation(a_reader()), a_reader()
    a_grant(organisation=company, source=Source.SUBSCRIPTION)
    with writing() as unit:
        invitations.invite(unit, company.id, reader.email, actor_id=None)
    return reader


def _given(**more: timedelta) -> Reader:
    a_grant(reader := a_reader(), **more)
    return reader


def _bought(cause: EndCause) -> Reader:
    company = an_organisation(reader := a_reader())
    a_seat(company, reader, opened_at=clock.now() - 20 * DAY)
    a_grant(organisation=company, source=Source.SUBSCRIPTION, end_cause=cause, **OVER)
    return reader


def _unseated() -> Reader:
    company, reader = an_organisation(a_reader()), a_reader()
    a_grant(organisation=company, source=Source.SUBSCRIPTION, starts_in=-9 * DAY)
    a_seat(company, reader, opened_at=clock.now() - 8 * DAY, closed_at=clock.now())
    return reader


def _tried() -> Reader:
    a_grant(reader := a_reader(), source=Source.TRIAL, **OVER)
    return reader


def _reads_elsewhere() -> Reader:
    a_grant(reader := a_reader(), vertical="media")
    return reader


STANDINGS: dict[str, tuple[Reason, Callable[[], Reader | None]]] = {
    "a stranger": (Reason.ANONYMOUS, lambda: None),
    "suspended": (Reason.SUSPENDED, _suspended),
    "unconfirmed": (Reason.UNCONFIRMED, _unconfirmed),
    "paid, not yet confirmed": (Reason.PAYMENT_PENDING, _pending),
    "invited": (Reason.SEAT_INVITED, _invited),
    "not begun": (Reason.NOT_STARTED, lambda: _given(starts_in=DAY, ends_in=2 * DAY)),
    "unpaid": (Reason.PAYMENT_OVERDUE, lambda: _bought(EndCause.UNPAID)),
    "disputed": (Reason.PAYMENT_DISPUTED, lambda: _bought(EndCause.DISPUTED)),
    "cancelled": (Reason.SUBSCRIPTION_ENDED, lambda: _bought(EndCause.CANCELLED)),
    "seat taken away": (Reason.SEAT_ENDED, _unseated),
    "gift over": (Reason.ADMIN_GRANT_ENDED, lambda: _given(**OVER)),
    "trial over": (Reason.TRIAL_ENDED, _tried),
    "reads elsewhere": (Reason.OTHER_VERTICAL_TRY, _reads_elsewhere),
    "nothing yet": (Reason.TRIAL_AVAILABLE, a_reader),
    **{
        f"{role.value} of the staff": (Reason.TRIAL_AVAILABLE, lambda role=role: a_reader(role=role))
        for role in SHUT_OUT
    },
}
"""By name: why mind Health is closed to them, and who they are. A vertical without trials adds the last two reasons."""
WITHOUT_TRIALS = {"reads elsewhere": Reason.OTHER_VERTICAL_BUY, "nothing yet": Reason.BUY}
