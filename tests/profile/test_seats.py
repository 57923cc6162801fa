"""Licences that readers take for themselves, and the next click after it."""

import secrets
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Reader, SecondAddress
from portal.db import AnySession, writing
from portal.organisations.models import Invitation, Organisation, Seat
from tests.builders import a_grant, a_reader, an_article, an_organisation, canary
from tests.forms import sign_in, submit


def an_invitation(organisation: Organisation, email: str, **more: object) -> Invitation:
    """A licence offered to an address for two weeks."""
    with writing() as unit:
        invitation = Invitation(
            organisation_id=organisation.id,
            email=email,
            email_key=email,
            token_hash=secrets.token_bytes(32),
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(days=14),
            **more,
        )
        unit.add(invitation)
    return invitation


def invited(seats: int = 2) -> tuple[Organisation, Reader, Invitation]:
    """An organisation that pays for mind Health, a reader, and the licence that waits for them."""
    organisation, reader = an_organisation(a_reader(), seats=seats), a_reader()
    a_grant(organisation=organisation, vertical="health")
    return organisation, reader, an_invitation(organisation, reader.email)


def test_an_invited_reader_accepts_on_their_own_page_and_reads_at_the_next_click(client: FlaskClient) -> None:
    article = an_article(vertical="health")
    _, reader, invitation = invited()
    sign_in(client, reader)
    page = client.get(f"/health/article/{article.slug}")
    assert 'href="/profile/"' in page.text and canary(article) not in page.text
    submit(client, "/profile/seat/accept", {"invitation": invitation.id}, page="/profile/")
    assert canary(article) in client.get(f"/health/article/{article.slug}").text


def test_an_invitation_of_somebody_else_is_not_found(client: FlaskClient, session: AnySession) -> None:
    _, _, invitation = invited()
    sign_in(client, a_reader())
    answer = submit(client, "/profile/seat/accept", {"invitation": invitation.id}, page="/profile/")
    assert answer.status_code == 404
    assert session.scalars(select(Seat)).all() == []


def test_an_invitation_to_another_address_of_theirs_waits_for_them_too(client: FlaskClient) -> None:
    article = an_article(vertical="health")
    _, _, invitation = invited()
    reader = a_reader()
    with writing() as unit:
        key = {"email": invitation.email, "email_key": invitation.email_key}
        unit.add(SecondAddress(reader_id=reader.id, proved_at=clock.now(), **key))
    sign_in(client, reader)
    assert 'href="/profile/"' in client.get(f"/health/article/{article.slug}").text
    submit(client, "/profile/seat/accept", {"invitation": invitation.id}, page="/profile/")
    assert canary(article) in client.get(f"/health/article/{article.slug}").text


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_an_invitation_that_is_over_gives_nothing(client: FlaskClient, session: AnySession, end: str) -> None:
    _, reader, invitation = invited()
    sign_in(client, reader)
    with writing() as unit:
        kept = unit.get_one(Invitation, invitation.id)
        if end == "withdrawn":
            kept.withdrawn_at = clock.now()
        else:
            kept.expires_at = clock.now()
    answer = submit(client, "/profile/seat/accept", {"invitation": invitation.id}, page="/profile/")
    assert answer.status_code == 404
    assert session.scalars(select(Seat)).all() == []


def test_when_no_licence_is_left_the_page_says_so_and_the_invitation_waits(
    client: FlaskClient, session: AnySession
) -> None:
    _, reader, invitation = invited(seats=0)
    sign_in(client, reader)
    answer = submit(client, "/profile/seat/accept", {"invitation": invitation.id}, follow=True, page="/profile/")
    assert answer.status_code == 200
    assert session.get_one(Invitation, invitation.id).accepted_at is None
