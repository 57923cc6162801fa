"""Every table of the portal, so that migrations and tests know them all."""

from portal import audit, history, outbox, throttle, verticals
from portal.access import models as access
from portal.accounts import models as accounts
from portal.accounts import models_security as accounts_security
from portal.billing import models as billing
from portal.billing import models_changing as billing_changing
from portal.billing import models_disputes as billing_disputes
from portal.billing import models_invoiced as billing_invoiced
from portal.billing import models_leaving as billing_leaving
from portal.billing import models_renewals as billing_renewals
from portal.content import models as content
from portal.enquiries import models as enquiries
from portal.newsletters import models as newsletters
from portal.organisations import models as organisations
from portal.organisations import models_team as organisations_team
from portal.reading import models as reading
from portal.trials import models as trials

__all__ = [
    "access",
    "accounts",
    "accounts_security",
    "audit",
    "billing",
    "billing_changing",
    "billing_disputes",
    "billing_invoiced",
    "billing_leaving",
    "billing_renewals",
    "content",
    "enquiries",
    "history",
    "newsletters",
    "organisations",
    "organisations_team",
    "outbox",
    "reading",
    "throttle",
    "trials",
    "verticals",
]
