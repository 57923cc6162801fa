"""Stripe's customer portal: its configurations, and sessions that open it for one customer."""

from __future__ import annotations

from typing import Any

from portal.sandbox.desk import Desk
from portal.sandbox.endpoints import endpoint
from portal.sandbox.errors import ApiError, missing_parameter
from portal.sandbox.ids import new_id
from portal.sandbox.listing import page, wanted
from portal.sandbox.params import PAGE, Kind, boolean, choice, many, metadata, struct, text, unset
from portal.sandbox.resources.merging import changes
from portal.sandbox.resources.subscriptions import FEEDBACK
from portal.sandbox.store import Document

LOCALES = choice("auto", "fr", "en", "en-GB")
PRORATION = choice("none", "create_prorations", "always_invoice")
REASON = struct("enabled", enabled=boolean, options=unset(many(FEEDBACK)))
FEATURES = struct(
    customer_update=struct(
        allowed_updates=unset(many(choice("address", "email", "name", "phone", "shipping", "tax_id"))),
        enabled=boolean,
    ),
    invoice_history=struct("enabled", enabled=boolean),
    payment_method_update=struct("enabled", enabled=boolean),
    subscription_cancel=struct(
        cancellation_reason=REASON,
        enabled=boolean,
        mode=choice("at_period_end", "immediately"),
        proration_behavior=PRORATION,
    ),
    subscription_update=struct(enabled=boolean),
)
CONFIGURATION: dict[str, Kind] = {
    "business_profile": struct(headline=unset(text(60)), privacy_policy_url=text(), terms_of_service_url=text()),
    "default_return_url": unset(text()),
    "features": FEATURES,
    "metadata": metadata,
    "name": unset(text(150)),
}
FLOW = struct(
    "type",
    after_completion=struct(
        "type",
        hosted_confirmation=struct(custom_message=text(500)),
        redirect=struct("return_url", return_url=text()),
        type=choice("hosted_confirmation", "portal_homepage", "redirect"),
    ),
    subscription_cancel=struct("subscription", subscription=text()),
    type=choice("payment_method_update", "subscription_cancel"),
)
SESSION: dict[str, Kind] = {
    "configuration": text(),
    "customer": text(),
    "flow_data": FLOW,
    "locale": LOCALES,
    "return_url": text(),
}


@endpoint("POST", "billing_portal/configurations", CONFIGURATION, required=("features",))
def create_configuration(desk: Desk, parameters: dict[str, Any]) -> Document:
    """A set of what the portal allows."""
    return add_configuration(desk, changes({"metadata": {}}, parameters))


@endpoint("POST", "billing_portal/configurations/<configuration>", CONFIGURATION | {"active": boolean})
def update_configuration(desk: Desk, parameters: dict[str, Any], configuration: str) -> Document:
    """A configuration changed; features that are not named stay as they are."""
    found = desk.get("billing_portal.configuration", configuration)
    fields = changes(found, parameters)
    fields["features"] = _features(found["features"], fields.get("features", {}))
    fields["business_profile"] = found["business_profile"] | fields.get("business_profile", {})
    return desk.change(found, "billing_portal.configuration.updated", **fields, updated=desk.now())


@endpoint("GET", "billing_portal/configurations/<configuration>")
def retrieve_configuration(desk: Desk, _parameters: dict[str, Any], configuration: str) -> Document:
    """One configuration."""
    return desk.get("billing_portal.configuration", configuration)


@endpoint("GET", "billing_portal/configurations", PAGE | {"active": boolean, "is_default": boolean})
def list_configurations(desk: Desk, parameters: dict[str, Any]) -> Document:
    """Configurations by pages."""
    conditions = wanted(parameters, "active", "is_default")
    return page(desk, "billing_portal.configuration", "/v1/billing_portal/configurations", parameters, *conditions)


@endpoint("POST", "billing_portal/sessions", SESSION)
def create_session(desk: Desk, parameters: dict[str, Any]) -> Document:
    """The portal opened for one customer."""
    if "customer" not in parameters:
        raise missing_parameter("customer")
    customer = desk.alive("customer", parameters["customer"], "customer")
    configuration = _configuration(desk, parameters.get("configuration"))
    identifier = new_id("billing_portal.session")
    fields = {
        "configuration": configuration["id"],
        "customer": customer["id"],
        "customer_account": None,
        "flow": _flow(desk, customer, parameters.get("flow_data")),
        "locale": parameters.get("locale"),
        "on_behalf_of": None,
        "return_url": parameters.get("return_url") or configuration["default_return_url"],
        "url": f"{desk.address}/portal/{identifier}",
    }
    session = desk.add("billing_portal.session", fields, identifier)
    desk.tell("billing_portal.session.created", session)
    return session


def _configuration(desk: Desk, identifier: str | None) -> Document:
    if identifier is None:
        return desk.store.find("billing_portal.configuration", ("is_default", "=", True))[0]
    found = desk.get("billing_portal.configuration", identifier, "configuration")
    if not found["active"]:
        raise ApiError("This portal configuration is inactive.", param="configuration")
    return found


def _flow(desk: Desk, customer: Document, data: dict[str, Any] | None) -> Document | None:
    if data is None:
        return None
    flow: Document = dict.fromkeys(
        ("customer_update", "subscription_cancel", "subscription_update", "subscription_update_confirm")
    )
    flow |= {"type": data["type"], "after_completion": _after(data.get("after_completion"))}
    if data["type"] == "subscription_cancel":
        flow["subscription_cancel"] = {"retention": None, "subscription": _to_cancel(desk, customer, data)}
    return flow


def _to_cancel(desk: Desk, customer: Document, data: dict[str, Any]) -> str:
    name = "flow_data[subscription_cancel][subscription]"
    if "subscription_cancel" not in data:
        raise missing_parameter(name)
    subscription = desk.get("subscription", data["subscription_cancel"]["subscription"], name)
    if subscription["customer"] != customer["id"]:
        raise ApiError("The subscription does not belong to this customer.", param=name)
    if subscription["status"] == "canceled" or subscription["cancel_at"]:
        message = (
            f"This subscription cannot be canceled because it is already set to be canceled: {subscription['id']}."
        )
        raise ApiError(message, param=name)
    return str(subscription["id"])


def _after(given: dict[str, Any] | None) -> Document:
    after: Document = {"hosted_confirmation": None, "redirect": None, "type": "portal_homepage"}
    return after | (given or {})


def add_configuration(desk: Desk, fields: Document, default: bool = False) -> Document:
    """Keep a configuration, every feature spelled out; ApiError never."""
    profile = dict.fromkeys(("headline", "privacy_policy_url", "terms_of_service_url"))
    blank = {
        "active": True,
        "application": None,
        "default_return_url": None,
        "is_default": default,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": desk.now(),
    }
    spelled = {
        "business_profile": profile | fields.get("business_profile", {}),
        "features": _features(NO_FEATURES, fields["features"]),
    }
    return desk.add("billing_portal.configuration", blank | fields | spelled)


def _features(old: Document, new: Document) -> Document:
    return {name: old[name] | _filled(old[name], new.get(name, {})) for name in old}


def _filled(old: Document, new: Document) -> Document:
    reason = new.get("cancellation_reason")
    return new | {"cancellation_reason": old["cancellation_reason"] | reason} if reason else new


NO_FEATURES: Document = {
    "customer_update": {"allowed_updates": [], "enabled": False},
    "invoice_history": {"enabled": False},
    "payment_method_update": {"enabled": False, "payment_method_configuration": None},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": False, "options": []},
        "enabled": False,
        "mode": "at_period_end",
        "proration_behavior": "none",
    },
    "subscription_pause": {"duration": {"interval_options": [], "type": "indefinite"}, "enabled": False},
    "subscription_update": {
        "billing_cycle_anchor": None,
        "default_allowed_updates": [],
        "enabled": False,
        "products": [],
        "proration_behavior": "none",
        "schedule_at_period_end": {"conditions": []},
        "trial_update_behavior": "end_trial",
    },
}
DEFAULT_FEATURES: Document = {
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {
        "cancellation_reason": {"enabled": True, "options": ["too_expensive", "unused", "switched_service", "other"]},
        "enabled": True,
    },
}
"""What an account's saved default allows, until the integrator brings a configuration of its own."""
