"""The staff's queue: who sees it, in which order, and how a question leaves it."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.db import AnySession, writing
from portal.enquiries import asking
from portal.enquiries.models import Enquiry, EnquiryKind, EnquiryState
from portal.outbox import Mail
from portal.roles import Permission, Role, may
from tests.builders import a_reader, an_article
from tests.conftest import NOON
from tests.forms import csrf_token, sign_in, submit

ANSWER = "Oui, au format tableur.\n\nBien à vous."
ENGLISH = {"Accept-Language": "en"}


def asked(message: str = "Une question.", *, at: timedelta = timedelta(), **more: Any) -> Enquiry:
    given: dict[str, Any] = {
        "kind": EnquiryKind.CONTACT,
        "name": "Camille Orvault",
        "email": "camille@atelier.example.org",
        "message": message,
        "locale": "fr",
    }
    with clock.frozen(NOON + at), writing() as unit:
        return asking.ask(unit, **(given | more))


@pytest.fixture
def support(client: FlaskClient) -> Reader:
    person = a_reader("support@example.org", role=Role.SUPPORT, name="Noor Belval")
    sign_in(client, person)
    return person


def state_of(session: AnySession, enquiry: Enquiry) -> EnquiryState:
    return session.scalars(select(Enquiry.state).where(Enquiry.id == enquiry.id)).one()


@pytest.mark.parametrize("role", list(Role))
def test_the_queue_opens_to_those_who_answer_and_to_nobody_else(client: FlaskClient, role: Role) -> None:
    enquiry = asked("Une question confidentielle.")
    sign_in(client, a_reader(role=role))
    allowed = may(role, Permission.ANSWER_ENQUIRIES)
    pages = ("/admin/enquiries", f"/admin/enquiries/{enquiry.id}", f"/admin/enquiries/{enquiry.id}/close")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == (200 if allowed else 403), page
        assert ("confidentielle" in answer.text) is allowed, page
    assert may(Role.AUDITOR, Permission.ANSWER_ENQUIRIES) is may(Role.EDITOR, Permission.ANSWER_ENQUIRIES) is False


@pytest.mark.parametrize("role", [role for role in Role if not may(role, Permission.ANSWER_ENQUIRIES)])
def test_the_act_itself_is_refused(client: FlaskClient, session: AnySession, role: Role) -> None:
    enquiry = asked()
    sign_in(client, a_reader(role=role))
    token = csrf_token(client, "/contact")
    for path in (f"/admin/enquiries/{enquiry.id}", f"/admin/enquiries/{enquiry.id}/close"):
        assert client.post(path, data={"csrf_token": token, "text": ANSWER}).status_code == 403
    assert state_of(session, enquiry) is EnquiryState.OPEN


def test_a_stranger_is_asked_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/admin/enquiries")
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=")


def test_open_ones_come_first_and_the_oldest_at_the_top(client: FlaskClient, support: Reader) -> None:
    answered, old = asked("La traitée", at=timedelta(hours=-9)), asked("La vieille", at=timedelta(hours=-5))
    asked("La jeune", at=timedelta(hours=-1))
    asked("La moyenne", at=timedelta(hours=-3))
    with writing() as unit:
        asking.answer(unit, answered, ANSWER, support.id)
    text = client.get("/admin/enquiries").text
    places = [text.index(word) for word in ("La vieille", "La moyenne", "La jeune", "La traitée")]
    assert places == sorted(places)
    assert f"/admin/enquiries/{old.id}" in text


def test_settled_ones_show_the_newest_first(client: FlaskClient, support: Reader) -> None:
    for hours, word in ((9, "La vieille"), (1, "La jeune")):
        enquiry = asked(word, at=timedelta(hours=-hours))
        with writing() as unit:
            asking.close(unit, enquiry, support.id)
    text = client.get("/admin/enquiries?state=closed").text
    assert text.index("La jeune") < text.index("La vieille")


def test_the_queue_is_narrowed_by_kind_and_state(client: FlaskClient, support: Reader) -> None:
    asked("Un message")
    asked("Un devis", kind=EnquiryKind.QUOTE, facts={"seats": 40})
    settled = asked("Un message traité")
    with writing() as unit:
        asking.close(unit, settled, support.id)

    def shown(query: str) -> list[str]:
        text = client.get(f"/admin/enquiries?{query}").text
        return [word for word in ("Un message<", "Un devis<", "Un message traité<") if word in text]

    assert shown("") == ["Un message<", "Un devis<", "Un message traité<"]
    assert shown("kind=quote") == ["Un devis<"]
    assert shown("state=open") == ["Un message<", "Un devis<"]
    assert shown("state=closed&kind=contact") == ["Un message traité<"]
    assert shown("state=answered") == []
    assert len(shown("state=autre&kind=%00&page=-3")) == 3
    assert client.get("/admin/enquiries?page=99999999999999999999").status_code == 200


def test_a_long_queue_has_pages(client: FlaskClient, support: Reader) -> None:
    for number in range(27):
        asked(f"Question {number:02}.", at=timedelta(minutes=number - 60))
    first = client.get("/admin/enquiries").text
    assert "Question 00." in first
    assert "Question 25." not in first
    second = client.get("/admin/enquiries?page=2").text
    assert "Question 26." in second
    assert "Question 24." not in second


def test_what_waits_is_counted_in_the_navigation_and_on_the_start_page(client: FlaskClient, support: Reader) -> None:
    asked("Un devis", kind=EnquiryKind.QUOTE, facts={"seats": 40})
    asked()
    for page in ("/admin/", "/admin/enquiries", "/admin/readers"):
        assert '<span class="n">2<' in client.get(page).text
    text = client.get("/admin/").text
    assert "dont 2 par nos formulaires" in text
    assert "Demande de devis\u00a0: 40 licences" in text


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.EDITOR])
def test_others_see_no_sign_of_the_queue(client: FlaskClient, role: Role) -> None:
    asked("Une question confidentielle.")
    sign_in(client, a_reader(role=role))
    text = client.get("/admin/").text
    assert "/admin/enquiries" not in text
    assert "Camille" not in text


def test_a_late_one_is_marked(client: FlaskClient, support: Reader) -> None:
    due_today = asked(at=timedelta(days=-1))
    assert "aujourd’hui au plus tard" in client.get("/admin/enquiries").text
    assert "En retard" not in client.get(f"/admin/enquiries/{due_today.id}").text
    late = asked(at=timedelta(days=-2))  # on a Sunday, so that Monday was the day
    for page in ("/admin/enquiries", f"/admin/enquiries/{late.id}"):
        assert "En retard" in client.get(page).text


def test_one_question_shows_all_that_is_known(client: FlaskClient, support: Reader) -> None:
    reader = a_reader("ines@clinique.example.org", name="Inès Garrigue")
    article = an_article("comptes-paylune", title="Les comptes de Paylune")
    enquiry = asked(
        kind=EnquiryKind.ACCESS,
        reader_id=reader.id,
        article_id=article.id,
        facts={"explanation": [["mind Health", "Paiement en attente"], ["<b>Règle</b>", "12"], "autre chose"]},
    )
    text = client.get(f"/admin/enquiries/{enquiry.id}").text
    assert f'href="/admin/readers/{reader.id}"' in text
    assert 'href="/health/article/comptes-paylune"' in text
    assert "<dt>mind Health</dt><dd>Paiement en attente</dd>" in text
    assert "&lt;b&gt;Règle" in text
    assert "Inès Garrigue" in text


def test_an_answer_leaves_the_queue_and_goes_by_mail(client: FlaskClient, session: AnySession, support: Reader) -> None:
    enquiry = asked()
    answer = submit(client, f"/admin/enquiries/{enquiry.id}", {"text": ANSWER})
    assert (answer.status_code, answer.location) == (303, "/admin/enquiries")
    mail = session.scalars(select(Mail).where(Mail.kind == "enquiry_answered")).one()
    assert ANSWER in mail.text
    text = client.get(f"/admin/enquiries/{enquiry.id}").text
    assert "par Noor Belval" in text
    assert "Oui, au format tableur." in text
    assert 'name="text"' not in text


@pytest.mark.parametrize(
    ("typed", "french", "english"),
    [
        ("  ", "Rédigez la réponse", "Write the answer"),
        ("x" * 8_001, "8\u202f000 caractères", "8,000 characters at most"),
        ("a\u202eb", "ont été retirés", "were taken out"),
    ],
)
def test_an_answer_that_cannot_go_says_why(
    client: FlaskClient, session: AnySession, support: Reader, typed: str, french: str, english: str
) -> None:
    enquiry = asked()
    for headers, sentence in (({}, french), (ENGLISH, english)):
        answer = submit(client, f"/admin/enquiries/{enquiry.id}", {"text": typed}, headers=headers)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert state_of(session, enquiry) is EnquiryState.OPEN


@pytest.mark.parametrize(("settle", "sentence"), [("answer", "a répondu"), ("close", "a classé")])
def test_of_two_who_answer_the_second_is_told_and_keeps_the_text(
    client: FlaskClient, session: AnySession, support: Reader, settle: str, sentence: str
) -> None:
    enquiry = asked()
    token = csrf_token(client, f"/admin/enquiries/{enquiry.id}")
    with writing() as unit:
        if settle == "answer":
            asking.answer(unit, enquiry, "La première.", a_reader(role=Role.SALES).id)
        else:
            asking.close(unit, enquiry, a_reader(role=Role.SALES).id)
    answer = client.post(f"/admin/enquiries/{enquiry.id}", data={"csrf_token": token, "text": "La seconde."})
    assert answer.status_code == 422
    assert f"Un collègue {sentence}" in answer.text
    assert "La seconde." in answer.text
    assert not session.scalars(select(Mail).where(Mail.text.contains("La seconde."))).all()


def test_closing_has_a_page_of_its_own_and_writes_to_nobody(
    client: FlaskClient, session: AnySession, support: Reader
) -> None:
    enquiry = asked()
    page = f"/admin/enquiries/{enquiry.id}/close"
    answer = submit(client, page)
    assert (answer.status_code, answer.location) == (303, "/admin/enquiries")
    assert state_of(session, enquiry) is EnquiryState.CLOSED
    assert not session.scalars(select(Mail).where(Mail.kind == "enquiry_answered")).all()
    assert client.get(page).location == f"/admin/enquiries/{enquiry.id}"


@pytest.mark.parametrize("enquiry_id", ["0", "999", "2147483647", "99999999999999999999"])
def test_an_enquiry_that_is_not_there_answers_404(client: FlaskClient, support: Reader, enquiry_id: str) -> None:
    assert client.get(f"/admin/enquiries/{enquiry_id}").status_code == 404
    assert client.get(f"/admin/enquiries/{enquiry_id}/close").status_code == 404


def test_without_a_token_nothing_happens(client: FlaskClient, session: AnySession, support: Reader) -> None:
    enquiry = asked()
    assert client.post(f"/admin/enquiries/{enquiry.id}", data={"text": ANSWER}).status_code == 400
    assert client.post(f"/admin/enquiries/{enquiry.id}/close").status_code == 400
    assert state_of(session, enquiry) is EnquiryState.OPEN


def test_every_act_stands_in_the_audit_log_in_words(client: FlaskClient) -> None:
    admin = a_reader(role=Role.ADMIN)
    first, second = asked(), asked("Une autre.")
    with writing() as unit:
        asking.answer(unit, first, ANSWER, admin.id)
        asking.close(unit, second, admin.id)
    sign_in(client, admin)
    text = client.get("/admin/audit").text
    for words in ("Courrier reçu", "Courrier\u00a0: réponse envoyée", "Courrier classé sans réponse"):
        assert words in text
    assert f"Courrier n° {first.id}" in text
