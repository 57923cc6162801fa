"""The one function that decides who may read an article: decide(article, reader, at) -> Decision.

Pure: it imports only the standard library, knows no session, no clock and no Stripe. The rules are the rows of the
decision table of docs/access.md, in its order; the first that matches wins. All intervals are half-open: at `ends_at`
exactly a right is gone, at `starts_at` exactly it is there.
"""

from collections.abc import Callable
from datetime import datetime

from portal.access.case import Case
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    Decision,
    EndCause,
    GrantFacts,
    GrantState,
    NextStep,
    Outcome,
    ReaderFacts,
    Reason,
    Source,
)


def _preview(reason: Reason, step: NextStep, vertical: str | None, **more: object) -> Decision:
    return Decision(Outcome.PREVIEW, reason, next_step=step, vertical=vertical, **more)  # type: ignore[arg-type]


def _primary(case: Case) -> str | None:
    return case.article.verticals[0].slug if case.article.verticals else None


def staff(case: Case) -> Decision | None:
    """Row 1: staff who may see everything, confirmed and not suspended."""
    reader = case.reader
    if reader.sees_everything and reader.confirmed and not reader.suspended:
        return Decision(Outcome.FULL, Reason.STAFF, vertical=_primary(case))
    return None


def withdrawn(case: Case) -> Decision | None:
    """Row 2: the article was withdrawn."""
    if case.article.state is ArticleState.WITHDRAWN:
        return Decision(Outcome.GONE, Reason.WITHDRAWN, next_step=NextStep.RELATED, vertical=_primary(case))
    return None


def not_published(case: Case) -> Decision | None:
    """Row 3: draft, or its hour has not come. A scheduled article is published by the clock alone."""
    article = case.article
    draft = article.state is ArticleState.DRAFT
    due = article.published_at is not None and case.at >= article.published_at
    if draft or not due:
        until = None if draft else article.published_at
        return Decision(Outcome.ABSENT, Reason.NOT_PUBLISHED, until=until, vertical=_primary(case))
    return None


def free(case: Case) -> Decision | None:
    """Row 4: free to all."""
    if case.article.access is not ArticleAccess.FREE:
        return None
    call = case.trial_vertical() if _may_be_called_to_try(case) else None
    step = NextStep.START_TRIAL if call else NextStep.NONE
    return Decision(Outcome.FULL, Reason.FREE, next_step=step, vertical=call or _primary(case))


def _may_be_called_to_try(case: Case) -> bool:
    """Nobody who has a right here, or has paid for one, is shown a trial; neither is a suspended account."""
    live = (GrantState.ACTIVE, GrantState.GRACE)
    right = any((reaches or grant.manages) and state in live for grant, state, reaches in case.here)
    return not (right or case.reader.suspended or payment_pending(case))


def free_window(case: Case) -> Decision | None:
    """Row 5: free for a while; either end may be open if the other is set."""
    start, end = case.article.free_from, case.article.free_until
    if start is None and end is None:
        return None
    if (start is None or case.at >= start) and (end is None or case.at < end):
        return Decision(Outcome.FULL, Reason.FREE_WINDOW, until=end, vertical=_primary(case))
    return None


def anonymous(case: Case) -> Decision | None:
    """Row 6: nobody is signed in."""
    if case.reader.reader_id is None:
        return _preview(Reason.ANONYMOUS, NextStep.SIGN_UP, case.trial_vertical() or _primary(case))
    return None


def suspended(case: Case) -> Decision | None:
    """Row 7: the account is suspended."""
    return _preview(Reason.SUSPENDED, NextStep.CONTACT, _primary(case)) if case.reader.suspended else None


def unconfirmed(case: Case) -> Decision | None:
    """Row 8: the address was never confirmed."""
    return None if case.reader.confirmed else _preview(Reason.UNCONFIRMED, NextStep.CONFIRM, _primary(case))


def registered(case: Case) -> Decision | None:
    """Row 9: an account is all this article asks for."""
    if case.article.access is ArticleAccess.REGISTERED:
        return Decision(Outcome.FULL, Reason.REGISTERED, vertical=_primary(case))
    return None


def _reason_of(grant: GrantFacts) -> Reason:
    if grant.organisation_id is not None:
        pays = grant.source is Source.SUBSCRIPTION and grant.manages
        return Reason.GRANT_SUBSCRIPTION if pays else Reason.GRANT_SEAT
    return _OWN_REASONS[grant.source]


_OWN_REASONS = {
    Source.SUBSCRIPTION: Reason.GRANT_SUBSCRIPTION,
    Source.ADMIN: Reason.GRANT_ADMIN,
    Source.TRIAL: Reason.GRANT_TRIAL,
}
_STRENGTH = {
    Reason.GRANT_SUBSCRIPTION: 4,
    Reason.GRANT_SEAT: 3,
    Reason.GRANT_ADMIN: 2,
    Reason.GRANT_TRIAL: 1,
}


def active_grant(case: Case) -> Decision | None:
    """Row 10: a live right; the strongest source names itself, then the latest end."""
    grants = case.reached(GrantState.ACTIVE)
    if not grants:
        return None
    best = max(grants, key=lambda grant: (_STRENGTH[_reason_of(grant)], grant.last_instant()))
    return Decision(Outcome.FULL, _reason_of(best), best, best.last_instant(), vertical=best.vertical)


def grace(case: Case) -> Decision | None:
    """Row 11: unpaid, still open for a while; whoever pays is warned."""
    grants = case.reached(GrantState.GRACE)
    if not grants:
        return None
    best = max(grants, key=lambda grant: (grant.pays(), grant.grace_until or grant.ends_at))
    if best.pays():
        return Decision(Outcome.FULL, Reason.GRACE_SUBSCRIPTION, best, best.last_reached(), NextStep.PAY, best.vertical)
    return Decision(Outcome.FULL, Reason.GRACE_SEAT, best, best.last_reached(), vertical=best.vertical)


def payment_pending(case: Case) -> Decision | None:
    """Row 12: a payment came back from Checkout and is not yet confirmed."""
    for vertical in case.article.verticals:
        for awaited in case.reader.awaited:
            if awaited.vertical == vertical.slug and awaited.since <= case.at < awaited.until:
                return _preview(Reason.PAYMENT_PENDING, NextStep.WAIT, vertical.slug, until=awaited.until)
    return None


def seat_invited(case: Case) -> Decision | None:
    """Row 13: a seat covering this vertical waits: an invitation, or one's own organisation's licence not taken."""
    slugs = [vertical.slug for vertical in case.article.verticals]
    for invitation in case.reader.invitations:
        if invitation.vertical in slugs and invitation.since <= case.at < invitation.until:
            return _preview(Reason.SEAT_INVITED, NextStep.ACCEPT_SEAT, invitation.vertical, until=invitation.until)
    live = (GrantState.ACTIVE, GrantState.GRACE)
    for grant, state, reaches in case.here:
        if grant.manages and not reaches and state in live:
            return _preview(Reason.SEAT_INVITED, NextStep.TAKE_SEAT, grant.vertical, grant=grant)
    return None


def not_started(case: Case) -> Decision | None:
    """Row 14: a right begins later."""
    grants = case.reached(GrantState.FUTURE)
    if not grants:
        return None
    first = min(grants, key=lambda grant: grant.starts_at)
    return _preview(Reason.NOT_STARTED, NextStep.NONE, first.vertical, grant=first, until=first.starts_at)


def _unpaid(grant: GrantFacts) -> bool:
    """Cut for non-payment: said so, or its grace ran out before anything else was said."""
    return grant.end_cause is EndCause.UNPAID or (grant.end_cause is None and grant.grace_until is not None)


def payment_overdue(case: Case) -> Decision | None:
    """Row 15: cut for non-payment, or while a payment is disputed, and this reader is the one who pays."""
    grants = [grant for grant in case.over(Source.SUBSCRIPTION) if grant.pays()]
    if grants and grants[0].end_cause is EndCause.DISPUTED:
        return _preview(Reason.PAYMENT_DISPUTED, NextStep.SETTLE, grants[0].vertical, grant=grants[0])
    if grants and _unpaid(grants[0]):
        return _preview(Reason.PAYMENT_OVERDUE, NextStep.PAY, grants[0].vertical, grant=grants[0])
    return None


def subscription_ended(case: Case) -> Decision | None:
    """Row 16: the subscription ended otherwise."""
    grants = [grant for grant in case.over(Source.SUBSCRIPTION) if grant.pays()]
    if grants:
        return _preview(Reason.SUBSCRIPTION_ENDED, NextStep.RENEW, grants[0].vertical, grant=grants[0])
    return None


def seat_ended(case: Case) -> Decision | None:
    """Row 17: the seat was removed, or what it gave has ended, and somebody else pays."""
    ended = [grant for grant, state, reaches in case.here if _seat_over(grant, state, reaches, case.at)]
    if not ended:
        return None
    latest = max(ended, key=GrantFacts.last_instant)
    return _preview(Reason.SEAT_ENDED, NextStep.ASK_MANAGER, latest.vertical, grant=latest)


def _seat_over(grant: GrantFacts, state: GrantState, reaches: bool, at: datetime) -> bool:
    """A seat whose right is over, or a closed seat that once gave this right; not one that closed before it began."""
    if grant.manages or grant.seated_from is None or grant.seated_from > at:
        return False
    if reaches:
        return state in (GrantState.ENDED, GrantState.REVOKED)
    return max(grant.seated_from, grant.starts_at) < grant.last_reached()


def admin_grant_ended(case: Case) -> Decision | None:
    """Row 18: what staff had given ended or was revoked."""
    grants = [grant for grant in case.over(Source.ADMIN) if grant.pays()]
    if grants:
        return _preview(Reason.ADMIN_GRANT_ENDED, NextStep.SUBSCRIBE, grants[0].vertical, grant=grants[0])
    return None


def trial_ended(case: Case) -> Decision | None:
    """Row 19: tried here; another vertical of this article may still be tried."""
    tried = [vertical.slug for vertical in case.article.verticals if case.tried(vertical.slug)]
    if not tried:
        return None
    trials = [grant for grant in case.over(Source.TRIAL) if grant.vertical in tried]
    grant = trials[0] if trials else None
    step = NextStep.START_TRIAL if case.trial_vertical() else NextStep.SUBSCRIBE
    return _preview(Reason.TRIAL_ENDED, step, grant.vertical if grant else tried[0], grant=grant)


def other_vertical_try(case: Case) -> Decision | None:
    """Row 20: reads elsewhere, and may try this one with one click."""
    slug = case.trial_vertical()
    if slug and case.right_elsewhere():
        return _preview(Reason.OTHER_VERTICAL_TRY, NextStep.START_TRIAL, slug)
    return None


def other_vertical_buy(case: Case) -> Decision | None:
    """Row 21: reads elsewhere, and this one takes no trials."""
    if case.right_elsewhere():
        return _preview(Reason.OTHER_VERTICAL_BUY, NextStep.SUBSCRIBE, _primary(case))
    return None


def nothing(case: Case) -> Decision:
    """Row 22: no right, none before; a trial when the vertical takes them."""
    slug = case.trial_vertical()
    if slug:
        return _preview(Reason.TRIAL_AVAILABLE, NextStep.START_TRIAL, slug)
    return _preview(Reason.BUY, NextStep.SUBSCRIBE, _primary(case))


Rule = Callable[[Case], Decision | None]

RULES: tuple[Rule, ...] = (
    staff,
    withdrawn,
    not_published,
    free,
    free_window,
    anonymous,
    suspended,
    unconfirmed,
    registered,
    active_grant,
    grace,
    payment_pending,
    seat_invited,
    not_started,
    payment_overdue,
    subscription_ended,
    seat_ended,
    admin_grant_ended,
    trial_ended,
    other_vertical_try,
    other_vertical_buy,
    nothing,
)


def decide(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> Decision:
    """The first rule that matches, at this aware instant. Every outcome carries a reason."""
    case = Case(article, reader, at)
    for rule in RULES[:-1]:
        decision = rule(case)
        if decision is not None:
            return decision
    return nothing(case)
