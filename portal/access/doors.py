"""A vertical that is closed to somebody: why, in a few words, and where it would be opened."""

from collections.abc import Mapping

from portal.access import words
from portal.access.vocabulary import Decision, NextStep, Reason
from portal.i18n import lazy_gettext as _

Door = tuple[str, str]
_NOT_TRIED, _NOT_YOURS = _("Not tried yet"), _("Not among your rights")
_BRIEFLY: Mapping[Reason, object] = {
    Reason.TRIAL_AVAILABLE: _NOT_TRIED,
    Reason.OTHER_VERTICAL_TRY: _NOT_TRIED,
    Reason.BUY: _NOT_YOURS,
    Reason.OTHER_VERTICAL_BUY: _NOT_YOURS,
}
_DOORS: Mapping[NextStep, tuple[object, str]] = {
    NextStep.START_TRIAL: (_("Try %(name)s for 15 days"), "/trial?vertical=%(slug)s"),
    NextStep.SUBSCRIBE: (_("See the offers"), "/plans"),
    NextStep.RENEW: (_("See the offers"), "/plans"),
    NextStep.PAY: (_("Settle the payment"), "/billing/"),
    NextStep.ACCEPT_SEAT: (_("See my licence"), "/profile/"),
    NextStep.TAKE_SEAT: (_("See my licence"), "/profile/"),
}


def briefly(decision: Decision) -> str:
    """Why it is closed, for a line of a list: "Trial ended", "Not tried yet"."""
    return str(_BRIEFLY.get(decision.reason) or words.reason_words(decision.reason)[0])


def door(decision: Decision, slug: str, name: str) -> Door | None:
    """What the next step is called and its address; None when there is nothing for the reader to do."""
    if decision.next_step not in _DOORS:
        return None
    label, address = _DOORS[decision.next_step]
    return str(label) % {"name": name}, address % {"slug": slug}
