"""The sentences of mails about rights that staff gave, moved or ended: to a reader, or to a holder's managers."""

from dataclasses import dataclass

from portal.i18n import gettext, ngettext
from portal.i18n import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class About:
    """What a mail is about. `organisation` is empty for a reader's own right; `names` are the verticals', joined."""

    names: str
    start: str
    end: str
    organisation: str = ""
    seats: int = 0
    ahead: bool = False
    trial: bool = False
    later: bool = True
    unconfirmed: bool = False

    def values(self) -> dict[str, str]:
        """For the places in the sentences."""
        return {"names": self.names, "organisation": self.organisation, "start": self.start, "end": self.end}


# (of a reader, of an organisation); `-ahead` begins on a later day.
_TITLES = {
    "grant_given": (_("You can now read %(names)s"), _("%(organisation)s can now read %(names)s")),
    "grant_given-ahead": (
        _("You can read %(names)s from %(start)s"),
        _("%(organisation)s can read %(names)s from %(start)s"),
    ),
    "grant_extended": (
        _("The end of your access to %(names)s has changed"),
        _("%(organisation)s: the end of the access to %(names)s has changed"),
    ),
    "grant_revoked": (
        _("Your access to %(names)s has ended"),
        _("%(organisation)s: the access to %(names)s has ended"),
    ),
}
_LEADS = {
    "grant_given": (
        _("Our team has given you access to %(names)s."),
        _("Our team has given %(organisation)s access to %(names)s."),
    ),
    "grant_extended": (
        _("You can read %(names)s until %(end)s."),
        _("%(organisation)s can read %(names)s until %(end)s."),
    ),
    "grant_revoked": (
        _("Our team has ended your access to %(names)s. Your account and your saved articles stay as they are."),
        _("Our team has ended the access of %(organisation)s to %(names)s. Accounts and seats stay as they are."),
    ),
}
_FEET = {
    "grant_given": _("You receive this message because an access was opened on your account."),
    "grant_extended": _("You receive this message because an access on your account was changed."),
    "grant_revoked": _("You receive this message because an access on your account has ended."),
}


def sentences(kind: str, about: About) -> dict[str, object]:
    """title, lead, more (a list) and foot of a mail of this kind, in the current language."""
    of = 1 if about.organisation else 0
    foot = _("You receive this message because you look after %(organisation)s.") if of else _FEET[kind]
    return {
        "title": _title(kind, about, of),
        "lead": str(_LEADS[kind][of]) % about.values(),
        "more": _more(kind, about),
        "foot": str(foot) % about.values(),
    }


def _title(kind: str, about: About, of: int) -> str:
    if kind == "grant_extended" and about.trial and about.later:
        return gettext("Your trial of %(names)s has been extended", names=about.names)
    if kind == "grant_extended" and about.trial:
        return gettext("The end of your trial of %(names)s has changed", names=about.names)
    known = f"{kind}-ahead" if kind == "grant_given" and about.ahead else kind
    return str(_TITLES[known][of]) % about.values()


def _more(kind: str, about: About) -> list[str]:
    if kind == "grant_revoked":
        return [gettext("If this surprises you, answer this message: a person will read it.")]
    found = [gettext("You have nothing to pay, and nothing renews by itself.")]
    if about.organisation:
        found.insert(0, _seated(about.seats))
    if about.unconfirmed and not about.organisation:
        found.insert(0, gettext("Your address is not confirmed yet: log in to have the link sent, and reading opens."))
    return found


def _seated(count: int) -> str:
    if not count:
        return gettext("It reaches whoever holds one of its seats; nobody does at the moment.")
    return ngettext(
        "It reaches whoever holds one of its seats: %(num)s person at the moment.",
        "It reaches whoever holds one of its seats: %(num)s people at the moment.",
        count,
    )
