"""Configuration: environment variables, read once into one frozen Settings object.

A missing or unsafe value stops the start with a sentence that says what to set (SettingsError).
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
STRIPE_API = "https://api.stripe.com"
SANDBOX_KEY = "sk_test_sandbox"
SANDBOX_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105  # nosec B105 - the stand-in's, no money behind it
EXAMPLE_PUBLISHER = "mind, société inventée, 1 rue de l’Exemple, 75002 Paris, RCS Paris 000 000 000, TVA FR00000000000"
EXAMPLE_IBAN, EXAMPLE_BIC = "FR7630006000011234567890189", "AGRIFRPP"
"""The account that banks print in examples: it belongs to nobody."""
_IBAN, _BIC = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}"), re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class SettingsError(Exception):
    """A setting is missing or unsafe; the message says what to set."""


class Environment(StrEnum):
    """Where the portal runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting, typed. Names follow the environment variables; defaults are those of .env.example."""

    env: Environment = Environment.DEVELOPMENT
    database_url: str
    secret_key: str
    secret_key_fallbacks: tuple[str, ...] = ()
    ledger_key: str = ""
    ledger_key_fallbacks: tuple[str, ...] = ()
    site_url: str = "http://127.0.0.1:8000"
    site_name: str = "mind"
    stripe_secret_key: str = SANDBOX_KEY
    stripe_webhook_secrets: tuple[str, ...] = (SANDBOX_WEBHOOK_SECRET,)
    stripe_api_base: str = STRIPE_API
    stripe_live: bool = False
    mail_url: str | None = None
    mail_from: str = "mind <assistance@example.org>"
    redis_url: str | None = None
    breach_list: str = ""
    trusted_proxies: int = 0
    devices: int = 5
    suspend_disputed: bool = False
    social_links: tuple[tuple[str, str], ...] = ()
    publisher: str = EXAMPLE_PUBLISHER
    publisher_iban: str = EXAMPLE_IBAN
    publisher_bic: str = EXAMPLE_BIC
    clock_file: Path | None = None
    instance: Path = ROOT / "instance"

    @property
    def production(self) -> bool:
        """True where real readers are."""
        return self.env is Environment.PRODUCTION

    @property
    def ledger_keys(self) -> tuple[str, ...]:
        """What the trial ledger knows people by, today's first: its own keys, and those it had from SECRET_KEY."""
        today = self.ledger_key or self.secret_key
        former = (*self.ledger_key_fallbacks, self.secret_key, *self.secret_key_fallbacks)
        return tuple(dict.fromkeys((today, *former)))

    @property
    def secure(self) -> bool:
        """True when the site is served over TLS; decides the cookie's name and HSTS."""
        return self.site_url.startswith("https://")

    @property
    def heartbeat(self) -> Path:
        """The file whose age tells that this machine's worker is alive."""
        return self.instance / "worker-heartbeat"

    @property
    def uses_sandbox(self) -> bool:
        """True when the local stand-in plays Stripe."""
        return self.stripe_api_base != STRIPE_API


def load(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the environment. Raises SettingsError."""
    env = _environment(environ)
    instance = Path(environ.get("PORTAL_INSTANCE") or ROOT / "instance")
    port = _number(environ, "PORT", 8000)
    settings = Settings(
        env=env,
        instance=instance,
        database_url=_database_url(environ, env, instance),
        secret_key=_secret_key(environ, env, instance),
        secret_key_fallbacks=_list(environ, "SECRET_KEY_FALLBACKS"),
        ledger_key=environ.get("LEDGER_KEY") or "",
        ledger_key_fallbacks=_list(environ, "LEDGER_KEY_FALLBACKS"),
        site_url=(environ.get("SITE_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
        site_name=environ.get("SITE_NAME") or "mind",
        stripe_secret_key=environ.get("STRIPE_SECRET_KEY") or ("" if env is Environment.PRODUCTION else SANDBOX_KEY),
        stripe_webhook_secrets=_webhook_secrets(environ, env),
        stripe_api_base=_stripe_base(environ, port),
        stripe_live=environ.get("STRIPE_LIVE") == "1",
        mail_url=environ.get("MAIL_URL") or None,
        mail_from=environ.get("MAIL_FROM") or "mind <assistance@example.org>",
        redis_url=environ.get("REDIS_URL") or None,
        breach_list=_breach_list(environ),
        trusted_proxies=_number(environ, "TRUSTED_PROXIES", 0),
        devices=_number(environ, "DEVICES", 5),
        # The demonstration shows what it does; elsewhere the house says so.
        suspend_disputed=(environ.get("SUSPEND_DISPUTED") or str(int(env is Environment.DEVELOPMENT))) == "1",
        social_links=_named_links(environ, "SOCIAL_LINKS"),
        publisher=environ.get("PUBLISHER") or ("" if env is Environment.PRODUCTION else EXAMPLE_PUBLISHER),
        publisher_iban=_account(environ, "PUBLISHER_IBAN", "" if env is Environment.PRODUCTION else EXAMPLE_IBAN),
        publisher_bic=_account(environ, "PUBLISHER_BIC", "" if env is Environment.PRODUCTION else EXAMPLE_BIC),
        clock_file=_clock_file(environ, env, instance),
    )
    check(settings)
    return settings


def check(settings: Settings) -> None:
    """Refuse combinations that could lose money or leak. Raises SettingsError."""
    _check_stripe(settings)
    _check_account(settings)
    if not settings.production:
        return
    if len(settings.secret_key) < 32:
        raise SettingsError("SECRET_KEY must hold at least 32 characters in production.")
    if settings.ledger_key and len(settings.ledger_key) < 32:
        raise SettingsError("LEDGER_KEY must hold at least 32 characters in production, or be empty.")
    if not settings.secure:
        raise SettingsError("SITE_URL must begin with https:// in production.")
    if not settings.mail_url:
        raise SettingsError("MAIL_URL must be set in production, for example smtp://mail.example.org:587.")
    _check_lines(settings)


def _check_account(settings: Settings) -> None:
    """A wrong digit would send customers' money elsewhere: the IBAN carries its own control number."""
    iban, bic = settings.publisher_iban, settings.publisher_bic
    if iban and not _is_iban(iban):
        raise SettingsError("PUBLISHER_IBAN is no IBAN: check its digits, or leave it empty and send no quotes.")
    if bool(iban) != bool(bic) or (bic and not _BIC.fullmatch(bic)):
        raise SettingsError("PUBLISHER_BIC must be the BIC of PUBLISHER_IBAN, 8 or 11 letters and digits.")
    if settings.production and iban == EXAMPLE_IBAN:
        raise SettingsError("PUBLISHER_IBAN is the account of examples: set the publisher's own, or leave it empty.")
    if iban and not settings.publisher:
        raise SettingsError("PUBLISHER must say who sells (name, address, RCS, VAT number) when PUBLISHER_IBAN is set.")


def _is_iban(text: str) -> bool:
    moved = "".join(str(int(sign, 36)) for sign in text[4:] + text[:4]) if _IBAN.fullmatch(text) else "0"
    return int(moved) % 97 == 1


def _check_lines(settings: Settings) -> None:
    """What goes to another machine goes over TLS, to one that proves who it is."""
    database = urlsplit(settings.database_url)
    proved = parse_qs(database.query).get("sslmode") in (["verify-full"], ["verify-ca"])
    if database.scheme.startswith("postgresql") and not _is_here(database.hostname) and not proved:
        raise SettingsError("DATABASE_URL on another machine must end with ?sslmode=verify-full in production.")
    store = urlsplit(settings.redis_url or "")
    if store.scheme not in ("", "rediss", "unix") and not _is_here(store.hostname):
        raise SettingsError("REDIS_URL on another machine must begin with rediss:// in production.")


def _is_here(host: str | None) -> bool:
    """True for this machine: a loopback address, or none (a socket in the file system)."""
    return host is None or host in _LOOPBACK


def _check_stripe(settings: Settings) -> None:
    key = settings.stripe_secret_key
    if not key:
        raise SettingsError("STRIPE_SECRET_KEY must be set in production: the local stand-in never runs there.")
    if not settings.stripe_webhook_secrets or not all(settings.stripe_webhook_secrets):
        raise SettingsError("STRIPE_WEBHOOK_SECRETS must hold at least one secret and no empty one.")
    live = key.startswith(("sk_live_", "rk_live_"))
    if live and not (settings.stripe_live and settings.production):
        raise SettingsError("A live Stripe key needs STRIPE_LIVE=1 and PORTAL_ENV=production.")
    if settings.uses_sandbox:
        _check_stand_in(settings, live)


def _check_stand_in(settings: Settings, live: bool) -> None:
    if settings.production:
        raise SettingsError(f"STRIPE_API_BASE must be {STRIPE_API} in production.")
    if live or urlsplit(settings.stripe_api_base).hostname not in _LOOPBACK:
        raise SettingsError("A STRIPE_API_BASE of your own needs a test key and a loopback address.")


def _account(environ: Mapping[str, str], name: str, default: str) -> str:
    """Without the spaces people write it with."""
    return re.sub(r"\s", "", environ.get(name) or default).upper()


def _breach_list(environ: Mapping[str, str]) -> str:
    address = environ.get("BREACH_LIST", "")
    if address and not (address.startswith("https://") and address.endswith("/")):
        raise SettingsError("BREACH_LIST must be an https address that ends with /, or empty.")
    return address


def _environment(environ: Mapping[str, str]) -> Environment:
    word = environ.get("PORTAL_ENV") or Environment.DEVELOPMENT
    try:
        return Environment(word)
    except ValueError:
        raise SettingsError("PORTAL_ENV must be development, test or production.") from None


def _database_url(environ: Mapping[str, str], env: Environment, instance: Path) -> str:
    url = environ.get("DATABASE_URL")
    if not url and env is Environment.PRODUCTION:
        raise SettingsError(
            "DATABASE_URL must be set in production, for example postgresql://user@host/portal?sslmode=verify-full."
        )
    url = url or f"sqlite:///{instance / 'portal.sqlite'}"
    for plain in ("postgres://", "postgresql://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _secret_key(environ: Mapping[str, str], env: Environment, instance: Path) -> str:
    if key := environ.get("SECRET_KEY"):
        return key
    if env is Environment.PRODUCTION:
        raise SettingsError(
            "SECRET_KEY must be set in production: python -c 'import secrets; print(secrets.token_hex(32))'."
        )
    return _local_secret(instance / "secret-key")


def _local_secret(path: Path) -> str:
    """A key made once and kept beside the local database, so that sign-ins survive a restart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        path.chmod(0o600)
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()


def _webhook_secrets(environ: Mapping[str, str], env: Environment) -> tuple[str, ...]:
    given = _list(environ, "STRIPE_WEBHOOK_SECRETS")
    if given or env is Environment.PRODUCTION or environ.get("STRIPE_SECRET_KEY"):
        return given
    return (SANDBOX_WEBHOOK_SECRET,)


def _stripe_base(environ: Mapping[str, str], port: int) -> str:
    if base := environ.get("STRIPE_API_BASE"):
        return base.rstrip("/")
    return STRIPE_API if environ.get("STRIPE_SECRET_KEY") else f"http://127.0.0.1:{port + 1}"


def _clock_file(environ: Mapping[str, str], env: Environment, instance: Path) -> Path | None:
    if env is Environment.PRODUCTION:
        return None
    return Path(environ.get("PORTAL_CLOCK_FILE") or instance / "clock-offset")


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"{name} must be a whole number, for example {default}.")
    return int(text)


def _list(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())


def _named_links(environ: Mapping[str, str], name: str) -> tuple[tuple[str, str], ...]:
    """Pairs name=address; an address that is not https:// is refused, because the page would send readers there."""
    pairs = [part.partition("=")[::2] for part in _list(environ, name)]
    links = tuple((label.strip(), url.strip()) for label, url in pairs)
    if not all(label and url.startswith("https://") and urlsplit(url).hostname for label, url in links):
        raise SettingsError(f"{name} must hold pairs like LinkedIn=https://www.example.org/us, comma separated.")
    return links
