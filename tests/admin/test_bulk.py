"""Rights for a list of addresses: the preview says what would happen, confirming does that or nothing."""

import random
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.access.models import Grant
from portal.access.vocabulary import Source
from portal.accounts.models import Reader
from portal.admin import bulk_form
from portal.audit import AuditEvent, AuditPersonal
from portal.db import AnySession, end_reading, writing
from portal.outbox import Mail
from portal.roles import Permission, Role, may
from tests.access.counting import counted
from tests.builders import a_grant, a_reader, a_seat, a_vertical, an_article, an_organisation, canary
from tests.forms import csrf_token, sign_in, submit

PAGE = "/admin/grants/list"
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE = re.compile(r'\b(name|value)="([^"]*)"')


def preview(client: FlaskClient, *addresses: str, **more: Any) -> Any:
    filled = {"verticals": [a_vertical("media").id], "until": "2026-03-31", "reason": "Salon", **more}
    return submit(client, PAGE, {"addresses": "\n".join(addresses), **filled})


def carried(page: str) -> dict[str, Any]:
    """What the preview's form would send."""
    fields: dict[str, Any] = {}
    for tag in _HIDDEN.findall(page):
        one = dict(_ATTRIBUTE.findall(tag))
        fields.setdefault(one["name"], []).append(unescape(one.get("value", "")))
    return fields


def confirm(client: FlaskClient, page: Any, **more: Any) -> Any:
    assert page.status_code in (200, 422)
    return client.post(f"{PAGE}/confirm", data={**carried(page.text), **more})


def section(page: Any, heading: str) -> str:
    """The text of one panel of a page; "" when it is not there."""
    found = [part for part in page.text.split("<section")[1:] if re.search(f"<h2>[^<]*{heading}", part)]
    return found[0].split("</section>")[0] if found else ""


def given(session: AnySession) -> list[Grant]:
    end_reading()
    return list(session.scalars(select(Grant).where(Grant.reason == "Salon").order_by(Grant.id)))


def test_a_list_is_given_in_one_act_each_told_and_audited(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    readers = [a_reader(), a_reader(locale="en"), a_reader()]
    verticals = [a_vertical("media").id, a_vertical("health").id]
    page = preview(client, *(reader.email for reader in readers), verticals=verticals)
    assert "3 accounts receive something" in page.text and given(session) == []
    answer = confirm(client, page)
    assert answer.status_code == 303
    made = given(session)
    assert len(made) == 6 and len({grant.act_id for grant in made}) == 1
    assert {grant.reader_id for grant in made} == {reader.id for reader in readers}
    mails = session.scalars(select(Mail)).all()
    assert sorted(mail.to_address for mail in mails) == sorted(reader.email for reader in readers)
    assert {mail.locale for mail in mails} == {"fr", "en"} and all("Salon" not in mail.text for mail in mails)
    events = session.scalars(select(AuditEvent).where(AuditEvent.act == "grant.given")).all()
    assert [event.target_id for event in events] == [grant.reader_id for grant in made]
    assert {event.actor_id for event in events} == {admin.id}
    assert all(session.get_one(AuditPersonal, event.id).values == {"reason": "Salon"} for event in events)
    receipt = client.get(answer.location)
    assert "Granted to 3 accounts" in receipt.text and "3 people are told" in receipt.text


def test_what_is_given_is_open_at_the_next_click(client: FlaskClient, admin: Reader) -> None:
    article, reader = an_article(vertical="media"), a_reader()
    theirs = client.application.test_client()
    sign_in(theirs, reader)
    confirm(client, preview(client, f"Camille <{reader.email.upper()}>"))
    assert canary(article) in theirs.get(f"/media/article/{article.slug}").text


def test_the_preview_says_for_each_what_would_change(client: FlaskClient, admin: Reader) -> None:
    names = ("Neuve", "Essai", "Longue", "Licence", "Future", "Suspendue", "Attente")
    people = {name: a_reader(f"{name}@example.org", name=name) for name in names}
    with writing() as unit:
        unit.get_one(Reader, people["Suspendue"].id).suspended_at = clock.now()
        unit.get_one(Reader, people["Attente"].id).confirmed_at = None
    firm = an_organisation()
    a_seat(firm, people["Licence"])
    a_grant(organisation=firm, vertical="media", source=Source.SUBSCRIPTION, ends_in=timedelta(days=300))
    a_grant(people["Essai"], vertical="media", source=Source.TRIAL, ends_in=timedelta(days=3))
    a_grant(people["Longue"], vertical="media", ends_in=timedelta(days=300))
    a_grant(people["Future"], vertical="media", starts_in=timedelta(days=5), ends_in=timedelta(days=300))
    page = preview(client, *(reader.email for reader in people.values()))
    receive, left = section(page, "4 accounts receive something"), section(page, "3 accounts are left as they are")
    for name, words in {
        "Neuve": "New",
        "Essai": "15-day trial, until 13\u00a0March\u00a02026",
        "Future": "Granted access, from 15\u00a0March\u00a02026",
        "Attente": "Address not confirmed",
    }.items():
        assert words in receive.split(f">{name}</a>")[1].split("</tr>")[0]
    for name, words in {
        "Longue": "Granted access, until 4\u00a0January\u00a02027",
        "Licence": "Seat: subscription",
        "Suspendue": "a suspended account is given nothing",
    }.items():
        assert words in left.split(f">{name}</a>")[1].split("</tr>")[0]


def test_unknown_addresses_are_listed_apart_and_never_made(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    reader, gone = a_reader("known@example.org"), a_reader("gone@example.org", erased_at=clock.now())
    before = session.query(Reader).count()
    page = preview(client, "Inconnue <inconnue@example.org>", reader.email, "KNOWN@Example.org", gone.email, "pas-une")
    unknown = section(page, "2 addresses without an account")
    assert "inconnue@example.org" in unknown and "gone@example.org" in unknown and "Nothing is given here" in unknown
    assert "pas-une" in section(page, "Not read as addresses")
    repeated = section(page, "Typed more than once")
    assert repeated.count("known@example.org") == 1
    assert confirm(client, page).status_code == 303
    assert [grant.reader_id for grant in given(session)] == [reader.id]
    assert session.query(Reader).count() == before
    assert [mail.to_address for mail in session.scalars(select(Mail))] == [reader.email]


def test_without_anybody_to_give_to_there_is_no_button(client: FlaskClient, admin: Reader) -> None:
    page = preview(client, "inconnue@example.org")
    assert page.status_code == 200
    assert "Nothing would be given" in page.text and "Grant the access to" not in page.text
    assert confirm(client, page).status_code == 422, "and asking all the same shows the preview again"


@pytest.mark.parametrize("change", ["right", "suspension", "account", "seat"])
def test_when_something_changed_meanwhile_the_preview_is_shown_again(
    client: FlaskClient, admin: Reader, session: AnySession, change: str
) -> None:
    reader, firm = a_reader(), an_organisation()
    a_grant(organisation=firm, vertical="media", ends_in=timedelta(days=300))
    page = preview(client, reader.email, a_reader().email, "bientot@example.org")
    if change == "right":
        a_grant(reader, vertical="media", ends_in=timedelta(days=2))
    elif change == "suspension":
        with writing() as unit:
            unit.get_one(Reader, reader.id).suspended_at = clock.now()
    elif change == "seat":
        a_seat(firm, reader)
    else:
        a_reader("bientot@example.org")
    again = confirm(client, page)
    assert again.status_code == 422 and "Something has changed since you looked" in again.text
    assert given(session) == [] and session.scalars(select(Mail)).all() == []
    assert confirm(client, again).status_code == 303
    assert given(session) != []


def test_a_change_that_concerns_nobody_here_changes_nothing(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    reader = a_reader()
    page = preview(client, reader.email)
    a_grant(a_reader(), vertical="media")
    a_grant(reader, vertical="health")
    with clock.frozen(clock.now() + timedelta(hours=3)):
        assert confirm(client, page).status_code == 303
    assert len(given(session)) == 1


def test_confirmed_twice_it_is_given_once(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    page = preview(client, a_reader().email)
    first, second = confirm(client, page), confirm(client, page)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert "Nothing was given twice" in client.get(second.location).text
    assert len(given(session)) == len(session.scalars(select(Mail)).all()) == 1


def test_all_or_nothing(
    client: FlaskClient, admin: Reader, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = preview(client, a_reader().email, a_reader().email)
    monkeypatch.setattr("portal.access.mails.Letter", lambda *_parts: 1 / 0)
    assert confirm(client, page).status_code == 500
    monkeypatch.undo()
    assert given(session) == []
    assert session.scalars(select(AuditEvent).where(AuditEvent.act == "grant.given")).all() == []
    assert confirm(client, page).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"addresses": ""}, "Paste at least one"),
        ({"addresses": "personne, nulle part"}, "No e-mail address was found"),
        ({"addresses": "x" * (bulk_form.LONGEST + 1)}, "too long"),
        ({"verticals": []}, "Choose at least one edition."),
        ({"until": "2026-03-09"}, "This day is over"),
        ({"start": "2026-03-09"}, "cannot begin in the past"),
        ({"reason": " "}, "Say why"),
    ],
)
def test_a_form_in_error_says_what_to_do_and_keeps_what_was_typed(
    client: FlaskClient, admin: Reader, session: AnySession, wrong: dict[str, Any], sentence: str
) -> None:
    reader = a_reader("known@example.org")
    answer = preview(client, f"Camille <{reader.email}>", **wrong)
    assert answer.status_code == 422 and sentence in answer.text
    kept = {"addresses": "Camille &lt;known@example.org&gt;", "reason": "Salon", "until": 'value="2026-03-31"'}
    assert all(text in answer.text for field, text in kept.items() if field not in wrong)


def test_the_sentences_of_an_error_stand_in_the_order_of_the_page(client: FlaskClient, admin: Reader) -> None:
    text = submit(client, PAGE, {}).text.split('class="errors"')[1].split("</ul>")[0]
    places = [text.index(f'href="#{field}') for field in ("addresses", "verticals", "until", "reason")]
    assert places == sorted(places)


def test_more_than_one_act_can_carry_is_refused_with_both_numbers(
    client: FlaskClient, admin: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_form, "MOST", 2)
    answer = preview(client, "a@example.org", "b@example.org", "c@example.org", "A@example.org")
    assert answer.status_code == 422 and "3 addresses: 2 at most at a time" in answer.text
    assert preview(client, "a@example.org", "b@example.org").status_code == 200


def test_the_way_back_from_the_preview_keeps_everything(client: FlaskClient, admin: Reader) -> None:
    page = preview(client, "Camille <camille@example.org>", start="2026-03-12")
    back = client.post(PAGE, data={**carried(page.text), "change": "1"})
    assert back.status_code == 200 and 'class="errors"' not in back.text
    for text in ("Camille &lt;camille@example.org&gt;", 'value="2026-03-12"', 'value="2026-03-31"', "Salon", "checked"):
        assert text in back.text


def test_a_preview_confirmed_on_another_day_is_no_right_in_the_past(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    noon = clock.now()
    with clock.frozen(noon + timedelta(hours=11, minutes=50)):
        sign_in(client, admin)  # staff stay signed in for twelve hours
        page = preview(client, a_reader().email)
    with clock.frozen(noon + timedelta(hours=12, minutes=10)):
        answer = confirm(client, page)
        assert answer.status_code == 422 and "cannot begin in the past" in answer.text
        assert "Salon" in answer.text
    assert given(session) == []


def test_a_long_list_is_looked_at_and_given_in_few_statements(
    client: FlaskClient, admin: Reader, session: AnySession
) -> None:
    with writing():
        readers = [a_reader() for _number in range(40)]
    with counted(session) as looking:
        page = preview(client, *(reader.email for reader in readers))
    with counted(session) as giving:
        assert confirm(client, page).status_code == 303
    assert len(given(session)) == 40
    asked = [statement for statement in giving if not statement.startswith("INSERT")]  # SQLite takes rows one by one
    assert len(looking) < 40 and len(asked) < 40


@pytest.mark.parametrize("role", list(Role))
def test_only_who_changes_grants_comes_here(client: FlaskClient, role: Role) -> None:
    sign_in(client, a_reader(role=role))
    allowed = may(role, Permission.CHANGE_GRANTS)
    assert client.get(PAGE).status_code == (200 if allowed else 403)
    if not allowed:
        token = csrf_token(client, "/profile/identity")
        for path in (PAGE, f"{PAGE}/confirm"):
            assert client.post(path, data={"csrf_token": token}).status_code == 403


def test_the_page_of_an_act_tells_how_it_stands_now(client: FlaskClient, admin: Reader, session: AnySession) -> None:
    first, second = a_reader(name="Camille"), a_reader(name="Dorian")
    receipt = confirm(client, preview(client, first.email, second.email)).location
    grant = next(grant for grant in given(session) if grant.reader_id == first.id)
    submit(client, f"/admin/grants/{grant.id}/revoke", {"reason": "Erreur", "sure": "y"})
    text = client.get(receipt).text
    assert "Revoked" in text.split(">Camille</a>")[1].split("</tr>")[0]
    assert "Granted" in text.split(">Dorian</a>")[1].split("</tr>")[0] and "Salon" in text and "Nadia Faure" in text
    trial = a_grant(second, source=Source.TRIAL)
    for nothing in (trial.act_id, "6121b5a4-7421-4e57-8bfa-a3c3f6eb863f", "x"):
        assert client.get(f"/admin/grants/acts/{nothing}").status_code == 404


@pytest.mark.parametrize("seed", range(4))
def test_what_is_confirmed_is_what_was_shown(
    client: FlaskClient, admin: Reader, session: AnySession, seed: int
) -> None:
    dice = random.Random(seed)
    with writing():
        slugs, people = ("health", "media"), [a_reader(name=f"Lectrice {number:02}") for number in range(8)]
        firm = an_organisation(seats=20)
        for reader in people:
            _rights_by_chance(dice, reader, firm)
        a_grant(organisation=firm, vertical="media", ends_in=timedelta(days=dice.choice((5, 50))))
    verticals = [a_vertical(slug).id for slug in slugs]
    page = preview(client, *(reader.email for reader in people), verticals=verticals)
    shown = {name: _promised(page.text, name) for name in (reader.name for reader in people)}
    confirm(client, page)
    names = {reader.id: reader.name for reader in people}
    done: dict[str, set[str]] = {name: set() for name in shown}
    for grant in given(session):
        done[names[grant.reader_id or 0]].add("health" if grant.vertical_id == verticals[0] else "media")
    assert done == shown


def _rights_by_chance(dice: random.Random, reader: Reader, firm: Any) -> None:
    for vertical in ("health", "media"):
        for _right in range(dice.randint(0, 2)):
            span = {"starts_in": timedelta(days=dice.randint(-9, 9)), "ends_in": timedelta(days=dice.randint(10, 40))}
            revoked = {"revoked_at": clock.now()} if dice.random() < 0.3 else {}
            a_grant(reader, vertical=vertical, **span, **revoked)
    if dice.random() < 0.4:
        a_seat(firm, reader)
    if dice.random() < 0.2:
        reader.suspended_at = clock.now()


def _promised(page: str, name: str) -> set[str]:
    """The verticals a preview says this account receives."""
    row = page.split(f">{name}</a>")[1].partition("</tr>")[0]
    parts = re.findall(r'<li data-v="(\w+)">.*?class="chip"[^>]*>([^<]+)<', row)
    return {slug for slug, effect in parts if effect in ("New", "Overlaps")}
