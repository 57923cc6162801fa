"""Another address, step by step: its code is typed, then what its account holds is moved, each by a button."""

from dataclasses import dataclass

from flask import abort, flash, render_template, url_for
from flask_login import current_user

from portal import clock
from portal.access import facts
from portal.access.asking import forget_facts
from portal.access.vocabulary import GrantFacts, GrantState
from portal.accounts import codes, second_address
from portal.accounts.models import AddressProof, Reader, SecondAddress
from portal.db import db, writing
from portal.enquiries.help import Page, asked_for, asker, back, known_id
from portal.enquiries.help_forms import GONE, LINK_REFUSED, CodeForm
from portal.enquiries.views import blueprint
from portal.i18n import current_locale
from portal.i18n import gettext as _
from portal.organisations import linking
from portal.organisations.linking import Belonging
from portal.verticals import all_verticals
from portal.web import READER, allow, private, see_other

_OPEN = (GrantState.ACTIVE, GrantState.GRACE)


@dataclass(frozen=True, slots=True)
class Found:
    """What the other account has: belongings with the titles each opens, and whether rights of its own stay there."""

    belongings: list[tuple[Belonging, str]]
    keeps: bool

    @property
    def moves(self) -> bool:
        """True when linking would change something."""
        return any(one.moves for one, _titles in self.belongings)


@blueprint.get("/help/access/code/<int:proof_id>")
@allow(READER)
@private
def help_code(proof_id: int) -> Page:
    """Where the code is typed."""
    return _code_page(_proof(proof_id), CodeForm())


def _proof(proof_id: int) -> AddressProof:
    return second_address.proof_of(db.session, current_user.id, known_id(proof_id)) or abort(404)


def _code_page(proof: AddressProof, form: CodeForm) -> str:
    gone = GONE.get(codes.gone(proof))
    return render_template(
        "enquiries/help_code.html", proof=proof, gone=gone, form=form, asked=asked_for(), back=back()
    )


@blueprint.post("/help/access/code/<int:proof_id>")
@allow(READER)
@private
def try_code(proof_id: int) -> Page:
    """Prove the address with the right code; a wrong one is counted."""
    proof, form = _proof(proof_id), CodeForm()
    if codes.gone(proof):
        return _code_page(proof, form), 422
    if not form.validate():
        return _code_page(proof, form), 422
    return _tried(proof_id, form)


def _tried(proof_id: int, form: CodeForm) -> Page:
    try:
        with writing() as unit:
            second = second_address.try_code(unit, asker(), proof_id, form.code.data)
    except second_address.ProofGone:
        second = None
    except second_address.ProvedElsewhere:
        flash(_("Another account has proved this address. Write to us below: a person will look at it."), "warning")
        return see_other(back())
    if second is not None:
        return see_other(url_for("enquiries.help_link", second_id=second.id, article=asked_for() or None))
    proof = _proof(proof_id)
    form.refuse_code(codes.TRIES - proof.tries)
    return _code_page(proof, form), 422


@blueprint.get("/help/access/link/<int:second_id>")
@allow(READER)
@private
def help_link(second_id: int) -> Page:
    """What would move from the other account, before anything does."""
    second = _second(second_id)
    reader = db.session.get_one(Reader, current_user.id)
    other = linking.other_account(db.session, second)
    refused = linking.refusal(reader, other)
    found = None if refused or other is None else _found(other)
    return render_template(
        "enquiries/help_link.html",
        second=second,
        refused=LINK_REFUSED.get(refused),
        found=found,
        asked=asked_for(),
        back=back(),
    )


def _second(second_id: int) -> SecondAddress:
    return second_address.of_reader(db.session, current_user.id, known_id(second_id)) or abort(404)


def _found(other: Reader) -> Found:
    now = clock.now()
    live = [grant for grant in facts.of_account(db.session, other, now).grants if grant.state(now) in _OPEN]
    belongings = linking.belongings(db.session, current_user.id, other.id)
    pairs = [(one, _titles(live, one.organisation_id)) for one in belongings]
    return Found(pairs, keeps=any(grant.organisation_id is None for grant in live))


def _titles(grants: list[GrantFacts], organisation_id: int) -> str:
    slugs = {grant.vertical for grant in grants if grant.organisation_id == organisation_id}
    return ", ".join(vertical.name for vertical in all_verticals(db.session) if vertical.slug in slugs)


@blueprint.post("/help/access/link/<int:second_id>")
@allow(READER)
@private
def link_accounts(second_id: int) -> Page:
    """Move it, once."""
    second = _second(second_id)
    try:
        with writing() as unit:
            moved = linking.link(unit, current_user.id, second.id, locale=current_locale())
    except linking.LinkRefused as refused:
        flash(str(LINK_REFUSED[refused.code]), "warning")
        return see_other(back())
    forget_facts()
    if moved:
        flash(_("Done: what was held with %(other)s is now yours here.", other=second.email), "success")
    else:
        flash(_("There is nothing to move any more: it is done already."), "info")
    return see_other(back())
