"""What each rule of the decision table looked at, in words: one function a rule, in the table's order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from portal import formats
from portal.access import decision, words
from portal.access.case import Case
from portal.access.vocabulary import GrantFacts, GrantState, Source
from portal.i18n import gettext
from portal.i18n import lazy_gettext as _


@dataclass(frozen=True, slots=True)
class Names:
    """How slugs and grants are called for people: {slug: name} and {grant id: who gave it, or why}."""

    verticals: Mapping[str, str]
    givers: Mapping[int, str]

    def vertical(self, slug: str | None) -> str:
        """The name of a vertical, or its slug when nobody told."""
        return self.verticals.get(slug, slug) if slug else ""


Looked = Callable[[Case, Names], str]


def grant_line(grant: GrantFacts, case: Case, names: Names) -> str:
    """ "15-day trial, mind Health, 1 March 2026 to 16 March 2026: open", with who gave it when that is known."""
    line = gettext(
        "%(source)s, %(vertical)s, %(start)s to %(end)s: %(state)s",
        source=words.source_words(grant),
        vertical=names.vertical(grant.vertical),
        start=formats.day(grant.starts_at),
        end=words.short_end(grant.told_end()),
        state=_state(grant, case),
    )
    giver = names.givers.get(grant.grant_id)
    return f"{line} ({giver})" if giver else line


def _state(grant: GrantFacts, case: Case) -> str:
    state = grant.state(case.at)
    if not grant.reaches(case.at) and state in (GrantState.ACTIVE, GrantState.GRACE, GrantState.FUTURE):
        return gettext("no seat")
    if state is GrantState.GRACE:
        return gettext("open, payment due since %(day)s", day=formats.day(grant.ends_at))
    if state is GrantState.ENDED and grant.end_cause is None and grant.grace_until is not None:
        return gettext("closed, payment due since %(day)s", day=formats.day(grant.ends_at))
    cause = words.CAUSES.get(grant.end_cause) if grant.end_cause else None
    over = state in (GrantState.ENDED, GrantState.REVOKED)
    return str(cause) if over and cause else str(words.STATES[state])


def _lines(grants: Iterable[GrantFacts], case: Case, names: Names, none: str) -> str:
    return " · ".join(grant_line(grant, case, names) for grant in grants) or none


def _staff(case: Case, _names: Names) -> str:
    if not case.reader.sees_everything:
        return gettext("No: this account may not read everything.")
    if case.reader.suspended or not case.reader.confirmed:
        return gettext("It would, but the account is suspended or its address is not confirmed.")
    return gettext("Yes, its role allows it.")


def _article_state(case: Case, _names: Names) -> str:
    return gettext("The article is: %(state)s.", state=words.ARTICLE_STATES[case.article.state])


def _published(case: Case, _names: Names) -> str:
    if case.article.published_at is None:
        return gettext("It has no date of publication.")
    return gettext("Date of publication: %(moment)s.", moment=formats.moment(case.article.published_at))


def _access(case: Case, _names: Names) -> str:
    return gettext("The article is %(access)s.", access=words.ACCESSES[case.article.access])


def _window(case: Case, _names: Names) -> str:
    start, end = case.article.free_from, case.article.free_until
    if start is None and end is None:
        return gettext("It has no free period.")
    if start is None or end is None:
        edge = start or end
        assert edge is not None  # nosec B101 - one of the two is set
        text = gettext("Free from %(moment)s.") if end is None else gettext("Free until %(moment)s.")
        return text % {"moment": formats.moment(edge)}
    return gettext("Free from %(start)s to %(end)s.", start=formats.moment(start), end=formats.moment(end))


def _signed_in(case: Case, _names: Names) -> str:
    return gettext("Nobody is signed in.") if case.reader.reader_id is None else gettext("There is an account.")


def _suspended(case: Case, _names: Names) -> str:
    return gettext("It is suspended.") if case.reader.suspended else gettext("It is not suspended.")


def _confirmed(case: Case, _names: Names) -> str:
    return gettext("It is confirmed.") if case.reader.confirmed else gettext("It is not confirmed.")


def _here(case: Case, names: Names) -> str:
    live = [grant for grant, _state, reaches in case.here if reaches]
    return _lines(live, case, names, gettext("No right to %(verticals)s.") % {"verticals": _editions(case, names)})


def _editions(case: Case, names: Names) -> str:
    return ", ".join(names.vertical(vertical.slug) for vertical in case.article.verticals)


def _grace(case: Case, names: Names) -> str:
    return _lines(case.reached(GrantState.GRACE), case, names, gettext("No right is in its days of grace."))


def _awaited(case: Case, names: Names) -> str:
    slugs = {vertical.slug for vertical in case.article.verticals}
    found = [awaited for awaited in case.reader.awaited if awaited.vertical in slugs]
    lines = [
        gettext(
            "%(vertical)s, paid on %(moment)s", vertical=names.vertical(one.vertical), moment=formats.moment(one.since)
        )
        for one in found
    ]
    return " · ".join(lines) or gettext("No payment is waiting for its confirmation.")


def _invited(case: Case, _names: Names) -> str:
    slugs = {vertical.slug for vertical in case.article.verticals}
    found = [one for one in case.reader.invitations if one.vertical in slugs]
    if found:
        return gettext("Invited on %(moment)s.", moment=formats.moment(found[0].since))
    if any(grant.manages and not reaches for grant, _state, reaches in case.here):
        return gettext("The account manages an organisation with this right and holds no seat.")
    return gettext("No seat is waiting.")


def _future(case: Case, names: Names) -> str:
    return _lines(case.reached(GrantState.FUTURE), case, names, gettext("No right begins later."))


def _over(source: Source) -> Looked:
    def look(case: Case, names: Names) -> str:
        grants = [grant for grant in case.over(source) if grant.pays()]
        return _lines(grants, case, names, gettext("None has ended here."))

    return look


def _seats(case: Case, names: Names) -> str:
    seats = [grant for grant, _state, _reaches in case.here if grant.seated_from is not None and not grant.manages]
    return _lines(seats, case, names, gettext("No seat here."))


def _tried(case: Case, names: Names) -> str:
    tried = [names.vertical(v.slug) for v in case.article.verticals if case.tried(v.slug)]
    if tried:
        return gettext("Tried: %(verticals)s.", verticals=", ".join(tried))
    return gettext("%(verticals)s: never tried.", verticals=_editions(case, names))


def _elsewhere(case: Case, names: Names) -> str:
    live = (GrantState.ACTIVE, GrantState.GRACE)
    slugs = {g.vertical: None for g in case.reader.grants if g.state(case.at) in live and g.reaches(case.at)}
    if not slugs:
        return gettext("No other edition is open.")
    return gettext("Open: %(verticals)s.", verticals=", ".join(names.vertical(slug) for slug in slugs))


def _trials(case: Case, names: Names) -> str:
    slug = case.trial_vertical()
    if slug:
        return gettext("%(vertical)s can be tried.", vertical=names.vertical(slug))
    return gettext("No edition of this article takes trials.")


TABLE: Mapping[decision.Rule, tuple[str, object, Looked]] = {
    decision.staff: ("staff", _("Staff who may read everything?"), _staff),
    decision.withdrawn: ("withdrawn", _("Article withdrawn?"), _article_state),
    decision.not_published: ("not-published", _("Article not published?"), _published),
    decision.free: ("free", _("Free article?"), _access),
    decision.free_window: ("free-window", _("Free for a while?"), _window),
    decision.anonymous: ("anonymous", _("Nobody signed in?"), _signed_in),
    decision.suspended: ("suspended", _("Account suspended?"), _suspended),
    decision.unconfirmed: ("unconfirmed", _("Address not confirmed?"), _confirmed),
    decision.registered: ("registered", _("Is an account enough?"), _access),
    decision.active_grant: ("active-grant", _("A right that is open?"), _here),
    decision.grace: ("grace", _("A right in its days of grace?"), _grace),
    decision.payment_pending: ("payment-pending", _("A payment waiting for its confirmation?"), _awaited),
    decision.seat_invited: ("seat-invited", _("A seat that waits?"), _invited),
    decision.not_started: ("not-started", _("A right that begins later?"), _future),
    decision.payment_overdue: (
        "payment-overdue",
        _("Subscription cut for a payment missing or disputed?"),
        _over(Source.SUBSCRIPTION),
    ),
    decision.subscription_ended: ("subscription-ended", _("Subscription ended?"), _over(Source.SUBSCRIPTION)),
    decision.seat_ended: ("seat-ended", _("Seat ended or removed?"), _seats),
    decision.admin_grant_ended: ("admin-grant-ended", _("Granted access ended?"), _over(Source.ADMIN)),
    decision.trial_ended: ("trial-ended", _("Already tried?"), _tried),
    decision.other_vertical_try: ("other-vertical-try", _("Another edition open, this one to be tried?"), _elsewhere),
    decision.other_vertical_buy: ("other-vertical-buy", _("Another edition open?"), _elsewhere),
    decision.nothing: ("nothing", _("No right, now or before"), _trials),
}
