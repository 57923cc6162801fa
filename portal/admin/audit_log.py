"""The audit log as pages: who did what to whom, before and after."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from sqlalchemy import ColumnElement, and_, bindparam, func, literal, or_, select, union_all

from portal.accounts.models import Reader
from portal.admin import act_labels, words
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
    """What the log is narrowed to; empty narrows nothing, several subjects are all shown."""

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
    if about := _about(narrowed):
        statement = statement.where(or_(*about))
    rows = [(event, personal) for event, personal in session.execute(statement)]
    return words.entries(rows, _names(session, [event for event, _personal in rows]))


def _about(narrowed: Narrowed) -> list[ColumnElement[bool]]:
    about = []
    if narrowed.reader_id is not None:
        about.append(and_(AuditEvent.target_kind == "reader", AuditEvent.target_id == narrowed.reader_id))
    if narrowed.organisation_ids:
        organisations = AuditEvent.target_id.in_(narrowed.organisation_ids)
        about.append(and_(AuditEvent.target_kind == "organisation", organisations))
    return about


def _named(kind: str, model: Any, name: Any) -> Any:
    return select(literal(kind).label("kind"), model.id, name.label("name"))


_NAMES = union_all(
    _named("vertical", Vertical, Vertical.name),
    _named("reader", Reader, func.coalesce(func.nullif(Reader.name, ""), Reader.email)).where(
        Reader.id.in_(bindparam("people", expanding=True))
    ),
    _named("organisation", Organisation, Organisation.name).where(
        Organisation.id.in_(bindparam("organisations", expanding=True))
    ),
)


def _names(session: AnySession, events: list[AuditEvent]) -> words.Names:
    """What those are called whom these acts are about, in one statement."""
    found: dict[str, dict[int, str]] = {"vertical": {}, "reader": {}, "organisation": {}}
    asked = {"people": _people(events), "organisations": _of(events, "organisation")}
    for row in session.execute(_NAMES, asked):
        found[row.kind][row.id] = row.name
    return words.Names(found["reader"], found["vertical"], found["organisation"])


def _of(events: list[AuditEvent], kind: str) -> list[int]:
    return [event.target_id for event in events if event.target_kind == kind and event.target_id is not None]


def _people(events: list[AuditEvent]) -> list[int]:
    """Who acted, whom it was about, and who took or left a seat."""
    seated = (event.values.get("reader_id") for event in events if event.target_kind == "organisation")
    ids = {*(event.actor_id for event in events), *seated, *_of(events, "reader")}
    return [id_ for id_ in ids if id_ is not None]


@bp.get("/admin/audit")
@allow(staff(Permission.SEE_AUDIT))
@private
def audit_log() -> str:
    """Every act, newest first; narrowed to one kind of act, one reader, one organisation."""
    act = request.args["act"] if request.args.get("act") in words.ACTS else ""
    reader_id, organisation_id = _asked_id("reader"), _asked_id("organisation")
    narrowed = Narrowed(act, reader_id, (organisation_id,) if organisation_id else ())
    entries = read(db.session, narrowed, before=asked_before())
    more = entries[PER_PAGE - 1].id if len(entries) > PER_PAGE else None
    keep: dict[str, Any] = {"act": act or None, "reader": reader_id, "organisation": organisation_id}
    return render_template(
        "admin/audit.html",
        entries=entries[:PER_PAGE],
        narrowed=keep,
        subject=_subject(reader_id, organisation_id),
        choices=act_labels.choices(),
        next_url=url_for("admin.audit_log", before=more, **keep) if more else None,
        first_url=url_for("admin.audit_log", **keep) if request.args.get("before") else None,
    )


def _asked_id(name: str) -> int | None:
    """The id in the address, or None for what is none."""
    asked = request.args.get(name, type=int) or 0
    return asked if 0 < asked <= MAX_ID else None


def _subject(reader_id: int | None, organisation_id: int | None) -> str:
    """Whom the log is narrowed to, by name; numbers of nobody stay numbers."""
    reader = db.session.get(Reader, reader_id) if reader_id else None
    firm = db.session.get(Organisation, organisation_id) if organisation_id else None
    named = (reader.name or reader.email if reader else reader_id, firm.name if firm else organisation_id)
    return ", ".join(str(name) for name in named if name)
