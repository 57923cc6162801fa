"""The audit log as pages: who did what to whom, before and after."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import or_, select

from portal.accounts.models import Reader
from portal.admin import words
from portal.admin.pages import asked_before, bp
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, db
from portal.organisations.models import Organisation
from portal.roles import Permission
from portal.verticals import Vertical
from portal.web import MAX_ID, allow, private, staff

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the log is narrowed to; empty narrows nothing."""

    act: str = ""
    reader_id: int | None = None
    organisation_ids: tuple[int, ...] = ()


def read(session: AnySession, narrowed: Narrowed, *, before: int = MAX_ID, limit: int = PER_PAGE) -> list[words.Entry]:
    """The newest acts with an id below `before`; one more than `limit` tells that there are more."""
    statement = (
        select(AuditEvent, AuditPersonal.values)
        .outerjoin(AuditPersonal, AuditPersonal.event_id == AuditEvent.id)
        .where(AuditEvent.id < before)
        .order_by(AuditEvent.id.desc())
        .limit(limit + 1)
    )
    if narrowed.act:
        statement = statement.where(AuditEvent.act == narrowed.act)
    if narrowed.reader_id is not None:
        statement = statement.where(or_(*_about(narrowed)))
    rows = [(event, personal) for event, personal in session.execute(statement)]
    events = [event for event, _personal in rows]
    return words.entries(rows, _people(session, events), _verticals(session), _organisations(session, events))


def _about(narrowed: Narrowed) -> list[Any]:
    about = [(AuditEvent.target_kind == "reader") & (AuditEvent.target_id == narrowed.reader_id)]
    if narrowed.organisation_ids:
        organisations = AuditEvent.target_id.in_(narrowed.organisation_ids)
        about.append((AuditEvent.target_kind == "organisation") & organisations)
    return about


def _people(session: AnySession, events: list[AuditEvent]) -> dict[int, str]:
    ids = {event.actor_id for event in events} | {e.target_id for e in events if e.target_kind == "reader"}
    rows = session.execute(select(Reader.id, Reader.name, Reader.email).where(Reader.id.in_(ids - {None})))
    return {row.id: row.name or row.email for row in rows}


def _organisations(session: AnySession, events: list[AuditEvent]) -> dict[int, str]:
    ids = {event.target_id for event in events if event.target_kind == "organisation"}
    if not ids:
        return {}
    rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _verticals(session: AnySession) -> dict[int, str]:
    return {row.id: row.name for row in session.execute(select(Vertical.id, Vertical.name))}


@bp.get("/admin/audit")
@allow(staff(Permission.SEE_AUDIT))
@private
def audit_log() -> str:
    """Every act, newest first."""
    reader_id = request.args.get("reader", type=int)
    if reader_id is not None and not 0 < reader_id <= MAX_ID:
        reader_id = None
    narrowed = Narrowed(act=request.args.get("act", "")[:60], reader_id=reader_id)
    entries = read(db.session, narrowed, before=asked_before())
    more = entries[PER_PAGE - 1].id if len(entries) > PER_PAGE else None
    keep: dict[str, Any] = {"act": narrowed.act or None, "reader": narrowed.reader_id}
    return render_template(
        "admin/audit.html",
        entries=entries[:PER_PAGE],
        narrowed=narrowed,
        acts=sorted(words.ACTS),
        next_url=url_for("admin.audit_log", before=more, **keep) if more else None,
        first_url=url_for("admin.audit_log", **keep) if request.args.get("before") else None,
    )
