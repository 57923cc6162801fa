"""The trial pages: choosing what to try, one-click starts, the ribbon's "hide this message", stopping offers."""

from collections.abc import Sequence
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, abort, flash, g, make_response, render_template, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock, cookies, throttle
from portal.access.asking import forget_facts
from portal.accounts import browser, origin, passwords, registration
from portal.accounts.models import Reader
from portal.accounts.views_registration import MAILBOX
from portal.db import db, end_reading, writing
from portal.extensions import csrf
from portal.i18n import current_locale
from portal.trials import countdown, dates, mails, own, queries, words
from portal.trials.forms import TrialForm
from portal.trials.start import TrialRefused, start
from portal.verticals import VerticalInfo
from portal.web import MACHINE, PUBLIC, READER, allow, client_address, no_referrer, own_path, private, see_other

blueprint = Blueprint("trials", __name__)
_HIDDEN_FOR = 14 * 24 * 3600  # seconds


@blueprint.get("/trial")
@allow(PUBLIC)
@private
def trial() -> str | Response:
    """The form for strangers; for readers what they may still try."""
    if current_user.is_authenticated:
        return own.page(_verticals())
    origin.note()
    return _form_page(_form())


@blueprint.post("/trial")
@allow(PUBLIC)
@private
def register() -> str | Response | tuple[str, int]:
    """Keep the wish and write the mail; the same answer whoever has this address already."""
    if current_user.is_authenticated:
        return _started(request.form.getlist("verticals"))
    form = _form()
    if not form.validate():
        return _form_page(form), 422
    _request_registration(form)
    return see_other(MAILBOX)


def _request_registration(form: TrialForm) -> None:
    """The hash is made before the unit of work: nothing is locked meanwhile. Raises Throttled, Busy."""
    network = throttle.address_block(client_address())
    registration.check_pace(db.session, email=form.email.data, network=network)
    end_reading()
    password_hash = passwords.hash_password(form.password.data)
    slugs, next_path = list(form.verticals.data), own_path(form.next.data, "")
    with writing() as session:
        registration.request(
            session,
            email=form.email.data,
            password_hash=password_hash,
            locale=current_locale(),
            intent={"verticals": slugs, "next": next_path},
            name=form.name.data or "",
            company=form.company.data or "",
            browser_secret=browser.secret(),
            network=network,
            origin=origin.noted(),
        )
    browser.note_registration(form.email.data, restart=_trial_address(slugs, next_path))


def _trial_address(slugs: Sequence[str], next_path: str) -> str:
    query = [("vertical", slug) for slug in slugs] + ([("next", next_path)] if next_path else [])
    return f"/trial?{urlencode(query)}"


def _form() -> TrialForm:
    """The form, its boxes ticked after ?vertical= or the article one came from."""
    known = _verticals()
    next_path = own_path(request.args.get("next"), "")
    wanted = request.args.getlist("vertical") or [next_path.split("/")[1] if next_path else ""]
    open_ones = [vertical for vertical in known.values() if vertical.trial_open]
    form = TrialForm(data={"verticals": [slug for slug in wanted if slug in known], "next": next_path})
    form.verticals.choices = [(vertical.slug, vertical.name) for vertical in open_ones]
    return form


def _form_page(form: TrialForm) -> str:
    ticked = [slug for slug, _name in form.verticals.choices if slug in (form.verticals.data or ())]
    known = _verticals()
    query = urlencode({"next": own_path(form.next.data, "")}) if form.next.data else ""
    return render_template(
        "trials/trial.html",
        form=form,
        vertical=ticked[0] if len(ticked) == 1 else None,
        taglines={slug: own.tagline(vertical) for slug, vertical in known.items()},
        colours={slug: slug for slug in known},
        steps=dates.steps(clock.now()),
        login_url=f"/login?{query}" if query else "/login",
    )


@blueprint.post("/trial/start")
@allow(READER)
def start_now() -> Response:
    """One click, from a lock panel or the trial page: start, and back to what one was reading."""
    return _started(request.form.getlist("vertical"))


def _started(slugs: list[str]) -> Response:
    with writing() as session:
        reader = session.get_one(Reader, current_user.id)
        try:
            answer = start(session, reader, slugs, clock.now())
            told = words.sentences(answer)
        except TrialRefused as refusal:
            told = [("warning", words.refused(refusal.code))]
    tell(told)
    first = slugs[0] if slugs and slugs[0] in _verticals() else None
    return see_other(own_path(request.form.get("next"), f"/{first}/" if first else "/trial"))


def tell(told: list[tuple[str, str]]) -> None:
    """Show these sentences on the next page, which reads the facts anew."""
    forget_facts()
    for kind, sentence in told:
        flash(sentence, kind)


@blueprint.post("/trial/ribbon/dismiss")
@allow(READER)
def dismiss_ribbon() -> Response:
    """Hide the line that says that a trial has ended; a later end is told again."""
    ribbon = countdown.ribbon()
    response = see_other(own_path(_referring_path()))
    if ribbon is not None and ribbon.dismiss_key:
        cookies.keep(response, countdown.DISMISSED_COOKIE, ribbon.dismiss_key, seconds=_HIDDEN_FOR)
    return response


def _referring_path() -> str:
    """The page the form stood on; nothing when its address cannot be read."""
    try:
        return urlsplit(request.referrer or "").path
    except ValueError:
        return ""


@blueprint.get("/trial/offers/<token>")
@allow(PUBLIC)
@no_referrer
def offers(token: str) -> str:
    """Opened from a mail: a button that stops the offers."""
    if mails.reader_of(token) is None:
        abort(404)
    g.no_ribbon = True
    return render_template("trials/offers.html", stopped=False)


@blueprint.post("/trial/offers/<token>")
@allow(MACHINE)
@csrf.exempt  # type: ignore[untyped-decorator]
@no_referrer
def stop_offers(token: str) -> Response:
    """No more offers by mail; also what a mail program's own button sends (RFC 8058), so no session is asked for."""
    reader_id = mails.reader_of(token)
    with writing() as session:
        reader = session.get(Reader, reader_id) if reader_id is not None else None
        if reader is not None:
            reader.marketing_consent_at = None
    if reader is None:
        abort(404)
    g.no_ribbon = True
    return make_response(render_template("trials/offers.html", stopped=True))


def _verticals() -> dict[str, VerticalInfo]:
    found: dict[str, VerticalInfo] | None = g.get("trial_verticals")
    if found is None:
        found = g.trial_verticals = queries.verticals_by_slug(db.session)
    return found
