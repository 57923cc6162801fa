"""“Why can I, or can I not, read this?”: the page behind every quiet line and every lock panel."""

from flask import jsonify, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.asking import reader_facts
from portal.access.explain import to_dict, to_text
from portal.content import why
from portal.content.views import blueprint
from portal.db import db
from portal.web import PUBLIC, allow, private, viewable


@blueprint.get("/help/why")
@allow(PUBLIC)
@private
@viewable
def explained() -> Response:
    """`?article=` holds an article's slug or address; `?as=text` and `?as=json` give the same for machines."""
    asked, at = request.args.get("article", "")[: why.LONGEST].strip(), clock.now()
    email = current_user.email if current_user.is_authenticated else ""
    found = why.subject(db.session, asked, reader_facts(), at, email) if asked else None
    form = request.args.get("as")
    if found is not None and form == "json":
        return jsonify(to_dict(found.explanation))
    if found is not None and form == "text":
        return Response(to_text(found.explanation) + "\n", content_type="text/plain; charset=utf-8")
    missing = bool(asked) and found is None
    page = render_template("content/why.html", asked=asked, found=found, missing=missing)
    return make_response(page, 404 if missing else 200)
