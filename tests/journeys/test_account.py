"""An account's whole life in a browser: made, put right, used, secured, moved to another address, exported, erased.

In French on SQLite, in English on PostgreSQL; by the visible names of things, which come from the catalogue itself.
"""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from babel.support import NullTranslations, Translations
from playwright.sync_api import Browser, expect
from pyotp import TOTP

from portal import clock
from portal.settings import ROOT
from tests.journeys.browser import CHROMIUM, Person, plain, telling
from tests.journeys.house import House

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]

PASSWORD = "trois phrases et un tambour"
ARTICLE = "/health/article/telesurveillance-cardiaque-valmere-resultats-un-an"


class Member(Person):
    """Somebody with an account, in their own language."""

    def __init__(self, browser: Browser, house: House) -> None:
        self.french = not house.database_url
        locale = "fr-FR" if self.french else "en-GB"
        super().__init__(browser, house.url, axe=False, locale=locale)
        self.words: NullTranslations = (
            Translations.load(ROOT / "translations", ["fr"]) if self.french else NullTranslations()
        )
        name = "membre" if self.french else "member"
        self.mistyped, self.email, self.later = (f"{name}{end}@valmere.example.org" for end in ("-faux", "", "-plus"))
        self.secret = ""

    def told(self, text: str) -> str:
        """An English text of the product as this person's pages show it."""
        return plain(str(self.words.ugettext(text)))

    def presses(self, text: str, role: str = "button") -> None:
        self.page.locator("main").get_by_role(role, name=re.compile(f"^{re.escape(self.told(text))}$")).first.click()  # type: ignore[arg-type]

    def reads(self, text: str) -> None:
        expect(self.page.locator("main")).to_contain_text(re.compile(re.escape(self.told(text)).replace(r"\ ", r"\s")))

    def writes(self, label: str, value: str) -> None:
        self.page.locator("main input").and_(self.page.get_by_label(self.told(label))).first.fill(value)

    def opens_mail(self, to: str, subject: str) -> None:
        """The newest mail to an address with these words as subject; the worker may need a moment."""
        link = self.page.get_by_role("row").filter(has_text=to).get_by_role("link", name=re.compile(subject)).first
        for _look in range(40):
            self.goes_to("/dev/mailbox")
            if link.count():
                break
            self.page.wait_for_timeout(250)
        with self.page.expect_navigation():  # until the mail in its frame is there: a click before may miss it
            link.click()

    def follows(self, button: str, address: str) -> None:
        """The button of the mail."""
        self.page.frame_locator("iframe").first.get_by_role("link", name=self.told(button)).first.click()
        self.page.wait_for_url(address)

    def code(self) -> str:
        """What the phone shows next, so that no code is typed twice."""
        return TOTP(self.secret).at(int((clock.wall() + timedelta(seconds=30)).timestamp()))


def test_an_account_from_its_first_day_to_its_last(house: House, browser: Browser) -> None:
    member = Member(browser, house)
    with telling(member):
        registers_with_a_slip(member)
        saves_an_article(member)
        turns_two_steps_on(member)
        signs_in_with_both_steps(member)
        sees_devices_and_history(member)
        moves_to_another_address(member)
        takes_a_copy_of_everything(member)
        erases_the_account(member)
    assert member.faults == []


def registers_with_a_slip(member: Member) -> None:
    member.goes_to("/register")
    member.writes("Email address", member.mistyped)
    member.writes("Password", PASSWORD)
    member.presses("Create my account")
    member.page.locator("main summary").click()
    member.writes("The right address", member.email)
    member.presses("Write to this address")
    member.reads(member.email)
    member.opens_mail(member.email, member.told("Confirm your address"))
    member.follows("Confirm my address", "**/confirm/**")
    member.page.locator("main").get_by_role("button").first.click()
    member.goes_to("/profile/")
    member.reads(member.email)


def saves_an_article(member: Member) -> None:
    member.goes_to(ARTICLE)
    button = member.page.get_by_role("button", name=member.told("Save this article")).first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    member.goes_to("/profile/saved")
    expect(member.page.locator("main .saved li")).to_have_count(1)


def turns_two_steps_on(member: Member) -> None:
    member.goes_to("/profile/security")
    member.presses("Turn on", "link")
    member.secret = member.page.locator(".secret").inner_text().replace(" ", "")
    member.writes("Code", TOTP(member.secret).at(int(clock.wall().timestamp())))
    member.presses("Turn on")
    expect(member.page.locator(".codes li")).to_have_count(10)
    member.presses("I have kept them", "link")
    member.reads("On")


def signs_in_with_both_steps(member: Member) -> None:
    signs_out(member)
    member.goes_to("/login?next=/profile/security")
    member.writes("Email address", member.email)
    member.writes("Password", PASSWORD)
    member.presses("Log in")
    member.page.wait_for_url("**/login/code")
    member.writes("Code", member.code())
    member.presses("Log in")
    member.page.wait_for_url("**/profile/security")


def signs_out(member: Member) -> None:
    member.page.get_by_role("banner").get_by_role("button", name=re.compile("déconnecte|Log out", re.I)).first.click()
    member.page.wait_for_load_state()


def sees_devices_and_history(member: Member) -> None:
    member.reads("This device")
    member.reads("Two-step sign-in turned on")


def moves_to_another_address(member: Member) -> None:
    member.goes_to("/profile/address")
    member.writes("New address", member.later)
    member.presses("Change my address")
    for address, link, button in (
        (member.email, "Agree to the move", "Move my account"),
        (member.later, "This address is mine", "This address is mine"),
    ):
        member.goes_to("/dev/mailbox")
        member.page.get_by_role("row").filter(has_text=address).get_by_role("link").first.click()
        member.follows(link, "**/confirm-address/**")
        member.presses(button)
    member.goes_to("/profile/")
    member.reads(member.later)


def takes_a_copy_of_everything(member: Member) -> None:
    member.goes_to("/profile/data")
    member.presses("Ask for a copy")
    download = member.page.locator("main").get_by_role("link", name=member.told("Download my copy"))
    for _look in range(60):
        member.goes_to("/profile/data")
        if download.count():
            break
        member.page.wait_for_timeout(250)
    with member.page.expect_download() as caught:
        download.click()
    with zipfile.ZipFile(io.BytesIO(caught.value.path().read_bytes())) as archive:
        names = archive.namelist()
        assert any(name.endswith(".json") for name in names) and any(name.endswith(".csv") for name in names)
        whole = b"".join(archive.read(name) for name in names)
    assert member.later.encode() in whole and member.secret.encode() not in whole


def erases_the_account(member: Member) -> None:
    member.goes_to("/profile/data/erase")
    member.page.locator("main form").get_by_role("textbox").first.fill(member.later)
    member.presses("Erase my account")
    member.page.wait_for_load_state()
    member.goes_to("/login")
    member.writes("Email address", member.later)
    member.writes("Password", PASSWORD)
    with member.expecting(422):
        member.presses("Log in")
