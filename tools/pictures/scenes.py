"""Eight pages that show the product, and its mails, on phone and desktop, in light and dark."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from portal.i18n import LOCALES
from tests.journeys.browser import DESKTOP, PHONE
from tools.judging.look import tab_of
from tools.judging.people import ADMIN, STRANGER, TRIAL, Visitor, Who

HEALTH = "/health/article/telesurveillance-cardiaque-valmere-resultats-un-an"
FINTECH = "/fintech/article/l-euro-numerique-se-jouera-chez-les-commercants"
READY = "() => document.fonts.ready.then(() => true)"
SIZES = {"desktop": DESKTOP, "phone": PHONE}
MAIL_WIDTHS = {"desktop": 680, "phone": 375}
LOCALE = "fr"


@dataclass(frozen=True, slots=True)
class Scene:
    """A page as somebody sees it; `path` may have to be asked for."""

    name: str
    who: Who
    path: Callable[[Visitor], str]
    whole: bool = True


def _at(path: str) -> Callable[[Visitor], str]:
    return lambda _visitor: path


def reader_of(visitor: Visitor, email: str) -> str:
    """The back office's page of the account with this address."""
    found = re.search(r'href="(/admin/readers/\d+)"', visitor.opens(f"/admin/readers?q={email}").text)
    if found is None:
        raise LookupError(f"The back office does not find {email}.")
    return found[1]


def _explained(visitor: Visitor) -> str:
    return f"{reader_of(visitor, TRIAL.email)}?article={FINTECH}"


SCENES = (
    Scene("1-home", STRANGER, _at("/")),
    Scene("2-vertical", STRANGER, _at("/health/")),
    Scene("3-locked", TRIAL, _at(FINTECH)),
    Scene("4-open", TRIAL, _at(HEALTH)),
    Scene("5-plans", STRANGER, _at("/plans")),
    Scene("6-profile", TRIAL, _at("/profile/")),
    Scene("7-why", ADMIN, _explained),
    Scene("8-readers", ADMIN, _at("/admin/readers")),
)


def take_scenes(browser: Browser, url: str, folder: Path) -> Iterator[Path]:
    """Every scene, whole, in four views."""
    for scene in SCENES:
        visitor = scene.who.arrives(url, LOCALE)
        tab = tab_of(browser, LOCALE, visitor.cookies())
        opened = tab.goto(url + scene.path(visitor))
        if opened is None or not opened.ok:
            raise LookupError(f"{scene.name} answers {opened and opened.status}.")
        for size, scheme in ((size, scheme) for size in SIZES for scheme in ("light", "dark")):
            path = folder / f"{scene.name}-{size}-{scheme}.png"
            tab.set_viewport_size(SIZES[size])  # type: ignore[arg-type]
            tab.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            settle(tab)
            tab.screenshot(path=path, full_page=True)
            yield path
        tab.context.close()


def take_mails(browser: Browser, url: str, folder: Path) -> Iterator[Path]:
    """Every kind of mail the portal writes in every language, as a phone and as a desktop shows it."""
    listing = Visitor(url, LOCALE).opens("/dev/mails").text
    kinds = sorted(set(re.findall(r'"/dev/mails/([\w-]+)\?', unescape(listing))))
    if not kinds:
        raise LookupError("/dev/mails lists no mail.")
    tab = tab_of(browser, LOCALE, [])
    for kind, locale in product(kinds, LOCALES):
        tab.goto(f"{url}/dev/mails/{kind}/html?lang={locale}")
        for name, width in MAIL_WIDTHS.items():
            path = folder / f"mail-{kind}-{locale}-{name}.png"
            tab.set_viewport_size({"width": width, "height": 600})
            tab.screenshot(path=path, full_page=True)
            yield path
    tab.context.close()


def settle(tab: Tab) -> None:
    """Wait for the letters: a picture in another face would differ from the next one."""
    tab.evaluate(READY)
