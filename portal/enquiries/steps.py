"""What happens after a question, and when: beside each form, and again once it was sent."""

from datetime import datetime
from typing import Any

from portal.enquiries.models import EnquiryKind
from portal.formats import day
from portal.i18n import gettext as _
from portal.typography import NBSP
from portal.working_days import answer_by

Step = dict[str, Any]


def steps(kind: EnquiryKind, asked_at: datetime) -> list[Step]:
    """The entries of the macro `log`: the copy at once, the answer by its day, then what is up to whoever asked."""
    due = answer_by(asked_at)
    copy = {"when": _("At once"), "what": _("A copy reaches your mailbox"), "detail": _("With everything you wrote.")}
    by = {"when": _in_a_narrow_column(day(due, weekday=True, year=False)), "iso": due.isoformat()}
    return [copy, by | _answer(kind), *_then(kind)]


def _in_a_narrow_column(told: str) -> str:
    """ "Friday", then "27 November", which may stand on a line of its own."""
    return told.replace(NBSP, " ", 1).capitalize() if told[:1].islower() else told.replace(NBSP, " ", 1)


def _answer(kind: EnquiryKind) -> Step:
    told = {
        EnquiryKind.CONTACT: (_("Our answer, by e-mail"), _("At the latest. We answer on working days.")),
        EnquiryKind.RESEARCH: (_("An analyst writes to you"), _("At the latest, to agree on what you need.")),
        EnquiryKind.QUOTE: (_("Our quote, by e-mail"), _("At the latest, before and after tax.")),
        EnquiryKind.ACCESS: (_("Our answer, by e-mail"), _("At the latest, with what we found.")),
    }
    what, detail = told[kind]
    return {"what": what, "detail": detail}


def _then(kind: EnquiryKind) -> list[Step]:
    told = {
        EnquiryKind.RESEARCH: (_("A proposal with its price"), _("Nothing is owed before you accept it.")),
        EnquiryKind.QUOTE: (_("You decide"), _("A quote commits you to nothing.")),
    }
    if kind not in told:
        return []
    what, detail = told[kind]
    return [{"when": _("Then"), "what": what, "detail": detail}]
