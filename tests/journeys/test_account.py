"""An account's whole life in a browser: made, put right, used, secured, moved to another address, exported, erased.

In French on SQLite, in English on PostgreSQL; by the visible names of things, which come from the catalogue itself.
"""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect
from pyotp import TOTP

from portal import clock
from tests.journeys.browser import CHROMIUM, telling
from tests.journeys.house import House
from tests.journeys.member import PASSWORD, Member

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]

ARTICLE = "/health/article/telesurveillance-cardiaque-valmere-resultats-un-an"


class Mover(Member):
    """Types an address wrongly, puts it right, protects the account and moves it to another address later."""

    def __init__(self, browser: Browser, house: House) -> None:
        super().__init__(browser, house, "membre")
        self.mistyped, self.later = "membre-faux@valmere.example.org", "membre-plus@valmere.example.org"
        self.secret = ""

    def code(self) -> str:
        """What the phone shows next, so that no code is typed twice."""
        return TOTP(self.secret).at(int((clock.wall() + timedelta(seconds=30)).timestamp()))


def test_an_account_from_its_first_day_to_its_last(house: House, browser: Browser) -> None:
    member = Mover(browser, house)
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


def registers_with_a_slip(member: Mover) -> None:
    member.goes_to("/register")
    member.writes("Email address", member.mistyped)
    member.writes("Password", PASSWORD)
    member.presses("Create my account")
    member.page.locator("main summary").click()
    member.writes("The right address", member.email)
    member.presses("Write to this address")
    member.reads(member.email)
    member.opens_mail(member.email, "Confirm your address")
    member.follows("Confirm my address", "**/confirm/**")
    member.page.locator("main").get_by_role("button").first.click()
    member.goes_to("/profile/")
    member.reads(member.email)


def saves_an_article(member: Mover) -> None:
    member.goes_to(ARTICLE)
    button = member.page.get_by_role("button", name=member.told("Save this article")).first
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    member.goes_to("/profile/saved")
    expect(member.page.locator("main .saved li")).to_have_count(1)


def turns_two_steps_on(member: Mover) -> None:
    member.goes_to("/profile/security")
    member.presses("Turn on", "link")
    member.secret = member.page.locator(".secret").inner_text().replace(" ", "")
    member.writes("Code", TOTP(member.secret).at(int(clock.wall().timestamp())))
    member.presses("Turn on")
    expect(member.page.locator(".codes li")).to_have_count(10)
    member.presses("I have kept them", "link")
    member.reads("On")


def signs_in_with_both_steps(member: Mover) -> None:
    signs_out(member)
    member.goes_to("/login?next=/profile/security")
    member.writes("Email address", member.email)
    member.writes("Password", PASSWORD)
    member.presses("Log in")
    member.page.wait_for_url("**/login/code")
    member.writes("Code", member.code())
    member.presses("Log in")
    member.page.wait_for_url("**/profile/security")


def signs_out(member: Mover) -> None:
    member.page.get_by_role("banner").get_by_role("button", name=re.compile("déconnecte|Log out", re.I)).first.click()
    member.page.wait_for_load_state()


def sees_devices_and_history(member: Mover) -> None:
    member.reads("This device")
    member.reads("Two-step sign-in turned on")


def moves_to_another_address(member: Mover) -> None:
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


def takes_a_copy_of_everything(member: Mover) -> None:
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


def erases_the_account(member: Mover) -> None:
    member.goes_to("/profile/data/erase")
    member.page.locator("main form").get_by_role("textbox").first.fill(member.later)
    member.presses("Erase my account")
    member.page.wait_for_load_state()
    member.goes_to("/login")
    member.writes("Email address", member.later)
    member.writes("Password", PASSWORD)
    with member.expecting(422):
        member.presses("Log in")
