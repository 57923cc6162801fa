"""What browsers are told with every answer: what may run, be framed, be sent where."""

from flask import Flask


def of_every_answer(app: Flask) -> dict[str, str]:
    """The headers of every answer, errors and static files included."""
    forms = " ".join(["'self'", *app.config["FORM_ORIGINS"]])
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"connect-src 'self'; manifest-src 'self'; form-action {forms}; frame-src 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    found = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "tdm-reservation": "1",  # text and data mining is reserved; /.well-known/tdmrep.json says the same
    }
    if app.config["SITE_URL"].startswith("https://"):
        found["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    return found
