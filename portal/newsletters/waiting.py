"""Why a letter that was chosen would not leave yet, and what would let it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.access import words
from portal.access.decision import decide
from portal.access.doors import Door, door
from portal.access.vocabulary import ReaderFacts, Reason
from portal.i18n import lazy_gettext as _
from portal.trials.queries import guarded_article
from portal.verticals import VerticalInfo

_NEVER_HAD = _("Some of these letters are reserved for readers of %(name)s. A subscription opens them to you.")
_NEVER_TRIED = _(
    "Some of these letters are reserved for readers of %(name)s. A 15-day trial opens them, without a card."
)
WHY: Mapping[Reason, object] = {
    Reason.SUSPENDED: _("Your account is suspended: no letter leaves meanwhile."),
    Reason.UNCONFIRMED: _("Your address is not confirmed: letters leave as soon as it is."),
    Reason.PAYMENT_PENDING: _("Your payment has been received: %(name)s is opening, and its reserved letters with it."),
    Reason.SEAT_INVITED: _("A licence for %(name)s is waiting for you: accept it to receive its reserved letters."),
    Reason.NOT_STARTED: _("%(name)s opens to you on %(start)s: its reserved letters leave from that day."),
    Reason.PAYMENT_OVERDUE: _(
        "%(name)s is closed because an invoice is not paid: settle it, and its letters come again."
    ),
    Reason.PAYMENT_DISPUTED: _(
        "%(name)s is closed while a payment is disputed at your bank: its letters come again once that is settled."
    ),
    Reason.SUBSCRIPTION_ENDED: _(
        "Your subscription to %(name)s has ended: take it up again, and its letters come again."
    ),
    Reason.SEAT_ENDED: _("Your licence for %(name)s has ended: your organisation can give you one again."),
    Reason.ADMIN_GRANT_ENDED: _("Your access to %(name)s has ended: a subscription opens its reserved letters again."),
    Reason.TRIAL_ENDED: _("Your trial of %(name)s has ended: a subscription opens its reserved letters again."),
    Reason.OTHER_VERTICAL_TRY: _NEVER_TRIED,
    Reason.OTHER_VERTICAL_BUY: _NEVER_HAD,
    Reason.TRIAL_AVAILABLE: _NEVER_TRIED,
    Reason.BUY: _NEVER_HAD,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """The reason in a sentence, and the next step if there is one."""

    reason: Reason
    sentence: str
    action: Door | None

    @property
    def every_letter(self) -> bool:
        """True when it is the account that stands in the way, not a right."""
        return self.reason in (Reason.SUSPENDED, Reason.UNCONFIRMED)


def waiting(vertical: VerticalInfo, reader: ReaderFacts, at: datetime) -> Waiting | None:
    """What keeps letters for readers of this vertical from this reader; None when nothing does."""
    decision = decide(guarded_article(vertical.slug, trial_open=vertical.trial_open), reader, at)
    if decision.full:
        return None
    start = words.start_words(decision.until) if decision.until else ""
    sentence = str(WHY[decision.reason]) % {"name": vertical.name, "start": start}
    return Waiting(decision.reason, sentence, door(decision, vertical.slug, vertical.name))
