"""Unsafe settings stop the start with a sentence that says what to set."""

from pathlib import Path

import pytest

from portal.settings import SettingsError, load

PRODUCTION = {
    "PORTAL_ENV": "production",
    "DATABASE_URL": "postgresql://portal@db.example.org/portal?sslmode=verify-full",
    "SECRET_KEY": "x" * 32,
    "SITE_URL": "https://mind.example.org",
    "MAIL_URL": "smtp://mail.example.org",
    "STRIPE_SECRET_KEY": "sk_test_abc",
    "STRIPE_WEBHOOK_SECRETS": "whsec_new, whsec_old",
}


def test_development_needs_no_setting_at_all(tmp_path: Path) -> None:
    settings = load({"PORTAL_INSTANCE": str(tmp_path), "PORT": "8040"})
    assert settings.database_url.startswith("sqlite:///")
    assert settings.stripe_api_base == "http://127.0.0.1:8041"
    assert load({"PORTAL_INSTANCE": str(tmp_path)}).secret_key == settings.secret_key


def test_production_accepts_a_complete_configuration() -> None:
    settings = load(PRODUCTION)
    assert settings.database_url.startswith("postgresql+psycopg://")
    assert settings.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert settings.clock_file is None


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "PORTAL_ENV"])
def test_production_refuses_to_start_without(missing: str) -> None:
    environ = {name: value for name, value in PRODUCTION.items() if name != missing}
    with pytest.raises(SettingsError, match=missing):
        load(environ)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"LEDGER_KEY": "short"}, "LEDGER_KEY"),
        ({"SITE_URL": "http://mind.example.org"}, "https"),
        ({"STRIPE_SECRET_KEY": "sk_live_abc"}, "STRIPE_LIVE"),
        ({"STRIPE_API_BASE": "http://127.0.0.1:8001"}, "STRIPE_API_BASE"),
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV"),
        ({"DATABASE_URL": "postgresql://portal@db.example.org/portal"}, "sslmode=verify-full"),
        ({"DATABASE_URL": "postgresql://portal@db.example.org/portal?sslmode=require"}, "sslmode=verify-full"),
        ({"REDIS_URL": "redis://store.example.org"}, "rediss://"),
        ({"PUBLISHER_IBAN": "FR76 3000 6000 0112 3456 7890 188", "PUBLISHER_BIC": "AGRIFRPP"}, "PUBLISHER_IBAN"),
        ({"PUBLISHER_IBAN": "FR76 3000 6000 0112 3456 7890 189", "PUBLISHER_BIC": "AGRIFRPP"}, "of examples"),
        ({"PUBLISHER_IBAN": "DE89 3704 0044 0532 0130 00"}, "PUBLISHER_BIC"),
        ({"PUBLISHER_IBAN": "DE89 3704 0044 0532 0130 00", "PUBLISHER_BIC": "COBADEFF"}, "PUBLISHER must say"),
    ],
)
def test_production_refuses_what_is_unsafe(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load({**PRODUCTION, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"DATABASE_URL": "postgresql://portal@127.0.0.1/portal"},
        {"DATABASE_URL": "postgresql:///portal"},
        {"DATABASE_URL": "sqlite:////srv/portal.sqlite"},
        {"REDIS_URL": "redis://localhost:6379"},
        {"REDIS_URL": "rediss://store.example.org"},
    ],
)
def test_production_needs_no_tls_within_its_own_machine(changes: dict[str, str]) -> None:
    assert load({**PRODUCTION, **changes}).production


@pytest.mark.parametrize(
    "environ",
    [
        {"STRIPE_SECRET_KEY": "sk_live_abc", "STRIPE_LIVE": "1", "STRIPE_WEBHOOK_SECRETS": "whsec_x"},
        {"STRIPE_API_BASE": "http://stripe.example.org"},
        {"STRIPE_SECRET_KEY": "sk_test_abc"},
        {"PORT": "eight"},
    ],
)
def test_development_refuses_a_live_key_a_distant_stand_in_and_a_missing_secret(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(SettingsError):
        load({"PORTAL_INSTANCE": str(tmp_path), **environ})


def test_the_ledger_has_its_own_key_or_the_servers_and_knows_all_former_ones() -> None:
    server = {"SECRET_KEY": "s" * 32, "SECRET_KEY_FALLBACKS": "r" * 32}
    assert load({**PRODUCTION, **server}).ledger_keys == ("s" * 32, "r" * 32)
    own = {**server, "LEDGER_KEY": "l" * 32, "LEDGER_KEY_FALLBACKS": f"{'k' * 32},{'r' * 32}"}
    assert load({**PRODUCTION, **own}).ledger_keys == ("l" * 32, "k" * 32, "r" * 32, "s" * 32)
