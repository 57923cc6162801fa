"""What a device calls itself, in words a reader recognises: “Firefox sur Mac”. Only browsers that people use are known.

Every browser claims to be several others; the order of the tables says whom to believe.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.i18n import gettext as _

_BROWSERS = (
    ("Edge", ("Edg/", "EdgA/", "EdgiOS/")),
    ("Opera", ("OPR/", "OPT/")),
    ("Samsung Internet", ("SamsungBrowser/",)),
    ("Firefox", ("Firefox/", "FxiOS/")),
    ("Chrome", ("CriOS/", "Chrome/")),
    ("Safari", ("Safari/",)),
)
_SYSTEMS = (
    ("iPhone", ("iPhone",)),
    ("iPad", ("iPad",)),
    ("Android", ("Android",)),
    ("Mac", ("Macintosh",)),
    ("Windows", ("Windows NT",)),
    ("ChromeOS", ("CrOS",)),
    ("Linux", ("Linux",)),
)


@dataclass(frozen=True, slots=True)
class UserAgent:
    """A browser and the machine it runs on, by the names of their makers; empty when unknown."""

    browser: str = ""
    system: str = ""

    def words(self) -> str:
        """The device in the current language."""
        if self.browser and self.system:
            return _("%(browser)s on %(system)s", browser=self.browser, system=self.system)
        if self.system:
            return _("A browser on %(system)s", system=self.system)
        return self.browser or _("A browser")

    def facts(self) -> dict[str, str]:
        """As the audit log keeps it, without a language."""
        return {"browser": self.browser, "system": self.system}


def parse(text: str) -> UserAgent:
    """The device behind a User-Agent header, which may be anything at all."""
    return UserAgent(_first(_BROWSERS, text), _first(_SYSTEMS, text))


def from_facts(facts: Mapping[str, str] | None) -> UserAgent:
    """What facts() kept; an unknown device when it was erased."""
    kept: Mapping[str, str] = facts or {}
    return UserAgent(kept.get("browser", ""), kept.get("system", ""))


def _first(table: Iterable[tuple[str, tuple[str, ...]]], text: str) -> str:
    return next((name for name, signs in table if any(sign in text for sign in signs)), "")
