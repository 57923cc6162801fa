"""Decisions in words, in both languages: every reason has a title and a sentence, every next step says what would help.

The sentences speak of the account without naming it, so that staff and the reader can read the same text.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal import clock, formats
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleState,
    EndCause,
    GrantFacts,
    GrantState,
    NextStep,
    Reason,
    Source,
)
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _

REASONS: Mapping[Reason, tuple[object, object]] = {
    Reason.STAFF: (_("Open to staff"), _("This account works here and may read everything.")),
    Reason.WITHDRAWN: (_("Withdrawn"), _("The article was withdrawn; nobody reads it any more.")),
    Reason.NOT_PUBLISHED: (_("Not published"), _("The article is not published at this moment.")),
    Reason.FREE: (_("Free to read"), _("The article is free for everybody.")),
    Reason.FREE_WINDOW: (_("Offered for a while"), _("The article is free for everybody for a limited time.")),
    Reason.ANONYMOUS: (_("Nobody is signed in"), _("Without signing in, only the beginning can be read.")),
    Reason.SUSPENDED: (_("Account suspended"), _("The account is suspended: it reads only what everybody reads.")),
    Reason.UNCONFIRMED: (_("Address not confirmed"), _("The e-mail address was never confirmed.")),
    Reason.REGISTERED: (_("Open to every account"), _("An account with a confirmed address is all that is needed.")),
    Reason.GRANT_SUBSCRIPTION: (_("Open through a subscription"), _("A subscription of this account covers it.")),
    Reason.GRANT_SEAT: (_("Open through a seat"), _("A seat of an organisation covers it.")),
    Reason.GRANT_ADMIN: (_("Open through a granted access"), _("Our team gave this access.")),
    Reason.GRANT_TRIAL: (_("Open through a trial"), _("A free trial is running.")),
    Reason.GRACE_SUBSCRIPTION: (
        _("Open, with a payment due"),
        _("An invoice is not paid; reading stays open for a few days so that it can be settled."),
    ),
    Reason.GRACE_SEAT: (
        _("Open through a seat, with a payment due"),
        _("The organisation has a payment to settle; the seat stays open meanwhile."),
    ),
    Reason.PAYMENT_PENDING: (
        _("Payment received, opening under way"),
        _("A payment came back and is being confirmed. There is nothing more to pay."),
    ),
    Reason.SEAT_INVITED: (_("A seat is waiting"), _("A seat that covers this article is waiting to be taken.")),
    Reason.NOT_STARTED: (_("Not started yet"), _("A right to read this begins later.")),
    Reason.PAYMENT_OVERDUE: (
        _("Cut for lack of payment"),
        _("The subscription was cut because an invoice is not paid."),
    ),
    Reason.PAYMENT_DISPUTED: (
        _("Closed while a payment is disputed"),
        _("A payment of the subscription is disputed at the bank; what it opened is closed meanwhile."),
    ),
    Reason.SUBSCRIPTION_ENDED: (_("Subscription ended"), _("The subscription that covered this article has ended.")),
    Reason.SEAT_ENDED: (_("Seat ended"), _("The seat that covered this article has ended or was removed.")),
    Reason.ADMIN_GRANT_ENDED: (_("Granted access ended"), _("The access our team had given has ended.")),
    Reason.TRIAL_ENDED: (_("Trial ended"), _("This edition was tried; the trial is over.")),
    Reason.OTHER_VERTICAL_TRY: (
        _("Rights to another edition"),
        _("The account reads another edition; this one can still be tried."),
    ),
    Reason.OTHER_VERTICAL_BUY: (
        _("Rights to another edition"),
        _("The account reads another edition; this one takes no trials."),
    ),
    Reason.TRIAL_AVAILABLE: (_("Never tried"), _("The account has no right here and has not tried this edition yet.")),
    Reason.BUY: (_("No right here"), _("The account has no right here, and this edition takes no trials.")),
}

STEPS: Mapping[NextStep, object] = {
    NextStep.NONE: "",
    NextStep.SIGN_UP: _("Signing in, or starting a trial, would change it."),
    NextStep.CONTACT: _("Only our team can lift the suspension."),
    NextStep.SETTLE: _("It opens again when the dispute is settled, or when our team opens it."),
    NextStep.CONFIRM: _("Confirming the address with the link in the mail would change it."),
    NextStep.PAY: _("Settling the open invoice or changing the card would change it."),
    NextStep.WAIT: _("The confirmation of the payment will open it."),
    NextStep.ACCEPT_SEAT: _("Accepting the invitation would open it."),
    NextStep.TAKE_SEAT: _("Taking a free seat of the organisation would open it."),
    NextStep.RENEW: _("Taking the subscription up again would open it."),
    NextStep.ASK_MANAGER: _("The organisation's manager can give a seat again; a subscription would open it too."),
    NextStep.SUBSCRIBE: _("A subscription, or an access granted by our team, would open it."),
    NextStep.START_TRIAL: _("Starting the 15-day trial would open it."),
    NextStep.RELATED: _("Other articles on the subject are still there."),
}

SOURCES: Mapping[Source, object] = {
    Source.TRIAL: _("15-day trial"),
    Source.SUBSCRIPTION: _("Subscription"),
    Source.ADMIN: _("Granted access"),
}

STATES: Mapping[GrantState, object] = {
    GrantState.REVOKED: _("revoked"),
    GrantState.FUTURE: _("not started yet"),
    GrantState.ACTIVE: _("open"),
    GrantState.GRACE: _("open, payment due"),
    GrantState.ENDED: _("ended"),
}

CAUSES: Mapping[EndCause, object] = {
    EndCause.LAPSED: _("came to its end"),
    EndCause.CANCELLED: _("cancelled"),
    EndCause.UNPAID: _("not paid"),
    EndCause.PAUSED: _("paused"),
    EndCause.REFUNDED: _("refunded"),
    EndCause.REVOKED: _("revoked by our team"),
    EndCause.DISPUTED: _("a payment is disputed"),
}

ARTICLE_STATES: Mapping[ArticleState, object] = {
    ArticleState.DRAFT: _("draft"),
    ArticleState.SCHEDULED: _("scheduled"),
    ArticleState.PUBLISHED: _("published"),
    ArticleState.WITHDRAWN: _("withdrawn"),
}

ACCESSES: Mapping[ArticleAccess, object] = {
    ArticleAccess.FREE: _("free for everybody"),
    ArticleAccess.REGISTERED: _("open to every account"),
    ArticleAccess.SUBSCRIBER: _("reserved to rights holders"),
}


def reason_words(reason: Reason) -> tuple[str, str]:
    """Title and sentence of a reason in the current language."""
    title, sentence = REASONS[reason]
    return str(title), str(sentence)


def source_words(grant: GrantFacts) -> str:
    """ "15-day trial", "Subscription", "Granted access", or the seat that brings it."""
    word = str(SOURCES[grant.source])
    if grant.organisation_id is None or grant.manages:
        return word
    return gettext("Seat: %(source)s", source=word[0].lower() + word[1:])


def last_day(end: datetime) -> datetime | None:
    """The last included civil day of a right that ends at midnight in Paris (an instant of that day), else None."""
    if end == clock.paris_midnight(clock.paris_date(end)):
        return end - timedelta(hours=12)
    return None


def end_words(end: datetime) -> str:
    """ "Monday 7 December 2026 included", or "7 December 2026 at 15:56" when it ends within a day."""
    day = last_day(end)
    if day is None:
        return formats.moment(end)
    return gettext("%(day)s included", day=formats.day(day, weekday=True))


def short_end(end: datetime) -> str:
    """ "7 December 2026", the last day on which the right is there (for a table's cell)."""
    return formats.day(last_day(end) or end)


def until_words(end: datetime) -> str:
    """ "Until Monday 7 December 2026 included." """
    return gettext("Until %(end)s.", end=end_words(end))


def start_words(start: datetime) -> str:
    """A right's start: its day alone when it began at midnight in Paris, else to the minute."""
    midnight = start == clock.paris_midnight(clock.paris_date(start))
    return formats.day(start) if midnight else formats.moment(start)
