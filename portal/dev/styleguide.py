"""The living style guide: every token and component of the house, drawn by the real macros."""

import re
from functools import cache

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal import clock
from portal.dev import specimens
from portal.settings import ROOT
from portal.verticals import site_verticals
from portal.web import DEVELOPMENT, allow, private

blueprint = Blueprint("styleguide", __name__)

_TOKEN = re.compile(r"--([a-z0-9-]+): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)")
_SYMBOL = re.compile(r'<symbol id="([a-z-]+)"')


@cache
def colours() -> list[tuple[str, str, str]]:
    """Every colour of the house: its name, its value on light pages and on dark ones."""
    return _TOKEN.findall((ROOT / "static" / "css" / "tokens.css").read_text(encoding="utf-8"))


@cache
def icons() -> list[str]:
    """The names of all symbols."""
    return _SYMBOL.findall((ROOT / "static" / "icons.svg").read_text(encoding="utf-8"))


@blueprint.get("/dev/components")
@allow(DEVELOPMENT)
@private
def components() -> ResponseReturnValue:
    """Every component with sample values."""
    now = clock.now()
    good, bad = specimens.forms()
    return render_template(
        "dev/components.html",
        colours=colours(),
        icons=icons(),
        editions=site_verticals(),
        ribbons=specimens.ribbons(now),
        panels=specimens.panels(now),
        notes=specimens.notes_of(now),
        verdicts=specimens.verdicts(now),
        rights=specimens.rights(now),
        headlines=specimens.headlines(now),
        good=good,
        bad=bad,
        now=now,
        swap=swap,
    )


def swap(drawn: Markup, old: str, new: str) -> Markup:
    """What a macro drew, with a word of it replaced: an id or a label that may stand on a page only once."""
    return Markup(str(drawn).replace(old, new))  # noqa: S704  # nosec B704 - the house's own HTML
