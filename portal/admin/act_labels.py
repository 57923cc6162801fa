"""What each act of the audit log is called, by subject: the choices of the log's filter, in the current language."""

from collections.abc import Mapping

from portal.admin.words import ACTS
from portal.i18n import lazy_gettext as _

# An act's sentence names it, unless the sentence waits for values: those have a name of their own.
LABELS: Mapping[str, object] = {
    "grant.given": _("Access granted"),
    "grant.extended": _("Access extended"),
    "grant.shortened": _("Access shortened"),
    "grant.moved": _("End of an access moved"),
    "grant.revoked": _("Access revoked"),
    "trial.started": _("Trial started"),
    "trial.extended": _("Trial extended"),
    "trial.shortened": _("Trial shortened"),
    "trial.queued": _("Trial kept for an answer"),
    "trial.more-asked": _("More days of a trial asked for"),
    "trial.request-started": _("Request for a trial accepted"),
    "trial.request-extended": _("Request for more days accepted"),
    "trial.request-declined": _("Request about a trial declined"),
    "trial.request-closed": _("Request about a trial closed without an answer"),
    "subscription.mirrored": _("Rights taken over from Stripe"),
    "invoice.received": _("Payment received by transfer"),
    "reader.reads-fast": _("Reads faster than a person"),
    "reader.many-networks": _("One login at many networks"),
}
_MONEY = (
    *("organisation", "manager", "seat", "seats", "checkout", "change", "quote", "order", "invoice", "billing"),
    "dispute",
)
# By the first word of an act, in the order of the filter.
GROUPS: tuple[tuple[object, tuple[str, ...]], ...] = (
    (_("Rights and trials"), ("grant", "trial", "company", "subscription", "vertical")),
    (_("Organisations and billing"), _MONEY),
    (_("Accounts"), ("reader", "account", "address")),
    (_("Logging in"), ("session", "second-factor")),
    (_("Enquiries"), ("enquiry",)),
)


def label(act: str) -> str:
    """What an act is called. Raises KeyError for one that nothing records."""
    return str(LABELS.get(act) or ACTS[act])


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """(subject, [(act, its name)]) for the filter, names in the order of the alphabet."""
    return [(str(title), sorted(_acts(first), key=lambda choice: choice[1].casefold())) for title, first in GROUPS]


def _acts(first_words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(act, label(act)) for act in ACTS if act.partition(".")[0] in first_words]
