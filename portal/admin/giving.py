"""Giving rights to a reader or an organisation. Sent twice, a form gives once; what is there already is said."""

from typing import Any

from flask import flash
from flask_login import current_user

from portal import clock, formats
from portal.access import grants, held, mails
from portal.access.held import Covered, GrantError
from portal.access.models import Grant
from portal.access.words import end_words
from portal.accounts.models import Reader
from portal.admin import holders
from portal.admin.forms import GrantForm
from portal.admin.holders import Holding
from portal.admin.pages import bp, found
from portal.admin.readers import grant_form, reader_page
from portal.db import AnySession, db, writing
from portal.i18n import gettext
from portal.roles import Permission
from portal.verticals import Vertical, all_verticals
from portal.web import allow, private, see_other, staff

REFUSALS = {
    "dates": lambda: gettext("These dates do not make a right: check the first and the last day."),
    "reason": lambda: gettext("Say why: the reason is kept in the audit log."),
    "same": lambda: gettext("This is the last day it has already: choose another one."),
    "revoked": lambda: gettext("This right was revoked in the meantime. Grant a new one."),
    "past": lambda: gettext("This right is over already."),
    "erased": lambda: gettext("This account was erased: nobody can hold a right under it."),
}


@bp.post("/admin/readers/<int:reader_id>/grants")
@allow(staff(Permission.CHANGE_GRANTS))
@private
def give(reader_id: int) -> Any:
    """Give verticals to a reader until a day."""
    person = found(Reader, reader_id)
    form, holding = grant_form(all_verticals(db.session)), holders.of_reader(person)
    if form.validate_on_submit() and given(form, holding):
        return see_other(holding.url)
    return reader_page(person, form)


def given(form: GrantForm, holding: Holding) -> bool:
    """Give what a valid form asks for, and say what happened. False when it is refused: the form then says why."""
    try:
        with writing() as unit:
            said, kind = _given(unit, form, holding)
    except Covered as error:
        form.form_errors.append(_covered(error))
    except GrantError as error:
        form.form_errors.append(refusal(error))
    else:
        flash(said, kind)
        return True
    return False


def refusal(error: GrantError) -> str:
    """The sentence for a service's refusal."""
    return REFUSALS[error.code]() if error.code in REFUSALS else gettext("This right cannot be changed so.")


def _given(unit: AnySession, form: GrantForm, holding: Holding) -> tuple[str, str]:
    held.hold(unit, holding.holder)
    act_id = form.act_id()
    before = held.of_act(unit, act_id)
    if before and _same(before, form, holding):
        return gettext("This access was granted already, by the same form. Nothing was given twice."), "info"
    today, first = clock.paris_date(clock.now()), form.start.data or clock.paris_date(clock.now())
    starts_at, ends_at = grants.day_bounds(first, form.until.data)
    made = grants.give(
        unit,
        holding.holder,
        form.verticals.data,
        starts_at=clock.now() if first == today else starts_at,
        ends_at=ends_at,
        reason=form.reason.data,
        actor_id=current_user.id,
        act_id=None if before else act_id,
    )
    told = holding.told(mails.tell_given(unit, made))
    return f"{gettext('The access is granted.')} {told}", "success"


def _same(before: list[Grant], form: GrantForm, holding: Holding) -> bool:
    """True when the act with the form's id gave exactly what the form asks for."""
    first = form.start.data or clock.paris_date(before[0].created_at)
    _start, ends_at = grants.day_bounds(first, form.until.data)
    wanted = {(vertical_id, first, ends_at) for vertical_id in form.verticals.data}
    known = {(one.vertical_id, clock.paris_date(one.starts_at), one.ends_at) for one in before}
    owner = holding.holder
    return known == wanted and all(
        (one.reader_id, one.organisation_id) == (owner.reader_id, owner.organisation_id) for one in before
    )


def _covered(error: Covered) -> str:
    """Which of the editions are given already, until when and by whom."""
    known = "; ".join(_known(grant) for grant in error.grants)
    return gettext(
        "Granted already: %(known)s. Choose a later last day or other editions, or change that access.", known=known
    )


def _known(grant: Grant) -> str:
    vertical = found(Vertical, grant.vertical_id)
    giver = db.session.get(Reader, grant.actor_id) if grant.actor_id else None
    return gettext(
        "%(vertical)s until %(end)s, by %(name)s on %(day)s",
        vertical=vertical.name,
        end=end_words(grant.ends_at),
        name=(giver.name or giver.email) if giver else gettext("the portal itself"),
        day=formats.day(grant.created_at),
    )
