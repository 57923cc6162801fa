"""Languages: French first, English complete. Catalogues are read once; French texts get their typography there."""

import gettext as gettext_module
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, has_request_context, request
from flask_babel.speaklater import LazyString
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from portal import cookies
from portal.typography import french

LOCALES = ("fr", "en")
COOKIE = "locale"
LONGEST_WISH = 200  # characters of Accept-Language that are looked at
_FOLDER = Path(__file__).resolve().parent.parent / "translations"
_chosen: ContextVar[str | None] = ContextVar("locale", default=None)


class Catalogue:
    """The messages of one language, resolved at dictionary speed."""

    def __init__(self, translations: gettext_module.NullTranslations, polish: bool) -> None:
        self._translations = translations
        self._polish = french if polish else str
        self._known: dict[Any, str] = {}

    def gettext(self, message: str) -> str:
        """The message in this language."""
        try:
            return self._known[message]
        except KeyError:
            text = self._known[message] = self._polish(self._translations.gettext(message))
            return text

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """The message in this language for this number."""
        return self._polish(self._translations.ngettext(singular, plural, number))

    def pgettext(self, context: str, message: str) -> str:
        """The message in this language, told apart by a context."""
        return self._polish(self._translations.pgettext(context, message))

    def npgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        """The message for this number, told apart by a context."""
        return self._polish(self._translations.npgettext(context, singular, plural, number))


@cache
def catalogue(locale: str) -> Catalogue:
    """The catalogue of a language; English is the language of the message ids."""
    translations = gettext_module.translation("messages", _FOLDER, languages=[locale], fallback=True)
    return Catalogue(translations, polish=locale == "fr")


def init_app(app: Flask) -> None:
    """Give Jinja the catalogue of the current language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: catalogue(current_locale()).gettext(message),
        ngettext=lambda one, many, number: catalogue(current_locale()).ngettext(one, many, number),
        pgettext=lambda context, message: catalogue(current_locale()).pgettext(context, message),
        npgettext=lambda context, one, many, n: catalogue(current_locale()).npgettext(context, one, many, n),
        newstyle=True,
    )


def current_locale() -> str:
    """The language of this moment: chosen for a mail, else the account's, the cookie's, the browser's, else French."""
    chosen = _chosen.get()
    if chosen is not None:
        return chosen
    if not has_request_context():
        return LOCALES[0]
    found = request.environ.get("portal.locale")
    if found is None:
        found = request.environ["portal.locale"] = _negotiate()
    return str(found)


def _negotiate() -> str:
    chosen = cookies.read(COOKIE)
    if chosen is not None and chosen in LOCALES:
        return chosen
    return spoken(request.environ.get("HTTP_ACCEPT_LANGUAGE", "")[:LONGEST_WISH])


@lru_cache(maxsize=1024)
def spoken(wish: str) -> str:
    """The language for a browser's Accept-Language."""
    accepted = parse_accept_header(wish, LanguageAccept)
    return accepted.best_match(LOCALES, default=LOCALES[0]) or LOCALES[0]


def settle_locale(locale: str | None) -> None:
    """The account's language wins for this request, unless the visitor chose one by cookie."""
    if locale in LOCALES and cookies.read(COOKIE) not in LOCALES:
        request.environ["portal.locale"] = locale


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Speak this language inside, whatever the request says (mails, the command line)."""
    token = _chosen.set(locale if locale in LOCALES else LOCALES[0])
    try:
        yield
    finally:
        _chosen.reset(token)


def gettext(message: str, **values: Any) -> str:
    """The message in the current language, with %(name)s filled in."""
    text = catalogue(current_locale()).gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, number: int, **values: Any) -> str:
    """The message for a number; %(num)s is the number itself."""
    return catalogue(current_locale()).ngettext(singular, plural, number) % {"num": number, **values}


def lazy_gettext(message: str, **values: Any) -> LazyString:
    """The message, resolved when it is shown: for form labels and tables of texts."""
    return LazyString(gettext, message, **values)
