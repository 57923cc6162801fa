"""Taking somebody off a licence and replacing them: at once, told, within a limit, beyond it with the staff's word."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.audit import AuditEvent
from portal.db import AnySession, end_reading, writing
from portal.organisations import invitations, mails, replacing, seats
from portal.organisations.models import Organisation, OrganisationKind, Seat
from portal.organisations.models_team import Answer, ReplacementRequest
from portal.roles import Role
from tests.builders import a_grant, a_reader, a_seat, an_article, an_organisation, canary
from tests.forms import sign_in, submit
from tests.profile.inviting import link, seated, sent, team

DAY = timedelta(days=1)


@pytest.fixture
def boss(client: FlaskClient) -> Reader:
    person = a_reader("directrice@clinique.example.org", locale="en")
    sign_in(client, person)
    client.set_cookie("locale", "en")
    return person


@pytest.fixture
def firm(boss: Reader) -> Organisation:
    company = an_organisation(boss, seats=3, name="Clinique du Parc")
    a_grant(organisation=company, vertical="health")
    return company


def act(client: FlaskClient, firm: Organisation, seat: Seat, name: str, **data: str):  # type: ignore[no-untyped-def]
    page = f"{team(firm)}licences/{seat.id}/"
    return submit(client, f"{page}{name}", data, page=f"{page}remove")


def joins(firm: Organisation, address: str) -> Seat:
    """Somebody accepts an invitation now."""
    reader = a_reader(address)
    with writing() as unit:
        offered = invitations.invite(unit, firm.id, address, actor_id=None)
        return invitations.accept(unit, offered.id, reader.id)


def replaced(firm: Organisation, times: int) -> None:
    """So many people of a full organisation leave, and others accept their places."""
    for number in range(times):
        end_reading()
        with writing() as unit:
            seat = seats.open_seats(unit, firm.id)[0]
            seats.close_seat(unit, seat, replacing.REMOVED, actor_id=None)
        joins(firm, f"suite{number}-{firm.id}@x.example.org")


def filled(firm: Organisation) -> list[Seat]:
    return [a_seat(firm, a_reader(f"depuis{n}@x.example.org")) for n in range(firm.seats)]


def test_whoever_is_taken_off_reads_no_more_and_is_told(
    client: FlaskClient, app: Flask, firm: Organisation, session: AnySession
) -> None:
    article, colleague = an_article(vertical="health"), a_reader("camille@x.example.org", name="Camille")
    seat, path = a_seat(firm, colleague), f"/health/article/{article.slug}"
    theirs = app.test_client()
    sign_in(theirs, colleague)
    assert canary(article) in theirs.get(path).text
    shown = client.get(f"{team(firm)}licences/{seat.id}/remove").text
    assert "Take Camille off the licence" in shown and "closed at once" in shown
    assert act(client, firm, seat, "remove").status_code == 303
    assert canary(article) not in theirs.get(path).text
    assert sent(session, "seat_removed") == ["camille@x.example.org"]
    assert "Who has left" in client.get(team(firm)).text


def test_taken_off_twice_is_once_and_told_once(client: FlaskClient, firm: Organisation, session: AnySession) -> None:
    seat = a_seat(firm, a_reader())
    page = f"{team(firm)}licences/{seat.id}/remove"
    submit(client, page)
    answer = submit(client, page, page=team(firm), follow=True)
    assert "Nobody sits on this licence any more." in answer.text
    assert client.get(page).status_code == 303 and len(sent(session, "seat_removed")) == 1


def test_ones_own_licence_is_given_back_without_a_mail(
    client: FlaskClient, firm: Organisation, boss: Reader, session: AnySession
) -> None:
    seat = a_seat(firm, boss)
    assert "your own licence" in client.get(f"{team(firm)}licences/{seat.id}/remove").text
    act(client, firm, seat, "remove")
    assert seated(session, firm) == [] and sent(session, "seat_removed") == []


@pytest.mark.parametrize("name", ["remove", "replace"])
def test_licences_of_others_are_not_there(
    client: FlaskClient, firm: Organisation, session: AnySession, name: str
) -> None:
    other = an_organisation(a_reader())
    seat = a_seat(other, a_reader())
    for organisation in (firm, other):
        path = f"{team(organisation)}licences/{seat.id}/{name}"
        answer = submit(client, path, {"email": "ines@x.example.org"}, page=team(firm))
        assert answer.status_code == 404
    assert client.get(f"{team(firm)}licences/{10**30}/remove").status_code == 404
    assert len(seated(session, other)) == 1


def test_replaced_the_one_is_taken_off_and_the_other_invited(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    gone, *_others = filled(firm)
    assert act(client, firm, gone, "replace", email="ines@x.example.org").status_code == 303
    assert len(seated(session, firm)) == 2 and sent(session, "seat_removed") == ["depuis0@x.example.org"]
    assert link(session, "ines@x.example.org")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("depuis1@x.example.org", "has a licence already"),
        ("depuis0@x.example.org", "has a licence already"),
        ("attend@x.example.org", "is invited already"),
        ("pas une adresse", "Enter an email address"),
        ("", "Enter an email address"),
        ("a@x.fr\r\nBcc: b@x.fr", "Enter an email address"),
    ],
)
def test_an_address_that_cannot_take_the_place_is_said_and_nothing_changes(
    client: FlaskClient, firm: Organisation, session: AnySession, address: str, words: str
) -> None:
    gone, *_others = filled(firm)
    with writing() as unit:
        invitations.invite(unit, firm.id, "attend@x.example.org", actor_id=None)
    answer = act(client, firm, gone, "replace", email=address)
    assert answer.status_code == 422 and len(seated(session, firm)) == 3
    assert words in answer.text or "Some characters cannot be used" in answer.text


@pytest.mark.parametrize(("bought", "free"), [(1, 3), (3, 3), (12, 3), (15, 3), (16, 4), (40, 10)])
def test_a_quarter_may_be_replaced_and_three_at_least(bought: int, free: int) -> None:
    assert replacing.free_of(bought) == free


def test_only_places_taken_by_an_accepted_invitation_count(firm: Organisation, session: AnySession) -> None:
    filled(firm)
    with writing() as unit:
        for seat in seats.open_seats(unit, firm.id):
            seats.close_seat(unit, seat, replacing.REMOVED, actor_id=None)
            invitations.invite(unit, firm.id, f"attend{seat.id}@x.example.org", actor_id=None)
    assert replacing.allowance(session, firm).used == 0
    joins(firm, "ines@x.example.org")
    assert replacing.allowance(session, firm).used == 1


def test_a_licence_that_nobody_was_taken_off_is_no_replacement(firm: Organisation, session: AnySession) -> None:
    first = joins(firm, "a@x.example.org")
    with writing() as unit:
        seats.close_seat(unit, unit.get_one(Seat, first.id), replacing.REMOVED, actor_id=None)
    for address in ("b@x.example.org", "c@x.example.org"):
        joins(firm, address)
    assert replacing.allowance(session, firm).used == 0, "two licences had never been given"
    joins(firm, "d@x.example.org")
    assert replacing.allowance(session, firm).used == 1


def test_whoever_comes_back_to_their_own_place_replaces_nobody(firm: Organisation, session: AnySession) -> None:
    gone, *_others = filled(firm)
    with writing() as unit:
        seats.close_seat(unit, unit.get_one(Seat, gone.id), replacing.REMOVED, actor_id=None)
        seats.open_seat(unit, firm.id, gone.reader_id, actor_id=None)
    assert replacing.allowance(session, firm).used == 0


def test_taking_off_and_inviting_is_no_way_round_the_limit(firm: Organisation, session: AnySession) -> None:
    filled(firm)
    replaced(firm, 3)
    with writing() as unit:
        seats.close_seat(unit, seats.open_seats(unit, firm.id)[0], replacing.REMOVED, actor_id=None)
    with pytest.raises(seats.ReplacementsUsed):
        joins(firm, "quatrieme@x.example.org")


def test_places_may_be_filled_again_after_thirty_days(firm: Organisation, session: AnySession) -> None:
    filled(firm)
    replaced(firm, 3)
    found = replacing.allowance(session, firm)
    assert (found.left, found.next_at) == (0, clock.now() + replacing.WINDOW)
    with clock.frozen(clock.now() + replacing.WINDOW - timedelta(seconds=1)):
        assert replacing.allowance(session, firm).left == 0
    with clock.frozen(clock.now() + replacing.WINDOW):
        assert replacing.allowance(session, firm).left == 3


def test_the_page_says_beforehand_and_the_request_changes_nothing(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    filled(firm)
    replaced(firm, 3)
    seat = seats.open_seats(session, firm.id)[0]
    shown = client.get(f"{team(firm)}licences/{seat.id}/remove").text
    assert "up to 3 people" in shown and "This one goes through us" in shown and "Ask for this replacement" in shown
    mails = sent(session, "invitation")
    for address in ("ines@x.example.org", "plutot@x.example.org"):
        assert act(client, firm, seat, "replace", email=address).status_code == 303
    asked = session.scalars(select(ReplacementRequest)).one()
    assert asked.email == "plutot@x.example.org" and asked.answer is None
    assert seat.reader_id in seated(session, firm) and sent(session, "invitation") == mails


@pytest.fixture
def asked(client: FlaskClient, firm: Organisation, session: AnySession) -> ReplacementRequest:
    """One replacement too many, asked for."""
    filled(firm)
    replaced(firm, 3)
    act(client, firm, seats.open_seats(session, firm.id)[0], "replace", email="ines@x.example.org")
    end_reading()
    return session.scalars(select(ReplacementRequest)).one()


@pytest.fixture
def staff(app: Flask) -> FlaskClient:
    browser = app.test_client()
    sign_in(browser, a_reader(role=Role.SUPPORT))
    browser.set_cookie("locale", "en")
    return browser


def test_staff_agree_and_it_is_made(
    staff: FlaskClient, firm: Organisation, asked: ReplacementRequest, boss: Reader, session: AnySession
) -> None:
    page = f"/admin/replacements/{asked.id}"
    assert "Clinique du Parc" in staff.get("/admin/replacements").text
    assert submit(staff, f"{page}/approve", page=page).status_code == 303
    assert len(seated(session, firm)) == 2 and link(session, "ines@x.example.org")
    assert sent(session, "replacement_answered") == [boss.email]
    reader = a_reader("ines@x.example.org")
    with writing() as unit:
        offered = invitations.waiting_for(unit, firm.id, "ines@x.example.org")
        assert offered and invitations.accept(unit, offered.id, reader.id)
    assert "Agreed" in staff.get(page).text


def test_staff_decline_with_a_sentence(
    staff: FlaskClient, firm: Organisation, asked: ReplacementRequest, boss: Reader, session: AnySession
) -> None:
    page = f"/admin/replacements/{asked.id}"
    assert submit(staff, f"{page}/decline", {"text": " "}, page=page).status_code == 422
    assert submit(staff, f"{page}/decline", {"text": "Parlons-en."}, page=page).status_code == 303
    assert len(seated(session, firm)) == 3 and sent(session, "replacement_answered") == [boss.email]
    again = session.get_one(ReplacementRequest, asked.id, populate_existing=True)
    assert (again.answer, again.reply) == (Answer.DECLINED, "Parlons-en.")


def test_a_request_is_answered_once(
    staff: FlaskClient, app: Flask, firm: Organisation, asked: ReplacementRequest, session: AnySession
) -> None:
    page, other = f"/admin/replacements/{asked.id}", app.test_client()
    sign_in(other, a_reader(role=Role.SALES))
    token = submit(other, f"{page}/decline", {"text": ""}, page=page)
    assert token.status_code == 422
    submit(staff, f"{page}/approve", page=page)
    from tests.forms import csrf_token

    late = other.post(f"{page}/decline", data={"text": "Non.", "csrf_token": csrf_token(other, "/admin/enquiries")})
    assert late.status_code in (400, 422) and len(sent(session, "replacement_answered")) == 1


def test_a_request_about_a_place_that_is_free_by_now_is_told(
    staff: FlaskClient, client: FlaskClient, firm: Organisation, asked: ReplacementRequest, session: AnySession
) -> None:
    act(client, firm, session.get_one(Seat, asked.seat_id), "remove")
    page = f"/admin/replacements/{asked.id}"
    answer = submit(staff, f"{page}/approve", page=page)
    assert answer.status_code == 422 and "Nobody sits on this licence any more" in answer.text


@pytest.mark.parametrize("role", [Role.EDITOR, Role.AUDITOR, Role.READER])
def test_the_queue_is_for_those_who_answer(
    app: Flask, firm: Organisation, asked: ReplacementRequest, role: Role
) -> None:
    browser = app.test_client()
    sign_in(browser, a_reader(role=role))
    assert browser.get("/admin/replacements").status_code == browser.get(f"/admin/replacements/{asked.id}").status_code
    assert browser.get("/admin/replacements").status_code == 403


def test_more_people_than_licences_nobody_is_taken_off_and_it_says_whom_first(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    for number, name in enumerate(("Ancienne", "Seconde", "Dernière")):
        reader = a_reader(f"m{number}@x.example.org", name=name, suspended_at=clock.now() if number == 0 else None)
        a_seat(firm, reader, opened_at=clock.now() - DAY * (9 - number))
    with writing() as unit:
        seats.set_seats(unit, firm.id, 1)
    told = client.get(team(firm)).text
    assert "2 people more read than you have licences" in told and "Take off first: Ancienne, Dernière." in told
    assert len(seated(session, firm)) == 3
    with pytest.raises(seats.NoSeatLeft), writing() as unit:
        seats.open_seat(unit, firm.id, a_reader().id, actor_id=None)


def test_fewer_bought_than_in_use_is_told_to_the_managers_once(
    firm: Organisation, boss: Reader, session: AnySession
) -> None:
    for _ in range(2):
        a_seat(firm, a_reader())
    for bought in (2, 1, 1):
        with writing() as unit:
            seats.set_seats(unit, firm.id, bought)
            mails.licences_over(unit, firm.id, seats.used(unit, firm.id))
    assert sent(session, "licences_over") == [boss.email]


def test_whoever_pays_alone_and_has_one_licence_too_few_still_finds_the_team(
    client: FlaskClient, boss: Reader, session: AnySession
) -> None:
    mine = an_organisation(boss, kind=OrganisationKind.INDIVIDUAL, seats=1)
    for person in (boss, a_reader()):
        a_seat(mine, person)
    assert "1 person more reads" in client.get(team(mine)).text


def test_a_suspended_manager_looks_and_does_not_act(
    client: FlaskClient, firm: Organisation, boss: Reader, session: AnySession
) -> None:
    seat = a_seat(firm, a_reader())
    with writing() as unit:
        unit.get_one(Reader, boss.id).suspended_at = clock.now()
    assert client.get(team(firm)).status_code == 200
    for path, data in (("invitations", {"addresses": "x@x.example.org"}), (f"licences/{seat.id}/remove", {})):
        assert submit(client, f"{team(firm)}{path}", data, page=team(firm)).status_code == 403
    assert len(seated(session, firm)) == 1 and sent(session, "invitation") == []


def test_what_was_done_is_in_the_log(
    client: FlaskClient, firm: Organisation, asked: ReplacementRequest, session: AnySession
) -> None:
    acts = set(session.scalars(select(AuditEvent.act)))
    assert {"seat.closed", "seat.replacement-asked"} <= acts
