"""Whole texts kept in templates: French typography, lists in words, and the numbered parts of a long text."""

import re
from collections.abc import Sequence

from markupsafe import Markup

from portal.i18n import current_locale, gettext
from portal.typography import french

_PART = re.compile(r"<h2>((\d+)\. [^<]+)</h2>")


def typography(text: str) -> str:
    """The text with the spaces and apostrophes of the current language; markup stays markup."""
    if current_locale() != "fr":
        return text
    polished = french(str(text).replace("&#39;", "'"))  # as templates escape it
    return Markup(polished) if isinstance(text, Markup) else polished  # noqa: S704  # nosec B704 - our own template


def listed(names: Sequence[str]) -> str:
    """ "a, b et c"; one name alone is itself."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(first)s and %(last)s", first=", ".join(names[:-1]), last=names[-1])


def numbered(text: str) -> tuple[str, list[dict[str, object]]]:
    """The text with an anchor on each heading "<h2>3. …</h2>", and its table of contents for the macro `outline`."""
    parts = [
        {"text": Markup(title), "url": f"#p{number}", "locked": False}  # noqa: S704  # nosec B704 - our own template
        for title, number in _PART.findall(text)
    ]
    return _PART.sub(r'<h2 id="p\2">\1</h2>', text), parts
