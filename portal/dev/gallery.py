"""Every mail the portal can write, in both languages, as text, as HTML and as a phone shows it."""

from collections.abc import Iterable, Mapping

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel.speaklater import LazyString

from portal.dev import rehearsal
from portal.dev.mailbox import framed, with_links
from portal.i18n import LOCALES
from portal.i18n import lazy_gettext as _
from portal.outbox import Mail
from portal.web import DEVELOPMENT, allow, private

blueprint = Blueprint("gallery", __name__)

FAMILIES: Mapping[LazyString, tuple[str, ...]] = {
    _("The account"): (
        "confirm_address",
        "already_registered",
        "no_account",
        "reset_password",
        "password_changed",
        "second_",
        "export_ready",
        "account_erased",
        "sign_in_code",
        "new_device",
    ),
    _("Trials"): ("trial_",),
    _("Given access"): ("grant_",),
    _("Money"): (
        "subscription_",
        "receipt",
        "payment_",
        "cancellation_",
        "withdrawal_",
        "renewal_",
        "card_",
        "billing_",
    ),
    _("Teams"): ("invitation", "licences_", "seat_", "join_", "replacement_", "manager_"),
    _("Several addresses"): ("address_code", "accounts_linked", "leave_address", "take_address", "address_"),
    _("Questions to the house"): ("enquiry_",),
}
"""How the page orders the kinds: by what their names begin with; what fits nowhere comes last."""
OTHERS = _("Others")


def families(kinds: Iterable[str]) -> list[tuple[LazyString, list[str]]]:
    """The kinds under their headings."""
    left = list(kinds)
    grouped = []
    for name, beginnings in FAMILIES.items():
        members = [kind for kind in left if kind.startswith(beginnings)]
        left = [kind for kind in left if kind not in members]
        grouped.append((name, members))
    return [(name, members) for name, members in [*grouped, (OTHERS, left)] if members]


@blueprint.get("/dev/mails")
@allow(DEVELOPMENT)
@private
def mails() -> ResponseReturnValue:
    """Every kind with its subject in both languages."""
    written = {locale: rehearsal.rehearse(locale) for locale in LOCALES}
    return render_template("dev/mails.html", families=families(_ordered(written[LOCALES[0]])), written=written)


@blueprint.get("/dev/mails/<slug:kind>")
@allow(DEVELOPMENT)
@private
def mail(kind: str) -> ResponseReturnValue:
    """One kind, in a language."""
    locale = _asked_locale()
    written = rehearsal.rehearse(locale)
    found = written.get(kind) or abort(404)
    kinds = [one for _name, members in families(_ordered(written)) for one in members]
    place = kinds.index(kind)
    return render_template(
        "dev/mail_kind.html",
        mail=found,
        text=with_links(found.text),
        shown=locale,
        before=kinds[place - 1] if place else None,
        after=kinds[place + 1] if place + 1 < len(kinds) else None,
    )


@blueprint.get("/dev/mails/<slug:kind>/html")
@allow(DEVELOPMENT)
@private
def mail_html(kind: str) -> ResponseReturnValue:
    """The HTML of a kind alone, for the frames."""
    found = rehearsal.rehearse(_asked_locale()).get(kind) or abort(404)
    return framed(found.html)


def _asked_locale() -> str:
    asked = request.args.get("lang", LOCALES[0])
    return asked if asked in LOCALES else LOCALES[0]


def _ordered(written: Mapping[str, Mail]) -> list[str]:
    """Every kind, in the order of the story; those that nothing writes come last."""
    return [*written, *(kind for kind in rehearsal.kinds() if kind not in written)]
