"""Every kind of mail has a sample, written by its room's own functions; nothing of it is kept."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import Reader
from portal.db import AnySession
from portal.dev import rehearsal
from portal.dev.gallery import families
from portal.outbox import Mail
from portal.verticals import Vertical
from tests.builders import a_vertical
from tests.forms import Browser


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_kind_of_mail_has_a_sample(app: Flask, locale: str) -> None:
    a_vertical("health")
    written = rehearsal.rehearse(locale)
    without = set(rehearsal.kinds()) - set(written)
    assert without == set(), "add the act that writes them to portal/dev/samples.py"
    assert {mail.locale for kind, mail in written.items() if kind not in ("enquiry_for_staff", "quote_answered")} == {
        locale
    }
    assert all(mail.subject and mail.text and mail.html for mail in written.values())


def test_the_rehearsal_leaves_nothing_behind_and_needs_nothing_before(session: AnySession) -> None:
    assert len(rehearsal.rehearse("fr")) == len(rehearsal.kinds())
    for model in (Mail, Reader, Vertical):
        assert session.scalar(select(func.count()).select_from(model)) == 0


def test_every_kind_is_listed_once_with_both_subjects(hub: Browser) -> None:
    page = hub.get("/dev/mails").text
    for kind in rehearsal.kinds():
        assert page.count(f"<code>{kind}</code>") == 1
        assert f'href="/dev/mails/{kind}?lang=fr"' in page and f'href="/dev/mails/{kind}?lang=en"' in page


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_page_keeps_its_own_language(hub: Browser, locale: str) -> None:
    assert f'<html lang="{locale}"' in hub.get("/dev/mails", headers={"Accept-Language": locale}).text


def test_a_kind_that_fits_no_family_is_listed_all_the_same() -> None:
    grouped = families(["receipt", "unheard_of"])
    assert [kind for _name, kinds in grouped for kind in kinds] == ["receipt", "unheard_of"]


@pytest.mark.parametrize(("lang", "word"), [("fr", "Choisir un nouveau mot de passe"), ("en", "Choose a new password")])
def test_a_kind_is_shown_as_text_and_framed_wide_and_narrow(hub: Browser, lang: str, word: str) -> None:
    page = hub.get(f"/dev/mails/reset_password?lang={lang}").text
    assert word in page and page.count(f'src="/dev/mails/reset_password/html?lang={lang}"') == 2
    framed = hub.get(f"/dev/mails/reset_password/html?lang={lang}")
    assert word in framed.text and "script-src" not in framed.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/dev/mails/nothing", "/dev/mails/nothing/html"])
def test_a_kind_there_is_not_is_not_found(hub: Browser, path: str) -> None:
    assert hub.get(path).status_code == 404


def test_a_language_there_is_not_is_french(hub: Browser) -> None:
    assert "Choisir un nouveau" in hub.get("/dev/mails/reset_password?lang=xx").text
