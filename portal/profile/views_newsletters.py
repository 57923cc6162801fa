"""Which letters the reader wants: one box for each, kept whatever becomes of their rights."""

from typing import Any

from flask import flash, render_template, url_for
from flask_login import current_user

from portal import clock
from portal.access.asking import reader_facts
from portal.db import db, writing
from portal.i18n import gettext, ngettext
from portal.newsletters import choices, queries
from portal.newsletters.waiting import waiting
from portal.profile.forms import LettersForm
from portal.profile.views import bp
from portal.web import READER, allow, private, see_other


@bp.route("/profile/newsletters", methods=["GET", "POST"])
@allow(READER)
@private
def newsletters() -> Any:
    """The choices, and for letters that would not leave yet what keeps them."""
    shelves = queries.shelves(db.session)
    wanted = choices.wanted(db.session, current_user.id)
    form = LettersForm(data={"letters": [str(number) for number in wanted]})
    form.letters.choices = [(str(letter.id), letter.name) for shelf in shelves for letter in shelf.letters]
    if form.validate_on_submit():
        return _saved([int(value) for value in form.letters.data])
    reader, now = reader_facts(), clock.now()
    shown = [(shelf, waiting(shelf.vertical, reader, now)) for shelf in shelves]
    status = 422 if form.errors else 200
    return render_template("profile/newsletters.html", form=form, shelves=shown, wanted=wanted, facts=reader), status


def _saved(letters: list[int]) -> Any:
    with writing() as unit:
        choices.choose(unit, current_user.id, letters)
    if letters:
        done = ngettext(
            "Saved: you have chosen %(num)s newsletter.", "Saved: you have chosen %(num)s newsletters.", len(letters)
        )
    else:
        done = gettext("Saved: you have chosen no newsletter.")
    flash(done, "success")
    return see_other(url_for("profile.newsletters"))


@bp.post("/profile/newsletters/none")
@allow(READER)
def refuse_newsletters() -> Any:
    """No letter at all."""
    with writing() as unit:
        choices.refuse_all(unit, current_user.id)
    flash(gettext("You are unsubscribed from all newsletters."), "success")
    return see_other(url_for("profile.newsletters"))
