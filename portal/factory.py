"""create_app(): the only place where the rooms of the house are wired together."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, has_request_context, session
from werkzeug.middleware.proxy_fix import ProxyFix

from portal import (
    accounts,
    assets,
    clock,
    compress,
    cookies,
    errors,
    formats,
    i18n,
    limits,
    logs,
    page_cache,
    probes,
    throttle,
    web,
)
from portal.accounts import sessions, signals
from portal.db import db, writing
from portal.extensions import csrf, login_manager, migrate
from portal.lean import LeanFlask, collect_rarely, visitor
from portal.masthead import ui
from portal.settings import ROOT, Environment, Settings, load
from portal.verticals import on_dark

STRIPE_PAGES = ("https://checkout.stripe.com", "https://billing.stripe.com", "https://invoice.stripe.com")


def create_app(settings: Settings | None = None) -> Flask:
    """The portal as a WSGI application. Raises SettingsError when a setting is missing or unsafe."""
    settings = settings or load()
    app = LeanFlask("portal", root_path=str(ROOT / "portal"), template_folder="../templates", static_folder="../static")
    app.config.from_mapping(_config(settings))
    app.extensions["portal.settings"] = settings
    clock.share(settings.clock_file)
    logs.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    _bind_extensions(app)
    _register_rooms(app, settings)
    limits.init_app(app, settings)
    web.init_app(app)
    errors.init_app(app)
    compress.init_app(app)
    page_cache.init_app(app)
    if settings.production:
        collect_rarely()
    return app


def _config(settings: Settings) -> dict[str, Any]:
    host = settings.site_url.split("://", 1)[1]
    development = settings.env is not Environment.PRODUCTION
    hosts = [host.rsplit(":", 1)[0]] + (["127.0.0.1", "localhost"] if development else [])
    return {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.secret_key_fallbacks),
        "LEDGER_KEYS": settings.ledger_keys,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SESSION_COOKIE_NAME": cookies.named("session", secure=settings.secure),
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=90),
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 1000,
        "TRUSTED_HOSTS": hosts,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "SITE_URL": settings.site_url,
        "SITE_NAME": settings.site_name,
        "MAIL_FROM": settings.mail_from,
        "SOCIAL_LINKS": settings.social_links,
        "BREACH_LIST": settings.breach_list,
        "DEVICES": settings.devices,
        "FORM_ORIGINS": [settings.stripe_api_base] if settings.uses_sandbox else list(STRIPE_PAGES),
        "DEMO_BAR": settings.env is Environment.DEVELOPMENT,
        "TESTING": settings.env is Environment.TEST,
    }


def _bind_extensions(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    login_manager.init_app(app)
    login_manager.user_loader(lambda token: sessions.by_token(db.session, token))
    csrf.init_app(app)
    i18n.init_app(app)
    app.jinja_env.filters.update(formats.FILTERS, on_dark=on_dark)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = False
    app.context_processor(_page_context)
    app.before_request(_settle_language)
    app.after_request(_touch_session)


def _register_rooms(app: Flask, settings: Settings) -> None:
    """Every package's blueprint and commands; the development hub only where it belongs."""
    from portal import admin, billing, cli, content, enquiries, house, newsletters, profile, trials

    assets.init_app(app)
    probes.init_app(app)
    for room in (accounts, trials, billing, content, enquiries, house, newsletters, profile, admin):
        room.init_app(app)
    cli.init_app(app)
    if settings.env is Environment.DEVELOPMENT:
        from portal import dev

        dev.init_app(app)


def _page_context() -> dict[str, Any]:
    """Mails made by the worker or the command line have no page around them."""
    return {"ui": ui()} if has_request_context() else {}


def _settle_language() -> None:
    if "_user_id" in session:
        person = visitor()
        if person.is_authenticated:
            i18n.settle_locale(person.locale)


def _touch_session(response: Response) -> Response:
    """Note at most every ten minutes that a session is in use."""
    person = visitor() if "_user_id" in session and response.status_code < 500 else None
    if person is not None and person.is_authenticated and clock.now() - person.last_seen_at >= sessions.SEEN_EVERY:
        with writing() as unit:
            if sessions.touch(unit, person) and person.viewer_id is None:
                signals.note_network(unit, person.id, person.session_id, throttle.address_block(web.client_address()))
    return response
