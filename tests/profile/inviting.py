"""Invitations as people meet them: sent from the team's page, opened from the mail."""

import re

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.db import AnySession, end_reading
from portal.organisations.models import Invitation, Organisation, Seat
from portal.outbox import Mail
from tests.forms import submit

_LINK = re.compile(r"https?://[^/\s]+(/organisation/invitation/\S+)")


def team(organisation: Organisation) -> str:
    """The page of its team."""
    return f"/organisation/{organisation.id}/"


def invite(client: FlaskClient, organisation: Organisation, addresses: str, follow: bool = False):  # type: ignore[no-untyped-def]
    """Send these lines from the page of the team."""
    page = team(organisation)
    return submit(client, f"{page}invitations", {"addresses": addresses}, follow, page=page)


def link(session: AnySession, address: str) -> str:
    """The path in the newest invitation to this address."""
    end_reading()
    mails = select(Mail.text).where(Mail.kind == "invitation", Mail.to_address == address).order_by(Mail.id.desc())
    found = _LINK.search(session.scalars(mails).first() or "")
    assert found, f"no invitation was mailed to {address}"
    return found[1]


def sent(session: AnySession, kind: str) -> list[str]:
    """Whom mails of this kind were written to, in order."""
    end_reading()
    return list(session.scalars(select(Mail.to_address).where(Mail.kind == kind).order_by(Mail.id)))


def seated(session: AnySession, organisation: Organisation) -> list[int]:
    """The readers on its licences."""
    end_reading()
    statement = select(Seat.reader_id).where(Seat.organisation_id == organisation.id, Seat.closed_at.is_(None))
    return list(session.scalars(statement.order_by(Seat.id)))


def only(session: AnySession, organisation: Organisation) -> Invitation:
    """Its one invitation, as it is now."""
    end_reading()
    statement = select(Invitation).where(Invitation.organisation_id == organisation.id)
    return session.scalars(statement.execution_options(populate_existing=True)).one()
