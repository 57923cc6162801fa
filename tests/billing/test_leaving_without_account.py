"""« Résilier votre contrat » without signing in: one answer for all, the truth by mail, one click that ends it."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal import clock
from portal.accounts.models import Reader, TokenPurpose
from portal.accounts.tokens import issue
from portal.billing.gateway import KEY
from portal.billing.models import Invoice, Subscription
from portal.billing.models_leaving import Cancellation, CancellationRequest, LeavingReason
from portal.db import db, end_reading, writing
from portal.enquiries import leave
from portal.enquiries.models import Enquiry, EnquiryState
from portal.organisations.models import ManagerRole, Organisation
from tests.billing.test_cancelling import NOWHERE
from tests.billing.test_life import says, subscriber
from tests.billing.world import Buyer, World, connect
from tests.builders import a_reader, an_organisation
from tests.forms import csrf_token, sign_in, submit
from tests.sandbox.shop import words

ENGLISH = {"Accept-Language": "en"}
NAME = {"name": "Camille Orvault"}


def asks(client: FlaskClient, email: str, **more: str) -> TestResponse:
    return submit(client, "/cancel", {**NAME, "email": email, **more})


def address_of(buyer: Buyer) -> str:
    end_reading()
    return db.session.get_one(Reader, buyer.reader_id).email


def link(world: World) -> str:
    """The path of the link in the last mail that holds one."""
    mail = world.mails("cancellation_link")[-1]
    found = re.search(r"/cancel/[\w-]+", mail.text)
    assert found and found[0] in mail.html
    return found[0]


def a_link(world: World, email: str, **more: str) -> str:
    assert asks(world.client(), email, **more).status_code == 303
    assert leave.handle_due() == 1
    return link(world)


def rows() -> list[Cancellation]:
    end_reading()
    return list(db.session.scalars(select(Cancellation).order_by(Cancellation.id)))


def test_the_owner_gets_a_link_that_ends_the_subscription_on_the_second_page(world: World) -> None:
    buyer = subscriber(world)
    path = a_link(world, address_of(buyer), reason="unused")
    stranger = world.client()
    page = words(stranger.get(path, headers=ENGLISH).text)
    assert "mind Health" in page and rows() == [], "looking at it ends nothing"
    answer = submit(stranger, path)
    assert (answer.status_code, answer.location) == (303, path)
    renews_at = world.subscription().ending_at
    assert renews_at and rows()[0].by_link and rows()[0].reason is LeavingReason.UNUSED
    assert "It is cancelled" in stranger.get(path, headers=ENGLISH).text
    assert len(world.mails("cancellation_confirmed")) == 1
    assert "Resume the subscription" in says(buyer)


def test_known_and_unknown_get_the_same_answer_and_what_was_typed_is_kept_no_longer_than_needed(world: World) -> None:
    buyer = subscriber(world)
    known, unknown = world.client(), world.client()
    first, second = asks(known, address_of(buyer)), asks(unknown, "personne@ailleurs.example.org")
    assert (first.status_code, first.location, first.text) == (second.status_code, second.location, second.text)
    assert known.get(first.location).text == unknown.get(second.location).text
    assert not world.mails("cancellation_link") and not world.mails("cancellation_unknown"), "mails come later"
    assert leave.handle_due() == 2 and leave.handle_due() == 0
    assert len(world.mails("cancellation_link")) == 1 and len(world.mails("cancellation_unknown")) == 1
    end_reading()
    kept = db.session.scalars(select(CancellationRequest)).all()
    assert {(one.email, one.name, one.reference) for one in kept} == {("", "", "")}


def test_nothing_that_matches_is_told_by_mail_and_waits_in_the_staffs_queue(world: World) -> None:
    asks(world.client(), "personne@mailinator.com", reference="F-2026-0042")
    leave.handle_due()
    (mail,) = world.mails("cancellation_unknown")
    assert mail.to_address == "personne@mailinator.com" and "F-2026-0042" in mail.text
    end_reading()
    (enquiry,) = db.session.scalars(select(Enquiry))
    assert (enquiry.state, enquiry.facts["topic"]) == (EnquiryState.OPEN, "subscription")
    assert enquiry.facts["explanation"] == [["Référence saisie", "F-2026-0042"]]
    assert len(world.mails("enquiry_for_staff")) == 1 and not world.mails("enquiry_received")


def test_the_billing_address_gets_the_link_too(world: World) -> None:
    subscriber(world)
    with writing() as unit:
        unit.scalars(select(Organisation)).one().billing_email = "Compta@Tilleuls.example.org"
    path = a_link(world, "compta@tilleuls.example.org")
    submit(world.client(), path)
    assert world.subscription().ending_at


def test_a_colleague_who_only_reads_or_helps_gets_no_link(world: World) -> None:
    subscriber(world)
    helper = a_reader()
    with writing() as unit:
        organisation = unit.scalars(select(Organisation)).one()
        from portal.organisations import founding

        founding.add_manager(unit, organisation.id, helper.id, ManagerRole.MANAGER, actor_id=None)
    asks(world.client(), helper.email)
    leave.handle_due()
    assert not world.mails("cancellation_link") and len(world.mails("cancellation_unknown")) == 1


def test_a_link_works_once_whoever_clicks_and_however_often(world: World) -> None:
    buyer = subscriber(world)
    path = a_link(world, address_of(buyer))
    one, two = world.client(), world.client()
    tokens = csrf_token(one, path), csrf_token(two, path)
    assert one.post(path, data={"csrf_token": tokens[0]}).status_code == 303
    assert two.post(path, data={"csrf_token": tokens[1]}).status_code == 303
    assert len(rows()) == 1
    submit(buyer.client, "/billing/resume", page="/billing/")
    assert world.subscription().ending_at is None
    assert one.post(path, data={"csrf_token": tokens[0]}).status_code == 303
    assert world.subscription().ending_at is None and len(rows()) == 1, "used up, it ends nothing again"
    assert "taken up again" in one.get(path, headers=ENGLISH).text


def test_a_link_is_too_old_after_three_days_and_says_so(world: World) -> None:
    buyer = subscriber(world)
    path = a_link(world, address_of(buyer))
    client = world.client()
    token = csrf_token(client, path)
    with clock.frozen(clock.now() + timedelta(hours=72)):
        world.align()
        for answer in (
            client.get(path, headers=ENGLISH),
            client.post(path, data={"csrf_token": token}, headers=ENGLISH),
        ):
            assert answer.status_code == 410 and "more than three days old" in answer.text
    assert rows() == []


@pytest.mark.parametrize("purpose", list(TokenPurpose))
def test_a_token_of_another_purpose_opens_nothing(world: World, purpose: TokenPurpose) -> None:
    buyer = subscriber(world)
    with writing() as unit:
        token = issue(unit, unit.get_one(Reader, buyer.reader_id), purpose)
    client = world.client()
    page = client.get("/cancel/" + token)
    assert page.status_code == 410
    assert client.post("/cancel/" + token, data={"csrf_token": csrf_token(client, "/cancel")}).status_code == 410
    assert world.subscription().ending_at is None


@pytest.mark.parametrize("token", ["x", "%00", "é" * 40, "a" * 3_000, "sent%2F"])
def test_junk_is_no_link(world: World, token: str) -> None:
    assert world.client().get("/cancel/" + token).status_code in (404, 410)


def test_of_several_subscriptions_the_reference_chooses_else_each_gets_a_link(world: World) -> None:
    buyer = subscriber(world)
    with writing() as unit:
        owner = unit.get_one(Reader, buyer.reader_id)
        other = an_organisation(owner)
        first = unit.scalars(select(Subscription)).one()
        names = ("status", "currency", "collection_method", "started_at", "synced_at", "renews_at")
        more = {name: getattr(first, name) for name in names}
        unit.add(Subscription(stripe_id="sub_other", organisation_id=other.id, quantity=1, **more))
        number = unit.scalars(select(Invoice.number)).one()
    email = address_of(buyer)
    assert number
    a_link(world, email, reference=number.lower())
    assert len(world.mails("cancellation_link")) == 1
    a_link(world, email, reference="SUB_other")
    assert len(world.mails("cancellation_link")) == 2
    with clock.frozen(clock.now() + timedelta(minutes=20)):
        a_link(world, email)
    assert len(world.mails("cancellation_link")) == 4
    end_reading()
    chosen = db.session.scalars(
        select(CancellationRequest.subscription_id)
        .where(CancellationRequest.token_hash.is_not(None))
        .order_by(CancellationRequest.id)
    ).all()
    assert chosen[0] != chosen[1] and sorted(chosen[2:]) == sorted(chosen[:2])


def test_what_ends_already_sends_no_link(world: World) -> None:
    buyer = subscriber(world)
    submit(buyer.client, "/billing/cancel")
    asks(world.client(), address_of(buyer))
    leave.handle_due()
    assert not world.mails("cancellation_link") and len(world.mails("cancellation_unknown")) == 1


def test_stripe_silent_the_click_counts_and_a_mail_acknowledges_it(world: World) -> None:
    buyer = subscriber(world)
    path = a_link(world, address_of(buyer))
    world.app.extensions[KEY] = connect(world.app, NOWHERE)
    client = world.client()
    submit(client, path)
    assert "kept, and being passed on" in client.get(path, headers=ENGLISH).text
    assert len(world.mails("cancellation_received")) == 1 and rows()[0].done_at is None


def test_a_link_that_was_sent_before_the_subscription_ended_by_itself_shows_that(world: World) -> None:
    buyer = subscriber(world)
    path = a_link(world, address_of(buyer))
    client = world.client()
    token = csrf_token(client, path)
    world.stripe.v1.subscriptions.cancel(world.subscription().stripe_id)
    world.deliver()
    assert client.post(path, data={"csrf_token": token}).status_code == 303
    assert "ended on" in words(client.get(path, headers=ENGLISH).text) and rows() == []


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Enter your first and last name."),
        ("name", "a\nb", "on one line"),
        ("email", "camille", "name@example.com"),
        ("email", "a@b\r\nBcc: x@y.z", "on one line"),
        ("reference", "x" * 81, "too long"),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_stays(world: World, field: str, value: str, sentence: str) -> None:
    client = world.client()
    data = {**NAME, "email": "camille@atelier.example.org", "reference": "F-1", field: value}
    answer = submit(client, "/cancel", data, headers=ENGLISH)
    assert answer.status_code == 422 and sentence in answer.text
    end_reading()
    assert not db.session.scalars(select(CancellationRequest)).all()


def test_the_same_twice_is_one_request_and_too_many_have_to_wait(world: World) -> None:
    client = world.client()
    for _click in range(2):
        assert asks(client, "camille@atelier.example.org").status_code == 303
    end_reading()
    assert len(db.session.scalars(select(CancellationRequest)).all()) == 1
    for number in range(3):
        assert asks(client, "camille@atelier.example.org", reference=str(number)).status_code == 303
    late = asks(client, "camille@atelier.example.org", reference="encore")
    assert late.status_code == 429 and int(late.headers["Retry-After"]) > 0 and 'value="encore"' in late.text


def test_the_footer_the_legal_texts_and_the_help_lead_there(world: World) -> None:
    client = world.client()
    assert 'href="/cancel"' in client.get("/plans").text
    for page in ("/legal/terms-of-sale", "/help/access", "/presentation/subscription"):
        answer = client.get(page)
        if answer.status_code == 200:
            assert answer.text.count('href="/cancel"') >= 2, page


def test_whoever_is_signed_in_is_told_of_the_shorter_way(world: World) -> None:
    client = world.client()
    reader = a_reader(name="Inès Garrigue")
    sign_in(client, reader)
    text = client.get("/cancel").text
    assert 'href="/billing/cancel"' in text and 'value="Inès Garrigue"' in text
