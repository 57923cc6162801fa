"""The list of readers and the page of one: rights, why, money, log."""

from typing import Any

from flask import render_template, request, url_for
from flask_login import current_user
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.access import facts
from portal.access.explain import panel
from portal.access.timeline import of_reader, timeline
from portal.access.vocabulary import Source
from portal.access.words import SOURCES
from portal.accounts.identity import is_relay
from portal.accounts.models import Reader
from portal.admin import audit_log, billing_summary, explaining, organisation_queries, queries
from portal.admin.forms import GrantForm
from portal.admin.pages import PER_PAGE, asked_before, bp, found
from portal.admin.queries import Filters
from portal.admin.rows import Known, access_rows
from portal.db import db
from portal.roles import Permission
from portal.verticals import VerticalInfo, all_verticals, site_verticals
from portal.web import allow, private, staff

LOG = 10


@bp.get("/admin/readers")
@allow(staff(Permission.SEE_READERS))
@private
def readers() -> str:
    """Readers, newest first, found by words, state, vertical and source."""
    now, verticals = clock.now(), all_verticals(db.session)
    filters = _filters(verticals)
    rows = queries.readers(db.session, filters, now, before=asked_before(), limit=PER_PAGE)
    shown, more = rows[:PER_PAGE], len(rows) > PER_PAGE
    keep = {name: getattr(filters, name) or None for name in ("q", "state", "vertical", "source")}
    return render_template(
        "admin/readers.html",
        readers=shown,
        rights=_spoken(queries.open_rights(db.session, [reader.id for reader in shown], now)),
        filters=filters,
        filtered=any(keep.values()),
        verticals=verticals,
        sources=SOURCES,
        next_url=url_for("admin.readers", before=shown[-1].id, **keep) if more else None,
        first_url=url_for("admin.readers", **keep) if request.args.get("before") else None,
    )


def _filters(verticals: tuple[VerticalInfo, ...]) -> Filters:
    """The filters of the address, unknown words left out."""
    args = request.args
    slugs = {vertical.slug for vertical in verticals}
    return Filters(
        q=args.get("q", "").replace("\0", "")[:100].strip(),
        state=args["state"] if args.get("state") in queries.STATES else "",
        vertical=args["vertical"] if args.get("vertical") in slugs else "",
        source=args["source"] if args.get("source") in set(Source) else "",
    )


def _spoken(rights: dict[int, list[tuple[str, Source]]]) -> dict[int, str]:
    return {
        reader_id: ", ".join(f"{name} ({str(SOURCES[source]).lower()})" for name, source in dict.fromkeys(pairs))
        for reader_id, pairs in rights.items()
    }


@bp.get("/admin/readers/<int:reader_id>")
@allow(staff(Permission.SEE_READERS))
@private
def reader(reader_id: int) -> Any:
    """One reader."""
    return reader_page(found(Reader, reader_id))


def reader_page(person: Reader, form: GrantForm | None = None) -> Any:
    """The page of a reader; 422 with the grant form's errors when it was refused."""
    now, verticals = clock.now(), site_verticals()
    known = facts.of_account(db.session, person, now)
    notes = queries.grant_notes(db.session, [grant.grant_id for grant in known.grants])
    belongings = organisation_queries.belongings(db.session, person.id)
    managed = tuple(one.organisation_id for one in belongings if one.manages)
    context = {
        "reader": person,
        "relay": is_relay(person.email.rpartition("@")[2]),
        "rows": access_rows(known, now, verticals, Known(notes)),
        "timeline": timeline(of_reader(known, now, {one.slug: one.name for one in verticals}), now),
        "belongings": belongings,
        "known": known,
        "form": form or grant_form(verticals),
        "colours": {str(vertical.id): vertical.slug for vertical in verticals},
        "at": now,
        **_why(person, explaining.Present(known, notes)),
        **_money(managed),
        **_log(person, managed),
    }
    return render_template("admin/reader.html", **context), 422 if form and form.errors else 200


def grant_form(verticals: tuple[VerticalInfo, ...]) -> GrantForm:
    """The grant form with its choices and today as its first day."""
    form = GrantForm(data=None if request.method == "POST" else {"start": clock.paris_date(clock.now())})
    form.verticals.choices = [SelectChoice(vertical.id, vertical.name) for vertical in verticals]
    return form


def _why(person: Reader, present: explaining.Present) -> dict[str, Any]:
    """The explain box, when this person may ask."""
    if not current_user.may(Permission.EXPLAIN_ACCESS):
        return {"why": None}
    asked, typed = request.args.get("article", "")[: explaining.LONGEST], request.args.get("at", "")[:40]
    answer = explaining.Answer()
    if asked.strip():
        answer = explaining.answer(db.session, person.id, asked, typed, present)
    shown = panel(answer.explanation, of_vertical=answer.of_vertical) if answer.explanation else None
    return {"why": answer, "why_panel": shown, "asked": asked, "typed": typed}


def _money(organisations: tuple[int, ...]) -> dict[str, Any]:
    if not current_user.may(Permission.SEE_BILLING):
        return {"contracts": None}
    return {
        "contracts": billing_summary.contracts(db.session, organisations) if organisations else [],
        "invoices": billing_summary.invoices(db.session, organisations) if organisations else [],
    }


def _log(person: Reader, organisations: tuple[int, ...]) -> dict[str, Any]:
    narrowed = audit_log.Narrowed(reader_id=person.id, organisation_ids=organisations)
    return {"log_entries": audit_log.read(db.session, narrowed, limit=LOG)[:LOG]}
