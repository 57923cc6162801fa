"""A manager buys for her team and puts everything right by herself, using only what the pages say.

She begins at the front page; from there on, each step is a link or button called by its visible words, or the button of
a mail. Addresses are typed for the mailbox and the time machine alone. French on SQLite, English on PostgreSQL.
"""

import re
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from portal.dev.people import people
from portal.dev.timemachine import a_month_later
from tests.journeys.browser import CHROMIUM, plain, telling
from tests.journeys.house import House
from tests.journeys.member import PASSWORD, Member

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]

FIRM = "Polyclinique des Arcades"
HEALTH, FINTECH = "mind Health", "mind Fintech"
BOTH = f"{HEALTH}, {FINTECH}"
KNOWN = "essai-fini@example.org"
"""A reader whose trial is over: a colleague who has an account already."""
NET, VAT = 8_900, 187
GUARDED = {
    HEALTH: ("Télésurveillance cardiaque", "les contrats de trois des six infirmières"),
    FINTECH: ("L’euro numérique se jouera", "la troisième opération la plus fréquente"),
}
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
RENEWED = "%(plan)s: renewed on %(day)s for %(net)s excl. VAT, %(each)s."

CHANGED = "Your subscription was changed: %(plans)s, %(seats)s, paid %(each)s."


def test_a_team_is_bought_repaired_enlarged_left_and_resumed(house: House, browser: Browser) -> None:
    manager, helper = Member(browser, house, "responsable"), Member(browser, house, "regie")
    newcomer, reader = Member(browser, house, "nouvelle"), Member(browser, house, KNOWN)
    with telling(manager, newcomer, reader, helper):
        chooses_a_plan(manager)
        makes_an_account(manager)
        orders_and_pays(manager)
        first = a_month_later(house.now())
        sees_it_open(manager, first)
        the_bank_refuses_the_renewal(helper)
        learns_of_it_by_mail(manager, first)
        changes_her_card_and_pays(manager, a_month_later(first))
        takes_two_licences_more(manager)
        invites(manager, newcomer, reader)
        accepts_without_an_account(newcomer)
        accepts_with_an_account(reader)
        sees_who_reads(manager)
        adds_a_publication(manager)
        opens(reader, FINTECH)
        cancels(manager, a_month_later(first))
        opens(newcomer, FINTECH)
        resumes(manager, a_month_later(first))
    assert [one.faults for one in (manager, newcomer, reader, helper)] == [[], [], [], []]


# -- from the front page to a first payment


def chooses_a_plan(manager: Member) -> None:
    answer = manager.page.goto(manager.url)
    assert answer is not None and answer.headers["content-security-policy"].startswith(POLICY)
    manager.presses("Our plans", "link", within=manager.page.get_by_role("banner"))
    manager.page.get_by_text(manager.told("Monthly"), exact=True).click()
    manager.presses("Choose %(plan)s", plan=HEALTH)


def makes_an_account(manager: Member) -> None:
    """Whoever chooses a plan without an account makes one on the way, and comes back to the order."""
    manager.presses("create an account", "link")
    manager.writes("Email address", manager.email)
    manager.writes("Password", PASSWORD)
    manager.presses("Create my account")
    manager.reads("We have just written to %(address)s.", address=manager.email)
    manager.opens_mail(manager.email, "Confirm your address")
    manager.follows("Confirm my address", "**/confirm/**")
    manager.presses("Confirm my address")
    expect(manager.page.get_by_role("heading", level=1)).to_have_text(manager.told("Your order"))


def orders_and_pays(manager: Member) -> None:
    manager.reads("Today: %(total)s incl. VAT.", total=manager.amount(NET + VAT))
    for label, value in (
        ("Company", FIRM),
        ("SIREN or SIRET", "732 829 320"),
        ("Address", "18 quai des Arcades"),
        ("Postcode", "69002"),
        ("Town", "Lyon"),
    ):
        manager.writes(label, value)
    for label in (
        "I accept the terms of sale.",
        "I ask for access to start at once, before my withdrawal period is over.",
    ):
        manager.page.get_by_label(manager.told(label)).check()
    manager.presses("Pay %(total)s incl. VAT", total=manager.amount(NET + VAT))
    types_a_card(manager, "4242 4242 4242 4242", "pay_button", amount=manager.amount(NET + VAT))
    expect(manager.page.get_by_role("heading", level=1)).to_have_text(manager.told("It is open"), timeout=20_000)


def types_a_card(person: Member, number: str, button: str, **values: str) -> None:
    """On any of Stripe's pages."""
    for word, value in (("card_number", number), ("expiry", "12/34"), ("cvc", "123")):
        person.page.get_by_label(person.stripe(word)).first.fill(value)
    with person.page.expect_navigation():
        person.page.get_by_role("button", name=person.stripe(button, **values)).click()


def sees_it_open(manager: Member, renews: datetime) -> None:
    """The page says what renews, when and for how much; the article is there."""
    manager.presses("See my subscription", "link")
    says_it_renews(manager, HEALTH, renews, NET)
    manager.reads("Paid")
    opens(manager, HEALTH)


def says_it_renews(person: Member, plan: str, when: datetime, net: int) -> None:
    each = person.told("each month")
    person.reads(RENEWED, plan=plan, day=person.day(when), net=person.amount(net), each=each)


def opens(person: Member, title: str) -> None:
    """Search for a guarded article, and read what only subscribers read."""
    words, secret = GUARDED[title]
    person.presses("Search", "link", within=person.page.get_by_role("banner"))
    person.page.locator("main").get_by_role("searchbox").fill(words)
    person.presses("Search")
    person.page.locator("main").get_by_role("link", name=words).first.click()
    expect(person.page.locator("main")).to_contain_text(secret)


# -- a renewal that fails


def the_bank_refuses_the_renewal(helper: Member) -> None:
    helper.goes_to("/dev")
    helper.page.get_by_label(helper.told("Refuse the next renewal of")).select_option(FIRM)
    helper.presses("Refuse it")
    for jump in ("One month later", "One hour later"):  # the hour for a clock that Paris moved meanwhile
        helper.presses(jump)
        helper.sees(helper.told("The clock was moved."))


def learns_of_it_by_mail(manager: Member, failed: datetime) -> None:
    """The mail's button leads to the page that says until when she reads, by way of the sign-in after a long month."""
    manager.opens_mail(manager.email, "Your payment for %(plan)s failed", plan=HEALTH)
    manager.follows("Change my card or pay", re.compile("/billing/$"))
    if "/login" in manager.page.url:
        logs_in(manager, PASSWORD)
    until, again = (manager.day(failed + timedelta(days=days)) for days in (7, 3))
    manager.reads(
        "The payment for %(plan)s failed. You keep access until %(day)s.", up_to=until, plan=HEALTH, day=until
    )
    manager.reads("Your payment did not go through")
    manager.reads("Next attempt on %(day)s. You can change your card or pay now.", up_to=again, day=again)
    opens(manager, HEALTH)


def logs_in(person: Member, password: str) -> None:
    person.writes("Email address", person.email)
    person.writes("Password", password)
    person.presses("Log in")


def changes_her_card_and_pays(manager: Member, renews: datetime) -> None:
    """The customer portal for the card, the hosted invoice for what is owed; then a mail says that all is well."""
    goes_to_billing(manager)
    manager.presses("Change my card")
    types_a_card(manager, "5555 5555 5555 4444", "save_card")
    manager.reads("%(brand)s card ending in %(last4)s", brand="Mastercard", last4="4444")
    manager.presses("Pay %(total)s now", "link", total=manager.amount(NET + VAT))
    types_a_card(manager, "5555 5555 5555 4444", "pay_button", amount=manager.amount(NET + VAT))
    expect(manager.page.locator("main")).to_contain_text(manager.stripe("paid_note"))
    manager.opens_mail(manager.email, "Your payment for %(plan)s went through", plan=HEALTH)
    manager.follows("See my subscription", "**/billing/")
    says_it_renews(manager, HEALTH, renews, NET)


def goes_to_billing(person: Member) -> None:
    person.presses("My profile", "link", within=person.page.get_by_role("banner"))
    person.presses("Billing", "link")


# -- colleagues


def takes_two_licences_more(manager: Member) -> None:
    manager.presses("Change the subscription", "link")
    manager.page.get_by_label(manager.told("Number of licences")).fill("3")
    agrees(manager, "1 → 3", HEALTH, most=2 * (NET + VAT), then=3 * NET)
    says_licences(manager, 1)


def agrees(manager: Member, change: str, plans: str, *, most: int, then: int) -> None:
    """What the summary says is charged now, for the rest of a month that has hardly begun, is what the invoice says."""
    manager.presses("See what it costs")
    expect(manager.page.locator("main")).to_contain_text(change)
    expect(manager.page.locator("main")).to_contain_text(manager.amount(then))
    due = charged_now(manager, most)
    manager.presses("Agree and pay %(due)s", due=manager.amount(due))
    manager.sees(
        manager.told(
            CHANGED,
            plans=plans,
            seats=manager.told("%(num)s licence", "%(num)s licences", num=3),
            each=manager.told("each month"),
        )
    )
    invoice = manager.page.get_by_role("row").filter(has_text=manager.amount(due))
    expect(invoice).to_contain_text(manager.told("Paid"))


def charged_now(manager: Member, most: int) -> int:
    """The amount of the page's first sentence, in cents; near `most`, since a few hours of the month are over."""
    words = plain(manager.page.locator("main .stateline").inner_text())
    said = (cents for cents in range(most, most * 98 // 100, -1) if manager.amount(cents) in words)
    due = next(said, 0)
    assert words == manager.told("%(due)s incl. VAT is charged now to your card.", due=manager.amount(due)), words
    return due


def says_licences(manager: Member, used: int) -> None:
    manager.reads("Licences in use: %(used)s of %(seats)s.", used=used, seats=3)


def invites(manager: Member, newcomer: Member, reader: Member) -> None:
    manager.presses("My team", "link")
    says_licences(manager, 1)
    manager.writes("Email addresses", f"{newcomer.email}\n{reader.email}")
    manager.presses("Send the invitations")
    manager.sees(manager.told("%(num)s invitation is on its way.", "%(num)s invitations are on their way.", num=2))


def accepts_without_an_account(newcomer: Member) -> None:
    opens_the_offer(newcomer)
    newcomer.writes("Password", PASSWORD)
    newcomer.writes("First and last name", "Ysaline Corbière")
    newcomer.presses("Accept my licence")
    reads_thanks_to_the_firm(newcomer)


def opens_the_offer(person: Member) -> None:
    person.opens_mail(person.email, "%(organisation)s offers you a licence", organisation=FIRM)
    person.follows("See the offer and accept", "**/organisation/invitation/**")
    person.reads("%(organisation)s offers you a licence", organisation=FIRM)
    person.reads("You pay nothing.")


def reads_thanks_to_the_firm(person: Member) -> None:
    person.sees(
        person.told("You hold a licence of %(organisation)s: everything it pays for is open to you.", organisation=FIRM)
    )
    opens(person, HEALTH)
    person.reads("You read this article thanks to your organisation's licence for %(name)s.", name=HEALTH)


def accepts_with_an_account(reader: Member) -> None:
    opens_the_offer(reader)
    reader.presses("Log in and accept", "link")
    logs_in(reader, people().password)
    reader.presses("Accept my licence")
    reads_thanks_to_the_firm(reader)


def sees_who_reads(manager: Member) -> None:
    manager.presses("My team", "link")
    says_licences(manager, 3)
    expect(manager.page.locator("main")).to_contain_text("Ysaline Corbière")
    expect(manager.page.locator("main")).to_contain_text(KNOWN)


# -- another publication; the end, and back


def adds_a_publication(manager: Member) -> None:
    manager.presses("Our plans", "link", within=manager.page.get_by_role("banner"))
    manager.presses("Add %(plan)s", "link", plan=FINTECH)
    agrees(manager, f"{HEALTH} → {BOTH}", BOTH, most=3 * (NET + VAT), then=6 * NET)


def cancels(manager: Member, end: datetime) -> None:
    manager.presses("Cancel the subscription", "link")
    manager.reads("Who loses their licence that day", "Who lose their licences that day", num=3)
    manager.presses("Cancel the subscription")
    day, plan = manager.day(end), BOTH
    manager.reads(
        "%(plan)s ends on %(day)s. You read until then; nothing more will be charged.", up_to=day, plan=plan, day=day
    )
    manager.presses("Back to billing", "link")
    manager.reads("You may change your mind until %(day)s", day=day)


def resumes(manager: Member, renews: datetime) -> None:
    manager.presses("Resume the subscription")
    says_it_renews(manager, BOTH, renews, 6 * NET)
