"""“Mon équipe”: the licences of an organisation and why each colleague can or cannot read, for those who manage it."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.access.explain import panel
from portal.content import why
from portal.content.lists import article_facts
from portal.db import db
from portal.organisations import inviting, joining, replacing
from portal.organisations.inviting import Line
from portal.organisations.models import Organisation
from portal.profile import team
from portal.profile.forms_team import InviteForm
from portal.web import MAX_ID, READER, UNSAFE, allow, private, see_other, viewable

bp = Blueprint("organisations", __name__)


@bp.get("/organisation/")
@allow(READER)
@private
@viewable
def mine() -> Any:
    """To the organisation one manages; the first one, when there are several."""
    found = team.managed(db.session, current_user.id)
    return see_other(url_for("organisations.members", organisation_id=found[0].id)) if found else abort(404)


@bp.get("/organisation/<int:organisation_id>/")
@allow(READER)
@private
@viewable
def members(organisation_id: int) -> str:
    """Licences used of bought, who sits on them, who is invited, who has left."""
    return page(*managed(organisation_id), InviteForm(formdata=None))


def page(organisation: Organisation, others: list[Organisation], form: InviteForm, lines: Sequence[Line] = ()) -> str:
    """The page of a team; `lines` are what became of each address that was just sent."""
    now, sitting = clock.now(), team.members(db.session, organisation.id)
    return render_template(
        "organisations/members.html",
        organisation=organisation,
        others=others,
        members=sitting,
        surplus=team.surplus(sitting, organisation.seats),
        held=replacing.held(db.session, organisation),
        waiting=team.waiting(db.session, organisation.id, now),
        left=team.left(db.session, organisation.id),
        form=form,
        lines=lines,
        wishes=joining.wishes(db.session, organisation.id),
        domains=joining.domains(db.session, organisation.id),
        provable=joining.provable(db.session, organisation, current_user.id),
        most=inviting.MOST,
    )


def acting(organisation_id: int) -> Organisation:
    """The organisation for an act of one of its managers; 404 when one does not manage it."""
    return managed(organisation_id)[0]


def managed(organisation_id: int) -> tuple[Organisation, list[Organisation]]:
    """The organisation when one manages it (404 when not), and the others one manages. Suspended, one only looks."""
    if request.method in UNSAFE and current_user.suspended:
        abort(403)
    managed = team.managed(db.session, current_user.id)
    found = next((one for one in managed if one.id == organisation_id), None) or abort(404)
    return found, [one for one in managed if one is not found]


@bp.get("/organisation/<int:organisation_id>/licences/<int:seat_id>")
@allow(READER)
@private
@viewable
def why_member(organisation_id: int, seat_id: int) -> Any:
    """What the organisation opens to whoever holds this licence; `?article=` asks about one article."""
    organisation, _others = managed(organisation_id)
    person = team.member(db.session, organisation.id, seat_id) if seat_id <= MAX_ID else None
    if person is None:
        abort(404)
    at, asked = clock.now(), request.args.get("article", "")[: why.LONGEST].strip()
    known = team.brought(db.session, organisation.id, person.reader_id, at)
    row = why.named(db.session, asked) if asked else None
    explanation = team.explained(article_facts(row), known, at, why.names(db.session, row)) if row else None
    if explanation is not None and explanation.decision.outcome.value not in ("full", "preview"):
        explanation = None  # an article that is not there for its readers is not told to their manager either
    missing = bool(asked) and explanation is None
    page = render_template(
        "organisations/why.html",
        organisation=organisation,
        person=person,
        titles=team.opened(db.session, known, at),
        asked=asked,
        article=row if explanation else None,
        panel=panel(explanation) if explanation else None,
        missing=missing,
    )
    return page, 404 if missing else 200
