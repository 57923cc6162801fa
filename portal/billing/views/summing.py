"""What the summary page says is paid: the code looked up, the amounts worked out, held against what was shown."""

from flask_login import current_user

from portal import clock, throttle
from portal.billing import catalogue, promotions, quotes, reductions, told_promotions
from portal.billing.catalogue import Offer
from portal.billing.forms import CheckoutForm
from portal.billing.gateway import current
from portal.billing.models import Interval
from portal.billing.promotions import Asking, CodeRefused
from portal.billing.shapes import GatewayError
from portal.billing.told_promotions import Payments
from portal.db import db
from portal.formats import money
from portal.i18n import gettext
from portal.web import client_address

MONTHS = {Interval.MONTH: 1, Interval.YEAR: 12}


def look_up(form: CheckoutForm, offer: Offer, organisation_id: int | None) -> int:
    """Ask Stripe what the typed code takes off, if one was; returns the page's status, 200 when all is well."""
    if not form.code.data:
        return 200
    network = throttle.address_block(client_address())
    asking = Asking(current_user.id, network, organisation_id, offer, quantity(form))
    try:
        form.promotion = promotions.look(db.session, current(), form.code.data, asking)
    except CodeRefused as refusal:
        form.code_problem = told_promotions.refused(refusal, offer.currency)
        return 422
    except throttle.Throttled:
        form.code_problem = told_promotions.too_many()
        return 429
    except GatewayError:
        form.code_problem = told_promotions.silent()
        return 503
    return 200


def quantity(form: CheckoutForm) -> int:
    """The licences asked for; one while the field holds nonsense."""
    asked = form.quantity.data
    return asked if isinstance(asked, int) and 1 <= asked <= catalogue.MAX_SEATS else 1


def payments(form: CheckoutForm, offer: Offer) -> Payments:
    """The first payment and what follows it."""
    whole = _quote(form, offer, 0)
    later = form.starts_at if begins_later(form) else None
    if form.promotion is None:
        return Payments(whole, None, whole, later)
    reduction, now = form.promotion.reduction, clock.now()
    (off,) = reductions.shares(reduction, [(offer.product_id, whole.net)])
    lowered = reduction.payments(later or now, now, MONTHS[offer.interval])
    return Payments(_quote(form, offer, off), lowered, whole, later)


def _quote(form: CheckoutForm, offer: Offer, off: int) -> quotes.Quote:
    reverse = form.firm and quotes.is_reverse_charge(form.country.data or "FR", form.vat_number.data or "")
    points = offer.vat_basis_points
    return quotes.quote(offer.unit_amount, quantity(form), points, reverse_charge=reverse, off=off)


def begins_later(form: CheckoutForm) -> bool:
    """Whether nothing is paid before the trial is over."""
    return form.start.data == "after-trial" and form.starts_at is not None


def shown(form: CheckoutForm, offer: Offer) -> str:
    """What the page says, as its form posts it back: the first payment, what is due now, the code it counts with."""
    paid = payments(form, offer)
    code = [form.promotion.id] if form.promotion else []
    return "/".join([str(paid.first.total), str(due(paid)), *code])


def due(paid: Payments) -> int:
    """What is paid now, in cents with VAT."""
    return 0 if paid.later else paid.first.total


def agreed(form: CheckoutForm, offer: Offer) -> bool:
    """False when more is charged than the page said, or another code: it is shown again before anybody pays it."""
    paid, before = payments(form, offer), _before(form.totals.data)
    if before is None:
        return True
    total, at_once, code = before
    same_code = form.promotion is None or not code or form.promotion.id == code
    if paid.first.total <= total and due(paid) <= at_once and same_code:
        return True
    text = gettext("The amount is now %(total)s incl. VAT. Check it, then go on.", total=money(paid.first.total))
    form.quantity.errors = [*form.quantity.errors, text]
    return False


def _before(text: str | None) -> tuple[int, int, str] | None:
    """What the page had shown; None when it does not say (then what is posted decides)."""
    total, at_once, code = [*(text or "").split("/", 2), "", ""][:3]
    if not all(part.isdecimal() and len(part) < 12 for part in (total, at_once)):
        return None
    return int(total), int(at_once), code
