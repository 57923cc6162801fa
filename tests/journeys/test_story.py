"""One reader's whole story, in a browser, through the running product, on both databases.

Every step looks at the page as people do: by the visible name of things, in French. On SQLite each page is also judged
by axe in light and dark, on phone and desktop (at the desk in one of these, in turn); on both, the console must stay
silent.
"""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import CHROMIUM, Person, plain, telling
from tests.journeys.house import House

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]

READER, PASSWORD = "lectrice@valmere.example.org", "trois phrases et un tambour"
HEALTH = "/health/article/telesurveillance-cardiaque-valmere-resultats-un-an"
FINTECH = "/fintech/article/l-euro-numerique-se-jouera-chez-les-commercants"
MEDIA = "/media/article/reponses-generatives-chute-des-clics"
LOCKED = {
    HEALTH: "les contrats de trois des six infirmières",
    FINTECH: "la troisième opération la plus fréquente",
    MEDIA: "Elle citait la fiche en source",
}
EXTENSION = 3
ABOUT_TO_END = re.compile("essai mind Fintech se termine")


def test_from_a_locked_article_to_a_paid_right(house: House, browser: Browser, pytestconfig: pytest.Config) -> None:
    judged, every_view = not house.database_url, pytestconfig.getoption("everywhere")
    reader = Person(browser, house.url, axe=judged, every_view=every_view)
    staff = Person(browser, house.url, axe=judged, every_view=every_view)
    with telling(reader, staff):
        begins_in_the_morning(staff)
        meets_a_locked_article(reader)
        starts_a_trial(reader)
        confirms_and_reads(reader)
        tries_another_title_with_one_click(reader)
        subscribes(reader)
        sees_every_right(reader)
        cancels_and_resumes(reader)
        staff_gives_media(staff)
        opens(reader, MEDIA)
        staff_explains(staff)
        staff_revokes_media(staff)
        is_refused(reader, MEDIA)
        staff_extends_the_trial(staff)
        trial_runs_out(staff, reader)
        reminders_went_out_once(staff)
        subscription_renews(staff, reader)
        leaves_nothing_behind(reader)
    assert reader.faults == []
    assert staff.faults == []
    if judged:
        assert len(reader.looked_at) + len(staff.looked_at) >= 20


def begins_in_the_morning(staff: Person) -> None:
    """The story crosses no midnight by accident: it begins at ten in the morning, when reminders go out."""
    staff.goes_to("/dev")
    staff.looks()
    jumps(staff, "Le prochain matin à dix heures")


def jumps(staff: Person, button: str) -> None:
    """Use the time machine."""
    staff.goes_to("/dev")
    staff.clicks(button)
    staff.sees("L’horloge a été déplacée.")


def is_refused(reader: Person, path: str) -> None:
    reader.goes_to(path)
    reader.does_not_see(LOCKED[path])


def opens(reader: Person, path: str) -> None:
    reader.goes_to(path)
    reader.sees(LOCKED[path])


def meets_a_locked_article(reader: Person) -> None:
    reader.goes_to("/")
    reader.looks()
    reader.goes_to("/health/")
    reader.looks()
    is_refused(reader, HEALTH)
    expect(reader.page.get_by_role("navigation", name="Fil d’Ariane")).to_contain_text("mind Health")
    words = reader.main()
    assert "Par Armand Tresséol." in words
    assert re.search(r"Publié le \d+ \w+ \d{4} à \d+ h \d\d", words)
    assert "Cet article est réservé aux abonnés de mind Health." in words
    assert re.search(r"Il vous reste à lire : \d+ mots", words)
    reader.looks()


def starts_a_trial(reader: Person) -> None:
    reader.clicks("Essayer mind Health 15 jours", "link")
    assert reader.page.get_by_label("mind Health").is_checked()
    reader.looks()
    reader.types("Adresse e-mail professionnelle", "pas une adresse")
    with reader.expecting(422):
        reader.clicks("Commencer l’essai")
    expect(reader.page).to_have_title(re.compile("^Erreur"))
    assert reader.page.get_by_label("Adresse e-mail professionnelle").input_value() == "pas une adresse"
    reader.looks()
    reader.types("Adresse e-mail professionnelle", READER)
    reader.types("Mot de passe", PASSWORD)
    reader.clicks("Commencer l’essai")
    reader.sees(READER)
    reader.looks()


def confirms_and_reads(reader: Person) -> None:
    is_refused(reader, HEALTH)
    reader.goes_to("/dev/mailbox")
    reader.looks()
    with reader.page.expect_navigation():  # until the mail in its frame is there, too
        reader.page.get_by_role("row").filter(has_text=READER).get_by_role("link").first.click()
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("Confirmez votre adresse")
    reader.looks()
    reader.page.frame_locator("iframe").first.get_by_role("link", name="Confirmer mon adresse").click()
    reader.page.wait_for_url("**/confirm/**")
    reader.looks()
    reader.clicks("Confirmer et commencer à lire")
    reader.page.wait_for_url(f"**{HEALTH}")
    reader.sees(LOCKED[HEALTH])
    assert "Il vous reste 15 jours d’essai mind Health" in plain(reader.page.locator("body").inner_text())
    assert "Vous lisez cet article grâce à votre essai de mind Health, jusqu’au" in reader.main()
    reader.looks()


def tries_another_title_with_one_click(reader: Person) -> None:
    is_refused(reader, FINTECH)
    assert "Cet article relève de mind Fintech" in reader.main()
    reader.looks()
    reader.clicks("Essayer mind Fintech 15 jours")
    reader.page.wait_for_url(f"**{FINTECH}")
    reader.sees(LOCKED[FINTECH])


def subscribes(reader: Person) -> None:
    reader.goes_to("/plans")
    reader.looks()
    assert "mind Intégrale" in reader.main()
    reader.page.get_by_text("Mensuel", exact=True).click()
    reader.clicks("Choisir mind Health")
    reader.page.get_by_role("link", name="À mon nom").click()
    reader.page.get_by_label("Aujourd’hui", exact=True).check()
    reader.looks()
    with reader.expecting(422):
        reader.page.get_by_role("button", name=re.compile("^Payer")).click()
    reader.looks()
    for label, value in (("Prénom et nom", "Jeanne Orval"), ("Adresse", "4 rue du Puits"), ("Code postal", "35000")):
        reader.page.get_by_label(label, exact=True).fill(value)
    reader.page.get_by_label("Ville", exact=True).fill("Rennes")
    reader.page.get_by_label(re.compile("^J’accepte")).check()
    reader.page.get_by_label(re.compile("^Je demande que l’accès commence")).check()
    reader.page.get_by_role("button", name=re.compile("^Payer 90,87")).click()
    pays(reader)
    reader.goes_to("/billing/")
    assert re.search(r"mind Health : renouvelé le \d+\S* \w+ \d{4} pour 89,00 € HT", reader.main())
    reader.looks()


def pays(reader: Person) -> None:
    """On the stand-in's page: a card that is refused, then one that is not."""
    reader.looks()
    for number, answer in (("4000 0000 0000 0002", 422), ("4242 4242 4242 4242", 200)):
        reader.types("Numéro de carte", number)
        reader.types("Date d’expiration", "12/34")
        reader.types("Cryptogramme", "123")
        with reader.expecting(answer):
            reader.clicks("Payer 90,87")
    reader.page.wait_for_url("**/billing/return*")
    expect(reader.page.get_by_role("heading", level=1)).to_have_text("C’est ouvert", timeout=20_000)
    reader.looks()


def sees_every_right(reader: Person) -> None:
    reader.goes_to("/profile/")
    words = reader.main()
    for text in ("mind Health", "Abonnement", "Essai de 15 jours", "mind Fintech"):
        assert text in words
    reader.looks()


def cancels_and_resumes(reader: Person) -> None:
    """On our own pages, and in the customer portal: what it changed there shows here at once."""
    reader.goes_to("/billing/")
    reader.clicks("Résilier l’abonnement", "link")
    reader.sees("Qui perd sa licence ce jour-là")
    reader.looks()
    reader.clicks("Résilier l’abonnement")
    reader.page.wait_for_url("**/billing/cancel/done")
    reader.looks()
    reader.clicks("Reprendre l’abonnement")
    reader.page.wait_for_url("**/billing/")
    assert "renouvelé le" in reader.main()
    cancels_and_resumes_in_the_portal(reader)


def cancels_and_resumes_in_the_portal(reader: Person) -> None:
    reader.clicks("Factures et coordonnées chez Stripe")
    reader.page.wait_for_url("**/portal/**")
    reader.looks()
    reader.clicks("Résilier l’abonnement", "link")
    reader.looks()
    reader.clicks("Résilier l’abonnement")
    reader.sees("Votre résiliation est enregistrée.")
    reader.clicks("Revenir au site", "link")
    reader.page.wait_for_url("**/billing/*")
    assert re.search(r"mind Health se termine le \d+", reader.main())
    reader.looks()
    reader.clicks("Reprendre l’abonnement")
    reader.page.wait_for_url("**/billing/")
    assert "renouvelé le" in reader.main()


def finds_the_reader(staff: Person) -> None:
    staff.goes_to("/dev")
    staff.page.get_by_role("button", name=re.compile(r"admin@example\.org")).first.click()
    staff.page.wait_for_url("**/admin/")
    staff.goes_to("/admin/readers")
    staff.page.get_by_role("searchbox").fill("lectrice@valmere")
    staff.clicks("Rechercher")
    staff.page.get_by_role("row").filter(has_text=READER).get_by_role("link").first.click()
    staff.sees(READER)


def staff_gives_media(staff: Person) -> None:
    finds_the_reader(staff)
    staff.looks()
    today = date.fromisoformat(staff.page.get_by_label(re.compile("^À partir du")).input_value())
    staff.page.get_by_label("mind Media").check()
    staff.types("Jusqu’au (inclus)", str(today + timedelta(days=60)))
    with staff.expecting(422):
        staff.clicks("Accorder l’accès")
    staff.looks()
    staff.types("Motif", "Intervient à la journée d’étude.")
    staff.clicks("Accorder l’accès")
    expect(staff.page.get_by_role("row").filter(has_text="Accès accordé")).to_contain_text("mind Media")


def staff_explains(staff: Person) -> None:
    staff.types("Article ou titre de presse", MEDIA)
    staff.clicks("Voir pourquoi")
    words = staff.main()
    assert "Lecture autorisée : ouvert par un accès accordé" in words
    assert "Un accès ouvert ?" in words and "Article retiré ?" in words
    staff.looks()


def staff_revokes_media(staff: Person) -> None:
    staff.page.get_by_role("row").filter(has_text="Accès accordé").get_by_role("link", name="Retirer").click()
    staff.looks()
    staff.types("Motif", "La journée est annulée.")
    staff.page.get_by_label("Je sais que la lecture se ferme aussitôt").check()
    staff.clicks("Retirer l’accès")
    staff.sees(READER)


def staff_extends_the_trial(staff: Person) -> None:
    staff.page.get_by_role("row").filter(has_text="mind Fintech").get_by_role("link", name="Prolonger").click()
    staff.looks()
    staff.types("Jours à ajouter", str(EXTENSION))
    staff.types("Motif", "Absente une partie de l’essai.")
    staff.clicks("Prolonger l’essai")
    staff.sees(READER)


def trial_runs_out(staff: Person, reader: Person) -> None:
    """Two weeks, then day by day to the last one, then to the midnight that ends it, to the second."""
    jumps(staff, "Une semaine plus tard")
    for jump, reminders in (("Une semaine", 1), ("Un jour", 2), ("Un jour", 2), ("Un jour", 3), ("Un jour", 3)):
        jumps(staff, f"{jump} plus tard")
        gets_mail(staff, re.compile("Votre essai mind Fintech (se termine|finit|s’arrête)"), reminders)
    opens(reader, FINTECH)
    reader.sees("Dernier jour")
    reader.looks()
    jumps(staff, "Prochain minuit à Paris")
    is_refused(reader, FINTECH)
    assert "essai" in reader.main() and "terminé" in reader.main()
    expect(reader.page.locator("main").get_by_role("link", name=re.compile("offre|abonne", re.I)).first).to_be_visible()
    reader.looks()
    opens(reader, HEALTH)


def gets_mail(staff: Person, subject: "re.Pattern[str]", count: int) -> None:
    """The worker writes within a moment; then there are so many mails to the reader with such a subject."""
    for _look in range(60):
        staff.goes_to("/dev/mailbox")
        found = subjects(staff, subject)
        if len(found) >= count:
            break
        staff.page.wait_for_timeout(250)
    assert len(found) == count, found


def subjects(staff: Person, subject: "re.Pattern[str]") -> list[str]:
    rows = staff.page.get_by_role("row").filter(has_text=READER).all_inner_texts()
    return [plain(row).split("\n")[0] for row in rows if subject.search(plain(row))]


def reminders_went_out_once(staff: Person) -> None:
    gets_mail(staff, re.compile("essai mind Fintech est terminé"), 1)
    assert len(subjects(staff, ABOUT_TO_END)) == 3
    assert subjects(staff, re.compile("essai mind Health (se termine|est terminé)")) == []


def subscription_renews(staff: Person, reader: Person) -> None:
    jumps(staff, "Un mois plus tard")
    reader.goes_to("/login")
    reader.looks()
    reader.types("Adresse e-mail", READER)
    reader.types("Mot de passe", PASSWORD)
    reader.page.locator("main").get_by_role("button", name="Je me connecte").click()
    for _look in range(40):
        reader.goes_to("/billing/")
        if reader.page.get_by_role("row").filter(has_text="Payée").count() == 2:
            break
        reader.page.wait_for_timeout(250)
    assert reader.page.get_by_role("row").filter(has_text="Payée").count() == 2
    opens(reader, HEALTH)


def leaves_nothing_behind(reader: Person) -> None:
    """Signed out, the Back button asks the server again; so does a page that the browser has kept whole."""
    other = reader.context.new_page()
    other.goto(reader.url + HEALTH)
    reader.clicks("Je me déconnecte")
    reader.does_not_see(LOCKED[HEALTH])
    reader.goes_to("/health/")
    for _page in range(3):
        reader.page.go_back()
        reader.does_not_see(LOCKED[HEALTH], READER)
    assert LOCKED[HEALTH] in other.content()
    with other.expect_navigation():
        other.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    assert LOCKED[HEALTH] not in other.content()
    other.close()
