"""A second decide(), written from the table of the rules alone, to check the first one against.

It is slow and plain on purpose: every row is one paragraph of conditions over lists made anew. It answers with
(outcome, reason) only.
"""

from datetime import datetime

from portal.access.vocabulary import ArticleFacts, GrantFacts, ReaderFacts

Answer = tuple[str, str]


def _interval_state(grant: GrantFacts, at: datetime) -> str:
    if grant.revoked_at and grant.revoked_at <= at:
        return "revoked"
    if grant.starts_at > at:
        return "future"
    if at < grant.ends_at:
        return "active"
    if grant.grace_until and at < grant.grace_until:
        return "grace"
    return "ended"


def _is_mine(grant: GrantFacts, at: datetime) -> bool:
    """My own, or by a seat of mine that is open at this instant."""
    if grant.organisation_id is None:
        return True
    opened = grant.seated_from is not None and grant.seated_from <= at
    return opened and (grant.seated_until is None or grant.seated_until > at)


def _i_pay(grant: GrantFacts) -> bool:
    return grant.manages or grant.organisation_id is None


def _stopped(grant: GrantFacts) -> datetime:
    """The instant from which nobody could read by it any more, grace set aside."""
    return min(x for x in (grant.ends_at, grant.revoked_at, grant.seated_until) if x is not None)


def oracle(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> Answer:
    """Outcome and reason by the table."""
    return _public_rows(article, reader, at) or _account_rows(article, reader) or _right_rows(article, reader, at)


def _public_rows(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> Answer | None:
    if reader.sees_everything and reader.confirmed and not reader.suspended:
        return "full", "STAFF"
    if article.state == "withdrawn":
        return "gone", "WITHDRAWN"
    if article.state == "draft" or article.published_at is None or at < article.published_at:
        return "absent", "NOT_PUBLISHED"
    if article.access == "free":
        return "full", "FREE"
    if article.free_from or article.free_until:
        began = not article.free_from or article.free_from <= at
        over = bool(article.free_until) and article.free_until <= at
        if began and not over:
            return "full", "FREE_WINDOW"
    return None


def _account_rows(article: ArticleFacts, reader: ReaderFacts) -> Answer | None:
    if reader.reader_id is None:
        return "preview", "ANONYMOUS"
    if reader.suspended:
        return "preview", "SUSPENDED"
    if not reader.confirmed:
        return "preview", "UNCONFIRMED"
    if article.access == "registered":
        return "full", "REGISTERED"
    return None


def _right_rows(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> Answer:
    slugs = [v.slug for v in article.verticals]
    here = [g for g in reader.grants if g.vertical in slugs]
    return (
        _open_rows(here, at)
        or _waiting_rows(here, slugs, reader, at)
        or _over_rows(here, at)
        or _trial_rows(article, reader, at)
    )


def _open_rows(here: list[GrantFacts], at: datetime) -> Answer | None:
    active = [g for g in here if _interval_state(g, at) == "active" and _is_mine(g, at)]
    if active:
        bought = [g for g in active if g.source == "subscription" and _i_pay(g)]
        seats = [g for g in active if g.organisation_id is not None and g not in bought]
        given = [g for g in active if g.source == "admin" and g.organisation_id is None]
        if bought:
            return "full", "GRANT_SUBSCRIPTION"
        if seats:
            return "full", "GRANT_SEAT"
        return "full", "GRANT_ADMIN" if given else "GRANT_TRIAL"
    grace = [g for g in here if _interval_state(g, at) == "grace" and _is_mine(g, at)]
    if grace:
        return "full", "GRACE_SUBSCRIPTION" if any(_i_pay(g) for g in grace) else "GRACE_SEAT"
    return None


def _waiting_rows(here: list[GrantFacts], slugs: list[str], reader: ReaderFacts, at: datetime) -> Answer | None:
    if any(a.vertical in slugs and a.since <= at < a.until for a in reader.awaited):
        return "preview", "PAYMENT_PENDING"
    invited = any(i.vertical in slugs and i.since <= at < i.until for i in reader.invitations)
    mine_to_take = any(
        g.manages and not _is_mine(g, at) and _interval_state(g, at) in ("active", "grace") for g in here
    )
    if invited or mine_to_take:
        return "preview", "SEAT_INVITED"
    if any(_interval_state(g, at) == "future" and _is_mine(g, at) for g in here):
        return "preview", "NOT_STARTED"
    return None


def _over_rows(here: list[GrantFacts], at: datetime) -> Answer | None:
    over = [g for g in here if _interval_state(g, at) in ("ended", "revoked")]
    bought = [g for g in over if g.source == "subscription" and _i_pay(g)]
    if bought:
        last = max(bought, key=_stopped)
        if last.end_cause == "disputed":
            return "preview", "PAYMENT_DISPUTED"
        unpaid = last.end_cause == "unpaid" or (last.end_cause is None and last.grace_until is not None)
        return "preview", "PAYMENT_OVERDUE" if unpaid else "SUBSCRIPTION_ENDED"
    if any(_seat_gone(g, at) for g in here):
        return "preview", "SEAT_ENDED"
    if any(g.source == "admin" and _i_pay(g) for g in over):
        return "preview", "ADMIN_GRANT_ENDED"
    return None


def _seat_gone(grant: GrantFacts, at: datetime) -> bool:
    """A seat (of somebody who only reads) whose right is over, or that was taken away while it gave something."""
    if grant.organisation_id is None or grant.manages or grant.seated_from is None or at < grant.seated_from:
        return False
    if grant.seated_until is None or at < grant.seated_until:
        return _interval_state(grant, at) in ("ended", "revoked")
    first = max(grant.seated_from, grant.starts_at)
    last = min(x for x in (grant.grace_until or grant.ends_at, grant.revoked_at, grant.seated_until) if x is not None)
    return first < last


def _trial_rows(article: ArticleFacts, reader: ReaderFacts, at: datetime) -> Answer:
    begun = {g.vertical for g in reader.grants if g.source == "trial" and g.starts_at <= at}
    tried = begun | set(reader.tried)
    if any(v.slug in tried for v in article.verticals):
        return "preview", "TRIAL_ENDED"
    can_try = any(v.trial_open for v in article.verticals)
    elsewhere = any(_interval_state(g, at) in ("active", "grace") and _is_mine(g, at) for g in reader.grants)
    if elsewhere:
        return "preview", "OTHER_VERTICAL_TRY" if can_try else "OTHER_VERTICAL_BUY"
    return "preview", "TRIAL_AVAILABLE" if can_try else "BUY"
