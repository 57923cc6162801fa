"""The invented people of demo/accounts.toml, as plain values."""

import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

from portal.access.vocabulary import Reason
from portal.roles import Role
from portal.settings import ROOT
from portal.typography import french

FOLDER = ROOT / "demo"
GROUPS = ("trial", "paying", "companies", "given", "refused", "staff")


@dataclass(frozen=True, slots=True)
class Account:
    """An invented person; `look` is a sentence for each language, `row` the reason shown at their article.

    Acts are tables of the file: `trial` {verticals, days_ago, extended?, reason?}, `gift` {verticals, days, reason,
    days_ago?, starts_in?, revoked?}, `asks` {kind, vertical, hours_ago, message?, cap?, cap_reason?}, `subscription` as
    dev.subscribers.Subscriber.
    """

    email: str
    name: str
    look: dict[str, str]
    group: str
    row: Reason
    article: str = ""
    begins_at: str = ""
    company: str = ""
    role: Role = Role.READER
    confirmed: bool = True
    suspended: str = ""
    days_ago: int = 0
    seat_of: str = ""
    joins: str = ""
    left_days_ago: int | None = None
    trial: dict[str, Any] | None = None
    gift: dict[str, Any] | None = None
    asks: dict[str, Any] | None = None
    subscription: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of a company of whom nothing is told but the licence."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation with several licences. Without a `contract` its manager pays by card; `domain` is its mail's."""

    name: str
    manager: str
    seats: int
    colleagues: tuple[Colleague, ...]
    invitations: tuple[str, ...]
    days_ago: int = 0
    contract: dict[str, Any] | None = None
    domain: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Everybody of the demonstration."""

    password: str
    accounts: tuple[Account, ...]
    companies: tuple[Company, ...]

    def known(self, email: str) -> Account | None:
        """The account with this address."""
        return next((one for one in self.accounts if one.email == email), None)

    def company(self, name: str) -> Company | None:
        """The company of this name, if it is one of those with a list of colleagues."""
        return next((one for one in self.companies if one.name == name), None)


@cache
def people() -> People:
    """What demo/accounts.toml says. Raises TypeError or ValueError for a word it does not know."""
    data = tomllib.loads((FOLDER / "accounts.toml").read_text(encoding="utf-8"))
    accounts = tuple(_account(one) for one in data["accounts"])
    return People(data["password"], accounts, tuple(_company(one) for one in data["companies"]))


def _account(written: dict[str, Any]) -> Account:
    if written["group"] not in GROUPS:
        raise ValueError(f"{written['email']} belongs to no group of the hub.")
    read = {
        "look": {**written["look"], "fr": french(written["look"]["fr"])},
        "row": Reason(written["row"]),
        "role": Role(written.get("role", "reader")),
    }
    return Account(**{**written, **read})


def _company(written: dict[str, Any]) -> Company:
    colleagues = tuple(Colleague(_address(name), name) for name in written["colleagues"])
    return Company(**{**written, "colleagues": colleagues, "invitations": tuple(written["invitations"])})


def _address(name: str) -> str:
    """ "Thaïs Lescouarnec" reads mail at thais.lescouarnec@example.org."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{plain.lower().replace(' ', '.')}@example.org"
