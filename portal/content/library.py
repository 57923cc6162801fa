"""Documents on the site: their list, and the way each one is handed over."""

from typing import Any

from flask import Response, abort, redirect, render_template
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.access.vocabulary import Outcome
from portal.content import documents, lists, queries
from portal.content.fronts import find_vertical, offer, page_number
from portal.content.models import ResourceKind
from portal.content.views import blueprint
from portal.db import db
from portal.i18n import gettext as _
from portal.web import PUBLIC, allow


@blueprint.get("/resources")
@allow(PUBLIC)
def resources_everywhere() -> str:
    """Documents of all verticals, those of the newest articles first."""
    return _shelf(documents.page(page_number(), "content.resources_everywhere"), [])


@blueprint.get("/<slug:vertical>/resources")
@allow(PUBLIC)
def resources(vertical: str) -> str:
    """Documents of one vertical."""
    here = find_vertical(vertical)
    listed = documents.page(page_number(), "content.resources", queries.in_vertical(here.id), vertical=vertical)
    return _shelf(listed, [(here.name, f"/{vertical}/")])


def _shelf(listed: lists.Page, crumbs: list[tuple[str, str | None]]) -> str:
    offer()
    return render_template("content/resources.html", listed=listed, crumbs=crumbs, title=_("Resources"))


@blueprint.get("/<slug:vertical>/article/<slug:slug>/document/<slug:document>.<slug:ending>")
@allow(PUBLIC)
def document(vertical: str, slug: str, document: str, ending: str) -> BaseResponse:
    """The file itself for whoever may read it; everybody else is led to its article, which says why not."""
    at = clock.now()
    row = queries.FACTS.first(db.session, {"slug": slug})
    if row is None or vertical != row.vertical:
        abort(404)
    found = documents.find(db.session, row.id, f"{document}.{ending}")
    if found is None:
        abort(404)
    decision = documents.decided(lists.article_facts(row), found.access, at)
    if decision.outcome in (Outcome.ABSENT, Outcome.GONE):
        abort(404 if decision.outcome is Outcome.ABSENT else 410)
    if not decision.full:
        return redirect(f"/{row.vertical}/article/{row.slug}#documents")
    return _handed_over(found)


def _handed_over(found: Any) -> Response:
    content = documents.content_of(db.session, found.id)
    answer = Response(content, mimetype=documents.MIMETYPES[ResourceKind(found.kind)])
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.filename}"'
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
