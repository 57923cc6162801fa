"""A manager invites by addresses: each line is answered for, nothing is lost, nobody is written to twice."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader
from portal.db import AnySession
from portal.organisations import inviting
from portal.organisations.addresses import address_of, typed
from portal.organisations.models import Invitation, Organisation
from portal.outbox import Mail, is_wanted
from tests.builders import a_reader, a_seat, an_organisation
from tests.forms import sign_in, submit
from tests.profile.inviting import invite, link, only, sent, team


@pytest.fixture
def firm(client: FlaskClient) -> Organisation:
    """A company of three licences, its manager signed in, in English."""
    boss = a_reader("directrice@clinique.example.org", name="Hélène Castaing")
    sign_in(client, boss)
    client.set_cookie("locale", "en")
    return an_organisation(boss, seats=3, name="Clinique du Parc")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@x.fr\nb@x.fr", ["a@x.fr", "b@x.fr"]),
        ("a@x.fr, b@x.fr;c@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("Inès <ines@x.fr>", ["ines@x.fr"]),
        ('"Orvault, Camille" <c@x.fr>; d@x.fr', ["c@x.fr", "d@x.fr"]),
        ("Orvault, Camille <c@x.fr>", ["c@x.fr"]),
        ("jean, a@x.fr", ["jean", "a@x.fr"]),
        ("mailto:a@x.fr", ["a@x.fr"]),
        (" \n;;,\n", []),
    ],
)
def test_addresses_are_read_as_people_paste_them(text: str, found: list[str]) -> None:
    assert [address_of(entry) for entry in typed(text)] == found


def test_each_address_gets_a_mail_with_a_link_of_its_own(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    told = invite(client, firm, "ines@x.example.org\nPaul <paul@x.example.org>", follow=True)
    assert "2 invitations are on their way." in told.text and "ines@x.example.org" in told.text
    assert sent(session, "invitation") == ["ines@x.example.org", "paul@x.example.org"]
    assert link(session, "ines@x.example.org") != link(session, "paul@x.example.org")
    mail = session.scalars(select(Mail).where(Mail.to_address == "ines@x.example.org")).one()
    assert "Hélène Castaing" in mail.text and "Clinique du Parc" in mail.subject


def test_every_line_is_answered_for_and_those_that_failed_stay(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    a_seat(firm, a_reader("dedans@x.example.org"))
    invite(client, firm, "deja@x.example.org")
    answer = invite(
        client, firm, "nouvelle@x.example.org\nDEDANS@x.example.org\ndeja@x.example.org\npas une adresse\n@@"
    )
    assert answer.status_code == 422
    for words in ("Has a licence already", "Invited already", "Not an address", "2 lines could not be used"):
        assert words in answer.text, words
    kept = answer.text.split("<textarea")[1].split("</textarea>")[0]
    assert "pas une adresse" in kept and "@@" in kept and "nouvelle" not in kept and "deja" not in kept
    assert sent(session, "invitation") == ["deja@x.example.org", "nouvelle@x.example.org"]


def test_an_address_twice_in_one_list_is_written_to_once(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    assert invite(client, firm, "ines@x.example.org, INES@x.example.org").status_code == 200
    assert sent(session, "invitation") == ["ines@x.example.org"]


def test_more_than_fifty_at_once_are_refused_and_kept(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    many = "\n".join(f"a{n}@x.example.org" for n in range(inviting.MOST + 1))
    answer = invite(client, firm, many)
    assert answer.status_code == 422 and "50 at most" in answer.text and "a50@x.example.org" in answer.text
    assert sent(session, "invitation") == []


@pytest.mark.parametrize(
    "junk", ["", " \n ", "a\0b@x.fr", "\u202ea@x.fr", "x" * 30_000, "😀@", "a@x.fr\r\nBcc: b@x.fr"]
)
def test_junk_is_refused_in_words(client: FlaskClient, firm: Organisation, session: AnySession, junk: str) -> None:
    assert invite(client, firm, junk).status_code == 422
    assert set(sent(session, "invitation")) <= {"a@x.fr"}


def test_invitations_do_not_count_as_used(client: FlaskClient, firm: Organisation) -> None:
    told = invite(client, firm, "\n".join(f"a{n}@x.example.org" for n in range(5)), follow=True).text
    assert "Licences in use: 0 of 3." in told and "Invited, not accepted yet" in told
    assert "2 invitations more wait than there are free licences" in told


def test_no_organisation_sends_more_than_its_number_a_day(
    client: FlaskClient, firm: Organisation, session: AnySession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inviting, "A_DAY", 2)
    answer = invite(client, firm, "a@x.example.org\nb@x.example.org\nc@x.example.org")
    assert answer.status_code == 422 and "Too many today" in answer.text
    assert len(sent(session, "invitation")) == 2


def test_sent_again_the_link_before_is_dead_and_its_mail_not_wanted(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    invite(client, firm, "ines@x.example.org")
    first, offered = link(session, "ines@x.example.org"), only(session, firm)
    with clock.frozen(clock.now() + timedelta(days=3)):
        answer = submit(client, f"{team(firm)}invitations/{offered.id}/resend", page=team(firm))
        assert answer.status_code == 303
        assert only(session, firm).expires_at == clock.now() + timedelta(days=14)
    assert client.get(first).status_code == 410
    assert client.get(link(session, "ines@x.example.org")).status_code == 200
    mails = session.scalars(select(Mail).where(Mail.kind == "invitation").order_by(Mail.id)).all()
    assert [is_wanted(session, mail) for mail in mails] == [False, True]


def test_an_invitation_is_sent_again_three_times_a_day_at_most(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    invite(client, firm, "ines@x.example.org")
    again = f"{team(firm)}invitations/{only(session, firm).id}/resend"
    for _time in range(3):
        submit(client, again, page=team(firm))
    assert "three times within a day" in submit(client, again, follow=True, page=team(firm)).text
    assert len(sent(session, "invitation")) == 4
    with clock.frozen(clock.now() + timedelta(days=1, seconds=1)):
        submit(client, again, page=team(firm))
    assert len(sent(session, "invitation")) == 5


def test_withdrawn_its_link_is_dead_and_nobody_is_written_to(
    client: FlaskClient, firm: Organisation, session: AnySession
) -> None:
    invite(client, firm, "ines@x.example.org")
    path, before = link(session, "ines@x.example.org"), session.query(Mail).count()
    told = submit(client, f"{team(firm)}invitations/{only(session, firm).id}/withdraw", follow=True, page=team(firm))
    assert "is withdrawn" in told.text and "ines@x.example.org" not in told.text.split("<main")[1].split("</h2>")[-1]
    answer = client.get(path)
    assert answer.status_code == 410 and "withdrawn" in answer.text
    assert session.query(Mail).count() == before
    invite(client, firm, "ines@x.example.org")
    assert client.get(link(session, "ines@x.example.org")).status_code == 200, "invited anew"


@pytest.mark.parametrize("act", ["resend", "withdraw"])
def test_invitations_of_others_are_not_there(
    client: FlaskClient, firm: Organisation, session: AnySession, act: str
) -> None:
    other_boss = a_reader()
    other = an_organisation(other_boss)
    invite(client, firm, "ines@x.example.org")
    offered = only(session, firm)
    sign_in(client, other_boss)
    for organisation_id, invitation_id in ((firm.id, offered.id), (other.id, offered.id), (other.id, 10**30)):
        path = f"/organisation/{organisation_id}/invitations/{invitation_id}/{act}"
        assert submit(client, path, page=team(other)).status_code == 404
    assert only(session, firm).withdrawn_at is None and len(sent(session, "invitation")) == 1


def test_only_managers_invite(client: FlaskClient, firm: Organisation, session: AnySession) -> None:
    colleague = a_reader()
    a_seat(firm, colleague)
    sign_in(client, colleague)
    answer = submit(client, f"{team(firm)}invitations", {"addresses": "ines@x.example.org"}, page="/profile/identity")
    assert answer.status_code == 404
    assert session.scalars(select(Invitation)).all() == []


def test_whoever_buys_alone_with_several_licences_has_a_team(client: FlaskClient, session: AnySession) -> None:
    from portal.organisations.models import OrganisationKind

    alone: Reader = a_reader()
    mine = an_organisation(alone, kind=OrganisationKind.INDIVIDUAL, seats=2)
    sign_in(client, alone)
    assert invite(client, mine, "ines@x.example.org").status_code == 303
