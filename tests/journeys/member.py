"""Somebody with an account, in their own language, who finds everything by the words that the catalogue gives it."""

import re
from datetime import datetime

from playwright.sync_api import Browser, Locator, expect

from portal import formats
from portal.i18n import catalogue, use_locale
from portal.sandbox.pages.words import say
from tests.journeys.browser import Person, plain
from tests.journeys.house import House

PASSWORD = "trois phrases et un tambour"
LOOKS = 60


class Member(Person):
    """French on SQLite, English on PostgreSQL, at an address of their own."""

    def __init__(self, browser: Browser, house: House, name: str) -> None:
        self.language = "en" if house.database_url else "fr"
        super().__init__(browser, house.url, axe=False, locale="en-GB" if house.database_url else "fr-FR")
        self.email = name if "@" in name else f"{name}@valmere.example.org"

    # -- words

    def told(self, text: str, many: str = "", **values: object) -> str:
        """An English text of the product as this person's pages show it; with `many`, for so many (`num`)."""
        words = catalogue(self.language)
        found = words.ngettext(text, many, int(str(values["num"]))) if many else words.gettext(text)
        return plain(found % values if values else found)

    def stripe(self, word: str, **values: object) -> str:
        """A text of the pages of Stripe's stand-in."""
        return plain(say(self.language, word, **values))

    def amount(self, cents: int) -> str:
        """Money as their pages write it."""
        with use_locale(self.language):
            return plain(formats.money(cents))

    def day(self, instant: datetime) -> str:
        """A day as their pages write it."""
        with use_locale(self.language):
            return plain(formats.day(instant))

    # -- hands and eyes

    def presses(self, text: str, role: str = "button", *, within: Locator | None = None, **values: object) -> None:
        """The first button (or link …) that is called so, in the page's main part if nothing else is named."""
        name = re.compile(f"^{_spaced(self.told(text, **values))}$")
        (within or self.page.locator("main")).get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    def reads(self, text: str, many: str = "", *, up_to: str = "", **values: object) -> None:
        """These words stand in the main part of the page; with `up_to`, those before its end."""
        wanted = self.told(text, many, **values)
        wanted = wanted[: wanted.index(up_to) + len(up_to)] if up_to else wanted
        expect(self.page.locator("main")).to_contain_text(re.compile(_spaced(wanted)))

    def writes(self, label: str, value: str) -> None:
        """Fill a field."""
        fields = self.page.locator("main").locator("input, textarea")
        fields.and_(self.page.get_by_label(self.told(label))).first.fill(value)

    # -- mail

    def opens_mail(self, to: str, subject: str, **values: object) -> None:
        """The newest mail to an address with these words as subject; the worker may need a moment."""
        name = re.compile(_spaced(self.told(subject, **values)))
        link = self.page.get_by_role("row").filter(has_text=to).get_by_role("link", name=name).first
        for _look in range(LOOKS):
            self.goes_to("/dev/mailbox")
            if link.count():
                break
            self.page.wait_for_timeout(250)
        with self.page.expect_navigation():  # until the mail in its frame is there: a click before may miss it
            link.click()

    def follows(self, button: str, address: "str | re.Pattern[str]") -> None:
        """The button of the mail."""
        self.page.frame_locator("iframe").first.get_by_role("link", name=self.told(button)).first.click()
        self.page.wait_for_url(address)


def _spaced(text: str) -> str:
    """A pattern that takes any space for a space."""
    return re.escape(text).replace(r"\ ", r"\s")
