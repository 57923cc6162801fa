"""The trial pages, as a stranger and a reader walk through them."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.outbox import Mail
from portal.trials.models import TrialRequest
from tests.builders import a_grant, a_reader, a_vertical
from tests.forms import csrf_token, sign_in, submit

PASSWORD = "quatre marronniers sous la pluie"
ARTICLE = "/health/article/un-article"


@pytest.fixture(autouse=True)
def titles(session: AnySession) -> None:
    for slug in ("health", "fintech", "media"):
        a_vertical(slug)


def ask(client: FlaskClient, email: str = "ana@clinique.fr", slugs: tuple[str, ...] = ("health",), **more: str) -> str:
    """Fill in the form; returns the address of the confirmation in the mail."""
    answer = submit(client, "/trial", {"email": email, "password": PASSWORD, "verticals": list(slugs), **more})
    assert answer.status_code == 303 and answer.location == "/register/mailbox"
    return link_of(email)


def link_of(email: str) -> str:
    from portal.db import db, end_reading

    end_reading()
    text = db.session.scalars(select(Mail.text).where(Mail.to_address == email).order_by(Mail.id.desc())).first() or ""
    found = re.search(r"/confirm/\S+", text)
    assert found, text
    return found[0]


def trials_of(session: AnySession, email: str) -> list[str]:
    statement = select(Grant).join(Reader, Reader.id == Grant.reader_id).where(Reader.email == email)
    return [grant.source.value for grant in session.scalars(statement)]


def test_a_stranger_tries_two_titles_and_is_back_on_the_article(client: FlaskClient, session: AnySession) -> None:
    link = ask(client, slugs=("health", "fintech"), next=ARTICLE)
    assert trials_of(session, "ana@clinique.fr") == []
    answer = submit(client, link)
    assert (answer.status_code, answer.location) == (303, ARTICLE)
    assert trials_of(session, "ana@clinique.fr") == ["trial", "trial"]
    kinds = session.scalars(select(Mail.kind).order_by(Mail.id)).all()
    assert kinds == ["confirm_address", "trial_started"]


def test_opening_the_link_starts_nothing(client: FlaskClient, session: AnySession) -> None:
    link = ask(client)
    for _scanner in range(3):
        assert client.get(link).status_code == 200
    assert session.scalars(select(Reader)).all() == []


def test_the_box_of_the_title_one_came_from_is_ticked(client: FlaskClient) -> None:
    page = client.get(f"/trial?next={ARTICLE.replace('health', 'media')}").text
    ticked = re.findall(r"<input[^>]*checked[^>]*>", page)
    assert len(ticked) == 1 and 'value="media"' in ticked[0]
    assert len(re.findall(r"<input[^>]*checked[^>]*>", client.get("/trial").text)) == 0
    assert len(re.findall(r"<input[^>]*checked[^>]*>", client.get("/trial?vertical=health&vertical=media").text)) == 2


def test_an_empty_form_is_answered_field_by_field_and_keeps_what_was_typed(client: FlaskClient) -> None:
    data = {"email": "pas une adresse", "name": "Ana", "password": "xyzxyz"}
    answer = submit(client, "/trial", data, headers=EN)
    assert answer.status_code == 422 and "xyzxyz" not in answer.text
    kept = ('value="pas une adresse"', 'value="Ana"')
    for text in ("Tick at least one title.", "Enter an email address", "too short", *kept):
        assert text in answer.text


EN = {"Accept-Language": "en"}


def test_a_title_that_does_not_exist_is_not_tried(client: FlaskClient) -> None:
    data = {"email": "ana@clinique.fr", "password": PASSWORD, "verticals": ["sport"]}
    answer = submit(client, "/trial", data, headers=EN)
    assert answer.status_code == 422 and "This title cannot be tried" in answer.text


def test_a_known_address_gets_the_same_answer_and_the_truth_by_mail(client: FlaskClient, session: AnySession) -> None:
    a_reader("ana@clinique.fr")
    data = {"email": "ana@clinique.fr", "password": PASSWORD, "verticals": ["health"]}
    answer = submit(client, "/trial", data)
    assert (answer.status_code, answer.location) == (303, "/register/mailbox")
    assert session.scalars(select(Mail.kind)).all() == ["already_registered"]


def test_another_browser_is_asked_for_the_password_or_a_new_one(client: FlaskClient, session: AnySession) -> None:
    link = ask(client)
    other = client.application.test_client()
    assert 'type="password"' in other.get(link).text and 'type="password"' not in client.get(link).text
    assert submit(other, link, {"password": ""}).status_code == 422
    assert submit(other, link, {"password": "court"}).status_code == 422
    assert session.scalars(select(Reader)).all() == []
    assert submit(other, link, {"password": PASSWORD}).status_code == 303
    assert trials_of(session, "ana@clinique.fr") == ["trial"]


def test_the_owner_of_the_mailbox_may_choose_another_password(client: FlaskClient, session: AnySession) -> None:
    link = ask(client)
    other = client.application.test_client()
    assert submit(other, link, {"password": "cinq chevaux dans la brume"}).status_code == 303
    fresh = client.application.test_client()
    answer = submit(fresh, "/login", {"email": "ana@clinique.fr", "password": "cinq chevaux dans la brume"})
    assert answer.status_code == 303


def test_a_link_used_twice_says_that_nothing_is_left_to_do(client: FlaskClient) -> None:
    link = ask(client)
    token = csrf_token(client, link)
    assert client.post(link, data={"csrf_token": token}).status_code == 303
    again = client.post(link, data={"csrf_token": csrf_token(client, "/trial")})
    assert again.status_code == 200 and "/profile/" in again.text
    assert client.application.test_client().get(link).status_code == 200


def test_an_expired_link_is_renewed_by_one_button(client: FlaskClient, session: AnySession) -> None:
    link = ask(client, next=ARTICLE)
    with clock.frozen(clock.now() + timedelta(hours=2)):
        dead = client.get(link)
        assert dead.status_code == 410 and f"{link}/renew" in dead.text
        token = re.search(r'name="csrf_token" value="([^"]+)"', dead.text)
        assert token is not None
        answer = client.post(f"{link}/renew", data={"csrf_token": token[1]})
        assert answer.status_code == 303
        fresh = link_of("ana@clinique.fr")
        assert fresh != link
        assert submit(client, fresh).location == ARTICLE
    assert trials_of(session, "ana@clinique.fr") == ["trial"]


@pytest.mark.parametrize("token", ["x", "%00", "a" * 3000, "é"])
def test_an_invented_link_is_a_page_with_a_way_on(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/confirm/{token}")
    assert answer.status_code == 404 and "/trial" in answer.text
    assert client.post(f"/confirm/{token}", data={"csrf_token": csrf_token(client, "/trial")}).status_code == 404


def test_the_way_back_never_leaves_the_site(client: FlaskClient) -> None:
    link = ask(client, next="//evil.example/")
    assert submit(client, link).location == "/health/"


def test_a_reader_starts_another_title_with_one_click_and_is_back(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader()
    sign_in(client, reader)
    answer = submit(client, "/trial/start", {"vertical": "fintech", "next": ARTICLE}, page="/trial", headers=EN)
    assert (answer.status_code, answer.location) == (303, ARTICLE)
    assert trials_of(session, reader.email) == ["trial"]
    page = client.get("/trial", headers=EN).text
    assert "Your trial of mind Fintech has begun: access until Wednesday" in page


def test_a_second_click_is_a_sentence_and_not_an_error(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader()
    sign_in(client, reader)
    for _click in range(2):
        submit(client, "/trial/start", {"vertical": "fintech", "next": "/trial"}, page="/trial")
    assert trials_of(session, reader.email) == ["trial"]
    assert "mind Fintech" in client.get("/trial").text


def test_a_trial_used_up_is_told_with_what_opens_it_again(client: FlaskClient) -> None:
    reader = a_reader()
    a_grant(reader, vertical="media", source=Source.TRIAL, starts_in=timedelta(days=-20), ends_in=timedelta(days=-4))
    sign_in(client, reader)
    submit(client, "/trial/start", {"vertical": "media"}, page="/trial", headers=EN)
    assert "You have already tried mind Media. A plan opens it again." in client.get("/trial", headers=EN).text


def test_only_what_can_start_starts_and_the_rest_is_told(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader()
    a_grant(reader, vertical="health", source=Source.ADMIN)
    with writing():
        a_vertical("media").trial_open = False
    sign_in(client, reader)
    data = {"vertical": ["health", "fintech", "media"], "next": "/trial"}
    submit(client, "/trial/start", data, page="/trial", headers=EN)
    page = client.get("/trial", headers=EN).text
    assert "Your trial of mind Fintech has begun" in page
    assert "You can read mind Health already: your trial is kept for later." in page
    assert "mind Media takes no trials at the moment." in page


def test_the_sixth_of_a_company_is_told_after_confirming_and_not_before(
    client: FlaskClient, session: AnySession
) -> None:
    for number in range(5):
        colleague = a_reader(f"c{number}@clinique.fr")
        a_grant(colleague, vertical="health", source=Source.TRIAL, ends_in=timedelta(days=3))
    link = ask(client)
    submit(client, link, headers=EN)
    page = client.get("/trial", headers=EN).text
    assert "We answer within one working day." in page
    assert len(session.scalars(select(TrialRequest)).all()) == 1
    assert trials_of(session, "ana@clinique.fr") == []


def test_a_suspended_reader_is_told_why_nothing_starts(client: FlaskClient, session: AnySession) -> None:
    reader = a_reader(suspended_at=clock.now())
    sign_in(client, reader)
    answer = client.post(
        "/trial/start", data={"vertical": "health", "csrf_token": csrf_token(client, "/trial")}, headers=EN
    )
    assert answer.status_code == 303
    assert "Your account is suspended" in client.get("/trial", headers=EN).text
    assert trials_of(session, reader.email) == []


def test_the_ended_ribbon_hides_at_a_click_and_stays_hidden(client: FlaskClient) -> None:
    reader = a_reader()
    a_grant(reader, vertical="health", source=Source.TRIAL, starts_in=timedelta(days=-18), ends_in=timedelta(days=-2))
    sign_in(client, reader)
    assert "ribbon-ended" in client.get("/trial").text
    answer = submit(client, "/trial/ribbon/dismiss", page="/trial", headers={"Referer": "http://localhost/trial?a=1"})
    assert (answer.status_code, answer.location) == (303, "/trial")
    assert "ribbon-ended" not in client.get("/trial").text


def test_offers_stop_with_one_click_from_the_mail_program(client: FlaskClient, session: AnySession) -> None:
    from portal.trials import mails

    reader = a_reader(marketing_consent_at=clock.now())
    path = mails.unsubscribe_url(reader.id).removeprefix("http://localhost")
    assert client.get(path).status_code == 200
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    session.expire_all()
    assert session.scalars(select(Reader.marketing_consent_at)).one() is None
    assert client.post("/trial/offers/forged").status_code == 404
    assert client.get("/trial/offers/forged").status_code == 404


def test_fifteen_bars_stand_beside_the_exact_end_before_anything_is_begun(client: FlaskClient) -> None:
    client.set_cookie("locale", "en")
    stranger = client.get("/trial").text
    sign_in(client, a_reader())
    for text in (stranger, client.get("/trial").text):
        bars = text.split('class="trial-days"')[1].split("</p>", maxsplit=1)[0]
        assert bars.count("<rect") == bars.count('class="left"') == 15
        assert "until Wednesday\u00a025\u00a0March\u00a02026 inclusive" in bars


def test_the_confirmation_tells_the_exact_end_before_the_button(client: FlaskClient) -> None:
    link = ask(client)
    client.set_cookie("locale", "en")
    before = client.get(link).text.split("Confirm and begin to read")[0]
    assert "until Wednesday\u00a025\u00a0March\u00a02026 inclusive" in before
    assert before.count('class="left"') == 15


def test_a_running_trial_shows_its_own_bars_among_the_other_titles(client: FlaskClient) -> None:
    reader = a_reader()
    a_grant(reader, source=Source.TRIAL, ends_in=timedelta(days=6, hours=12))
    sign_in(client, reader)
    text = client.get("/trial").text.split('class="trial-list"')[1].split("</ul>", maxsplit=1)[0]
    assert (text.count("<rect"), text.count('class="left"')) == (15, 7)


def test_an_unconfirmed_reader_may_ask_for_the_link_again_where_trials_begin(client: FlaskClient) -> None:
    sign_in(client, a_reader(confirmed=False))
    client.set_cookie("locale", "en")
    text = client.get("/trial").text
    assert 'action="/confirm-address/resend"' in text and "Send the link again" in text
    assert 'action="/trial/start"' not in text


def test_nobody_is_offered_another_title_who_has_none(client: FlaskClient) -> None:
    sign_in(client, a_reader())
    client.set_cookie("locale", "en")
    assert "<h1>Try a title</h1>" in client.get("/trial").text
