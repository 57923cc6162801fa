"""Double clicks, two tabs, two members of staff at once: nothing is given twice, no act is lost, and it is said."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.grants import new_act
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.clock import paris_midnight
from portal.db import AnySession, end_reading
from portal.outbox import Mail
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_vertical
from tests.forms import csrf_token, sign_in, submit


@pytest.fixture
def other(app: Flask) -> FlaskClient:
    """The browser of another administrator."""
    browser = app.test_client()
    sign_in(browser, a_reader(role=Role.ADMIN, name="Hugo Mellot"))
    browser.set_cookie("locale", "en")
    return browser


def wish(**more: Any) -> dict[str, Any]:
    return {"verticals": [a_vertical("media").id], "until": "2026-03-31", "reason": "Salon", **more}


def given(session: AnySession) -> list[Grant]:
    end_reading()
    return list(session.scalars(select(Grant).order_by(Grant.id).execution_options(populate_existing=True)))


def mails(session: AnySession) -> list[str]:
    return list(session.scalars(select(Mail.kind)))


def acts(session: AnySession) -> list[str]:
    return [act for act in session.scalars(select(AuditEvent.act).order_by(AuditEvent.id)) if act != "session.opened"]


def test_a_form_sent_twice_gives_once(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    page, form = f"/admin/readers/{a_reader().id}", wish(act=new_act())
    for _click in range(2):
        assert submit(client, f"{page}/grants", form, page=page).status_code == 303
    assert (len(given(session)), mails(session), acts(session)) == (1, ["grant_given"], ["grant.given"])
    assert "granted already, by the same form" in client.get(page).text


def test_a_form_sent_again_with_other_days_is_another_act(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    page, act = f"/admin/readers/{a_reader().id}", new_act()
    for until in ("2026-03-31", "2026-04-30"):
        submit(client, f"{page}/grants", wish(act=act, until=until), page=page)
    assert len({grant.act_id for grant in given(session)}) == 2


def test_what_staff_have_given_already_is_not_given_again(
    client: FlaskClient, admin: Reader, other: FlaskClient, session: AnySession
) -> None:
    page = f"/admin/readers/{a_reader().id}"
    submit(other, f"{page}/grants", wish(until="2026-04-30"), page=page)
    verticals = [a_vertical("media").id, a_vertical("health").id]
    answer = submit(client, f"{page}/grants", wish(verticals=verticals), page=page)
    assert answer.status_code == 422 and len(given(session)) == 1
    assert "mind Media until Thursday\u00a030\u00a0April\u00a02026 included, by Hugo Mellot" in answer.text
    assert "Salon" in answer.text, "what was typed is still there"


def test_clicks_at_the_same_moment_give_once(app: Flask, admin: Reader, session: AnySession) -> None:
    page, form = f"/admin/readers/{a_reader().id}", wish(act=new_act())
    browsers = [app.test_client() for _ in range(3)]
    for browser in browsers:
        sign_in(browser, admin)
    tokens = [csrf_token(browser, page) for browser in browsers]
    answers: list[int] = []

    def click(browser: FlaskClient, token: str) -> None:
        answers.append(browser.post(f"{page}/grants", data={**form, "csrf_token": token}).status_code)

    threads = [threading.Thread(target=click, args=pair) for pair in zip(browsers, tokens, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303, 303, 303]
    assert (len(given(session)), mails(session), acts(session)) == (1, ["grant_given"], ["grant.given"])


def known(grant: Grant) -> str:
    """What a form that shows this grant carries along."""
    return grant.ends_at.isoformat()


def test_a_trial_extended_twice_from_the_same_page_gets_its_days_once(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    trial = a_grant(a_reader(), source=Source.TRIAL, ends_in=timedelta(days=2))
    path, form = f"/admin/grants/{trial.id}/extend", {"days": "3", "reason": "Geste", "known": known(trial)}
    for _click in range(2):
        answer = submit(client, path, form)
        assert answer.status_code == 303
    assert given(session)[0].ends_at == paris_midnight(date(2026, 3, 16))
    assert acts(session) == ["trial.extended"]
    assert "Nothing was done twice" in client.get(answer.location).text


def test_the_page_carries_the_end_it_shows(client: FlaskClient, admin: Reader) -> None:
    trial = a_grant(a_reader(), source=Source.TRIAL)
    for path in ("extend", "end"):
        assert f'value="{known(trial)}"' in client.get(f"/admin/grants/{trial.id}/{path}").text


def test_of_two_people_who_move_an_end_the_second_is_shown_what_the_first_did(
    client: FlaskClient, admin: Reader, other: FlaskClient, session: AnySession
) -> None:
    grant = a_grant(a_reader())
    path, seen = f"/admin/grants/{grant.id}/end", known(grant)
    assert submit(other, path, {"until": "2026-05-31", "reason": "Contrat", "known": seen}).status_code == 303
    answer = submit(client, path, {"until": "2026-04-30", "reason": "Geste", "known": seen})
    assert answer.status_code == 422
    assert "Hugo Mellot has changed the end in the meantime: it is now Sunday\u00a031\u00a0May" in answer.text
    assert 'value="2026-04-30"' in answer.text and "Geste" in answer.text
    (moved,) = given(session)
    assert moved.ends_at == paris_midnight(date(2026, 6, 1))
    assert submit(client, path, {"until": "2026-04-30", "reason": "Geste", "known": known(moved)}).status_code == 303
    assert acts(session) == ["grant.extended", "grant.shortened"]
    assert mails(session) == ["grant_extended", "grant_extended"]


def test_two_people_who_ask_for_the_same_end_do_it_once(
    client: FlaskClient, admin: Reader, other: FlaskClient, session: AnySession
) -> None:
    grant = a_grant(a_reader())
    form = {"until": "2026-05-31", "reason": "Contrat", "known": known(grant)}
    for browser in (other, client):
        answer = submit(browser, f"/admin/grants/{grant.id}/end", form)
        assert answer.status_code == 303
    assert "by Hugo Mellot. Nothing was done twice." in client.get(answer.location).text
    assert acts(session) == ["grant.extended"]


def test_the_end_a_right_has_already_is_no_other_end(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    grant = a_grant(a_reader())
    for status in (303, 422):
        answer = submit(client, f"/admin/grants/{grant.id}/end", {"until": "2026-05-31", "reason": "Geste"})
        assert answer.status_code == status
    assert "the last day it has already" in answer.text and acts(session) == ["grant.extended"]


def test_the_end_may_come_back_to_where_it_was_and_each_move_is_told(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    grant = a_grant(a_reader())
    for minute, until in enumerate(("2026-05-31", "2026-04-30", "2026-05-31")):
        with clock.frozen(clock.now() + timedelta(minutes=minute)):
            submit(client, f"/admin/grants/{grant.id}/end", {"until": until, "reason": "Geste"})
    assert acts(session) == ["grant.extended", "grant.shortened", "grant.extended"]
    assert mails(session) == ["grant_extended"] * 3


def test_a_right_revoked_in_another_tab_is_not_moved_and_it_is_said_by_whom(
    client: FlaskClient, admin: Reader, other: FlaskClient, session: AnySession
) -> None:
    grant = a_grant(a_reader())
    path = f"/admin/grants/{grant.id}"
    token = csrf_token(client, f"{path}/end")
    submit(other, f"{path}/revoke", {"reason": "Fin", "sure": "y"})
    for act, form in (("end", {"until": "2026-05-31"}), ("revoke", {"sure": "y"})):
        answer = client.post(f"{path}/{act}", data={"reason": "x", "csrf_token": token, **form})
        assert answer.status_code == 303
        assert "revoked already, by Hugo Mellot, on 10\u00a0March\u00a02026" in client.get(answer.location).text
    assert acts(session) == ["grant.revoked"] and given(session)[0].revoked_at is not None


@pytest.mark.parametrize("junk", ["x", "2026-03-10", "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+23:59"])
def test_junk_for_the_known_end_only_shows_the_page_again(client: FlaskClient, admin: Reader, junk: str) -> None:
    grant = a_grant(a_reader())
    answer = submit(client, f"/admin/grants/{grant.id}/end", {"until": "2026-05-31", "reason": "x", "known": junk})
    assert answer.status_code == 422
