"""Errors as Stripe words them: an HTTP status and an envelope."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer other than 200; `extra` joins the envelope (charge, payment_intent, decline_code …).

    What was written before it was raised is undone, unless `kept`: a refused card leaves its trace.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.kept = kept
        self.message, self.status, self.kind = message, status, kind
        self.code, self.param, self.extra = code, param, extra

    def envelope(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind}
        if self.code:
            error["code"] = self.code
        if self.param:
            error["param"] = self.param
        return {"error": error | self.extra}


def missing_parameter(param: str) -> ApiError:
    """A required parameter is absent."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_parameter(param: str) -> ApiError:
    """A parameter that the endpoint does not take."""
    return ApiError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_such(noun: str, identifier: str, param: str = "id", status: int = 404) -> ApiError:
    """An object that is not there; 404 when it was the address, 400 when it was a parameter."""
    message = f"No such {noun}: '{identifier}'"
    return ApiError(message, status=status, code="resource_missing", param=param)


def card_declined(code: str, decline_code: str | None, **extra: Any) -> ApiError:
    """A bank's refusal, as the API words it; the pages have their own sentence."""
    if decline_code:
        extra["decline_code"] = decline_code
    return ApiError("Your card was declined.", status=402, kind="card_error", code=code, **extra)


def unauthenticated(message: str) -> ApiError:
    """A missing or unusable key."""
    return ApiError(message, status=401)


def reused_idempotency_key(key: str) -> ApiError:
    """The same key with other parameters, or on another endpoint."""
    message = (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        f"Try using a key other than '{key}' if you meant to execute a different request."
    )
    return ApiError(message, kind="idempotency_error")
