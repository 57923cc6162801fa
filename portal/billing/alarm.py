"""Telling staff, once for each thing, that something about money wants to be looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import current_app
from sqlalchemy import select

from portal import audit, clock, outbox
from portal.accounts.models import Reader
from portal.clock import paris_date
from portal.db import AnySession
from portal.i18n import gettext, use_locale
from portal.i18n import lazy_gettext as _
from portal.organisations.models import Organisation
from portal.roles import Role

WORDS: Mapping[str, object] = {
    "unknown-status": _("A subscription is in a state we do not know: it opens nothing"),
    "unknown-price": _("A subscription holds a price that we do not sell"),
    "unequal-quantities": _("The lines of a subscription hold different numbers of licences"),
    "two-live": _("An organisation pays two subscriptions at once"),
    "subscription-gone": _("Stripe does not know a subscription any more"),
    "cancellation-refused": _("Stripe did not take a cancellation"),
    "order-refused": _("Stripe did not take an order by invoice"),
    "refund-refused": _("Stripe did not make the refund of a withdrawal"),
    "refund-by-transfer": _("A withdrawal was paid by transfer: send the money back by transfer"),
    "refunded-while-live": _("A payment was given back whole while its subscription lives"),
    "dispute-opened": _("A bank disputes a payment"),
    "dispute-won": _("A dispute was won"),
    "dispute-lost": _("A dispute was lost"),
    "subscription unknown here": _("A subscription of Stripe’s was unknown here, and was read"),
    "subscription differs": _("A subscription differed from Stripe’s, and was put right"),
    "event never arrived": _("A webhook never arrived, and was fetched"),
}
SHOWN = 10


def words(what: str) -> str:
    """What an alert or a drift is called; an unknown one by its own name."""
    return str(WORDS.get(what, what))


def raise_alarm(session: AnySession, key: str, what: str, rows: Sequence[tuple[str, str]]) -> None:
    """One mail to each administrator, once for this key. `rows` are names and values, ids mostly."""
    for admin in _administrators(session):
        with use_locale(admin.locale or "fr"):
            title = words(what)
        outbox.post(
            session,
            "billing_alert",
            key=f"alarm:{key}:{admin.id}"[:200],
            to=admin.email,
            locale=admin.locale,
            reader_id=admin.id,
            context={
                "what": title,
                "rows": list(rows)[:SHOWN],
                "more": max(0, len(rows) - SHOWN),
                "url": f"{current_app.config['SITE_URL']}/admin/billing",
                "colour": None,
            },
        )


def of_drifts(session: AnySession, drifts: Sequence[Mapping[str, str]]) -> None:
    """Drift of one kind is one mail a day: a webhook that is off for hours drifts every quarter of an hour."""
    kinds = dict.fromkeys(one["what"] for one in drifts)
    for what in kinds:
        rows = [(one["id"], one.get("fields") or one.get("type") or "") for one in drifts if one["what"] == what]
        raise_alarm(session, f"drift:{what}:{paris_date(clock.now())}", what, rows)


def raise_once(session: AnySession, organisation_id: int, values: dict[str, Any]) -> None:
    """Tell staff about an organisation, once for the same thing: the audit is where the back office reads alerts."""
    same = (audit.AuditEvent.target_kind == "organisation", audit.AuditEvent.target_id == organisation_id)
    past = session.scalars(select(audit.AuditEvent.values).where(audit.AuditEvent.act == "billing.alert", *same))
    if values in list(past):
        return
    event = audit.record(session, "billing.alert", target=("organisation", organisation_id), values=values)
    of_alert(session, event.id, session.get_one(Organisation, organisation_id).name, values)


def of_alert(session: AnySession, event_id: int, organisation: str, values: Mapping[str, Any]) -> None:
    """An alert, which the mirror records once for the same thing."""
    rows = [(gettext("Organisation"), organisation)]
    rows += [(name, str(value)) for name, value in values.items() if name != "what"]
    raise_alarm(session, f"alert:{event_id}", str(values["what"]), rows)


def _administrators(session: AnySession) -> Sequence[Reader]:
    statement = select(Reader).where(
        Reader.role == Role.ADMIN,
        Reader.confirmed_at.is_not(None),
        Reader.suspended_at.is_(None),
        Reader.erased_at.is_(None),
    )
    return session.scalars(statement.order_by(Reader.id)).all()
