"""How many trials of a vertical may run at a time for one company: the vertical's number, or the company's own."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, clock
from portal.accounts.identity import company_key
from portal.db import AnySession
from portal.trials import queries
from portal.trials.models import CompanyCap
from portal.verticals import Vertical

MOST = 500
_DOMAIN = re.compile(r"(?=.{3,253}$)[\w-]+(\.[\w-]+)+")


class CapError(ValueError):
    """The cap cannot be set so; the code says why: cap, reason, company, meanwhile."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def company_named(text: str) -> str | None:
    """The company's key behind a domain or an address; None for what is no company's (free and relay providers)."""
    domain = text.strip().rpartition("@")[2]
    return company_key(f"x@{domain}") if _DOMAIN.fullmatch(domain) else None


def own_cap(session: AnySession, company: str) -> CompanyCap | None:
    """The company's own cap, if it has one."""
    return session.scalar(select(CompanyCap).where(CompanyCap.company_key == company))


def cap_of(session: AnySession, company: str, vertical: Vertical) -> int:
    """How many trials of this vertical may run at a time for this company."""
    own = own_cap(session, company)
    return vertical.trial_cap_per_company if own is None else own.cap


def reached(session: AnySession, company: str, vertical: Vertical, at: datetime) -> int | None:
    """The cap, when as many trials are running; else None."""
    cap = cap_of(session, company, vertical)
    return cap if queries.running_in_company(session, company, vertical.id, at) >= cap else None


def set_cap(session: AnySession, company: str, cap: int | None, *, reason: str, actor_id: int | None) -> None:
    """Give a company a cap of its own (0–500) for every vertical; None: as everybody again. Raises CapError."""
    if cap is not None and not 0 <= cap <= MOST:
        raise CapError("cap")
    if not reason.strip():
        raise CapError("reason")
    if company_named(company) != company:
        raise CapError("company")
    own = session.scalar(select(CompanyCap).where(CompanyCap.company_key == company).with_for_update())
    before = own.cap if own else None
    if before == cap:
        return
    cap_id = _write(session, own, company, cap)
    audit.record(
        session,
        "company.cap-changed",
        actor_id=actor_id,
        target=("company", cap_id),
        values={"cap_before": before, "cap": cap},
        personal={"company": company, "reason": reason.strip()},
    )


def _write(session: AnySession, own: CompanyCap | None, company: str, cap: int | None) -> int:
    """Returns the id of the row that was changed, made or deleted."""
    row = own or CompanyCap(company_key=company)
    if cap is None:
        session.delete(row)
    else:
        row.cap, row.changed_at = cap, clock.now()
        session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise CapError("meanwhile") from error
    return row.id


def defaults(session: AnySession) -> list[tuple[str, int]]:
    """(name of a vertical, how many trials may run for a company without a number of its own)."""
    statement = select(Vertical.name, Vertical.trial_cap_per_company).where(Vertical.retired_at.is_(None))
    return [(row[0], row[1]) for row in session.execute(statement.order_by(Vertical.position, Vertical.id))]
