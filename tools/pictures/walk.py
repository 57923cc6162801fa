"""The ten steps of docs/walkthrough.md, walked in a browser as they are written there, with a picture of each.

A label that changed stops the walk: then the text is to be changed too.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, expect

from portal import clock
from tests.journeys.browser import DESKTOP, Person, plain
from tools.pictures.images import write_webp
from tools.pictures.scenes import FINTECH, HEALTH, settle

READER, PASSWORD = "lectrice@valmere.example.org", "trois phrases et un tambour"
CARD = {"Numéro de carte": "4242 4242 4242 4242", "Date d’expiration": "12/34", "Cryptogramme": "123"}


class Walk:
    """A reader and somebody of the staff, each with a browser of their own, and the folder for pictures."""

    def __init__(self, browser: Browser, url: str, folder: Path) -> None:
        self.folder = folder
        self.reader, self.staff = Person(browser, url), Person(browser, url)
        for person in (self.reader, self.staff):
            person.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        self.taken: list[Path] = []

    def picture(self, person: Person, name: str, *, at: str = "") -> None:
        """What this person has before their eyes; `at` is the element that stands at the top of it."""
        page = person.page
        page.wait_for_load_state()
        settle(page)
        page.mouse.move(0, 0)
        top = "([s]) => scrollTo(0, s ? document.querySelector(s).getBoundingClientRect().top + scrollY - 24 : 0)"
        page.evaluate(top, [at])
        path = self.folder / f"{name}.webp"
        write_webp(page.screenshot(), path)
        self.taken.append(path)

    def steps(self) -> list[Path]:
        """All ten, in their order; the pictures that were written."""
        for step in STEPS:
            step(self)
        return self.taken


def looks_around(walk: Walk) -> None:
    """Step 1."""
    walk.reader.goes_to("/")
    walk.picture(walk.reader, "home")


def meets_a_locked_article(walk: Walk) -> None:
    """Step 2."""
    walk.reader.goes_to(HEALTH)
    walk.picture(walk.reader, "locked", at=".prose")


def starts_a_trial(walk: Walk) -> None:
    """Step 3."""
    reader = walk.reader
    reader.clicks("Essayer mind Health 15 jours", "link")
    reader.types("Adresse e-mail professionnelle", READER)
    reader.types("Mot de passe", PASSWORD)
    walk.picture(reader, "trial")
    reader.clicks("Commencer l’essai")
    reader.sees(READER)


def confirms_in_the_mailbox(walk: Walk) -> None:
    """Step 4."""
    reader = walk.reader
    reader.goes_to("/dev/mailbox")
    reader.page.get_by_role("row").filter(has_text=READER).get_by_role("link").first.click()
    confirm = reader.page.frame_locator("iframe").first.get_by_role("link", name="Confirmer mon adresse")
    expect(confirm).to_be_visible()
    walk.picture(reader, "mail")
    confirm.click()
    reader.page.wait_for_url("**/confirm/**")
    reader.clicks("Confirmer et commencer à lire")
    reader.page.wait_for_url(f"**{HEALTH}")


def reads(walk: Walk) -> None:
    """Step 5."""
    walk.reader.sees("Vous lisez cet article grâce à votre essai de mind Health")
    walk.picture(walk.reader, "open")


def tries_another_title(walk: Walk) -> None:
    """Step 6."""
    reader = walk.reader
    reader.goes_to(FINTECH)
    walk.picture(reader, "other-title", at=".prose")
    reader.clicks("Essayer mind Fintech 15 jours")
    reader.page.wait_for_url(f"**{FINTECH}")
    reader.sees("Vous lisez cet article grâce à votre essai de mind Fintech")


def subscribes(walk: Walk) -> None:
    """Step 7: the plan, the order, the card."""
    reader = walk.reader
    reader.goes_to("/plans")
    reader.page.get_by_text("Mensuel", exact=True).click()
    walk.picture(reader, "plans")
    reader.clicks("Choisir mind Health")
    reader.page.get_by_role("link", name="À mon nom").click()
    reader.page.get_by_label("Aujourd’hui", exact=True).check()
    for label, value in (
        ("Prénom et nom", "Jeanne Orval"),
        ("Adresse", "4 rue du Puits"),
        ("Code postal", "35000"),
        ("Ville", "Rennes"),
    ):
        reader.page.get_by_label(label, exact=True).fill(value)
    reader.page.get_by_label(re.compile("^J’accepte")).check()
    reader.page.get_by_label(re.compile("^Je demande que l’accès commence")).check()
    reader.page.get_by_role("button", name=re.compile("^Payer")).click()
    for label, value in CARD.items():
        reader.types(label, value)
    walk.picture(reader, "pay")
    reader.page.get_by_role("button", name=re.compile("^Payer")).click()
    reader.page.wait_for_url("**/billing/return*")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("C’est ouvert", timeout=20_000)


def sees_rights_and_billing(walk: Walk) -> None:
    """Step 8."""
    walk.reader.goes_to("/profile/")
    walk.picture(walk.reader, "rights")
    walk.reader.goes_to("/billing/")
    walk.picture(walk.reader, "billing")


def is_explained_and_given(walk: Walk) -> None:
    """Step 9: the back office says why, and gives a right."""
    staff = walk.staff
    staff.goes_to("/dev")
    staff.page.get_by_role("button", name=re.compile(r"admin@example\.org")).first.click()
    staff.page.wait_for_url("**/admin/")
    staff.goes_to("/admin/readers")
    staff.page.get_by_role("searchbox").fill(READER)
    staff.clicks("Rechercher")
    staff.page.get_by_role("row").filter(has_text=READER).get_by_role("link").first.click()
    staff.types("Article ou titre de presse", FINTECH)
    staff.clicks("Voir pourquoi")
    walk.picture(staff, "why", at="main h1")
    staff.page.get_by_label("mind Media").check()
    staff.types("Jusqu’au (inclus)", str(clock.paris_date(clock.now()) + timedelta(days=60)))
    staff.types("Motif", "Intervient à la journée d’étude.")
    staff.clicks("Accorder l’accès")
    expect(staff.page.get_by_role("row").filter(has_text="Accès accordé")).to_contain_text("mind Media")
    walk.picture(staff, "reader")


def ends_the_trial(walk: Walk) -> None:
    """Step 10: three weeks go by, and both mails about the end have come."""
    staff, reader = walk.staff, walk.reader
    staff.goes_to("/dev")
    walk.picture(staff, "clock", at="#clock")
    for told in ("", "Votre essai mind Fintech", "Votre essai mind Fintech est terminé"):
        staff.goes_to("/dev")
        staff.clicks("Une semaine plus tard")
        staff.sees("L’horloge a été déplacée.")
        finds_mail(staff, told)
    reader.goes_to(FINTECH)
    reader.sees("Votre essai de mind Fintech est terminé")
    walk.picture(reader, "ended", at=".prose")
    staff.goes_to("/dev")
    staff.clicks("Revenir à l’heure réelle")


def finds_mail(staff: Person, subject: str) -> None:
    """The worker writes within a moment of the jump; the newest mail to the reader then says this."""
    newest = staff.page.get_by_role("row").filter(has_text=READER).first
    for _look in range(40):
        staff.goes_to("/dev/mailbox")
        if subject in plain(newest.inner_text()):
            return
        staff.page.wait_for_timeout(250)
    raise AssertionError(f"No mail says “{subject}”.")


STEPS: tuple[Callable[[Walk], None], ...] = (
    looks_around,
    meets_a_locked_article,
    starts_a_trial,
    confirms_in_the_mailbox,
    reads,
    tries_another_title,
    subscribes,
    sees_rights_and_billing,
    is_explained_and_given,
    ends_the_trial,
)
