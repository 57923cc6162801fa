"""The acts after which mails are written, done to an invented reader; dev.rehearsal undoes them.

Whoever adds a kind of mail adds the act that writes it here: a test counts.
"""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.access import grants
from portal.access import mails as access_mails
from portal.access.held import Holder
from portal.access.vocabulary import ArticleState
from portal.accounts import address_change, codes, readers, second_address
from portal.accounts import mails as account_mails
from portal.accounts.models import PendingRegistration
from portal.accounts.models_security import SignInCode
from portal.accounts.second_address import Asker
from portal.accounts.user_agents import UserAgent
from portal.content.models import Article
from portal.dev.samples_invoice import by_invoice
from portal.dev.samples_money import billing, leaving_without_account
from portal.dev.scene import MONTH, TOKEN, Scene
from portal.enquiries import asking
from portal.enquiries.models import EnquiryKind
from portal.organisations import founding, invitations, inviting, seats
from portal.organisations import mails as organisation_mails
from portal.organisations.inviting import Inviter
from portal.organisations.models import ManagerRole, Organisation, OrganisationKind
from portal.organisations.models_team import Answer, JoinRequest, ReplacementRequest
from portal.reading.models import Reading
from portal.roles import Role
from portal.trials import answering, dates, extend, reminders, start
from portal.trials import asking as requests


def accounts(scene: Scene) -> None:
    """Registering, forgetting a password, changing it."""
    unit, reader = scene.unit, scene.reader
    pending = PendingRegistration(
        email=reader.email, locale=scene.locale, intent={}, expires_at=scene.now + timedelta(hours=1)
    )
    account_mails.confirm_registration(unit, pending, TOKEN)
    account_mails.already_registered(unit, pending, reader)
    account_mails.reset_password(unit, reader, TOKEN, scene.locale)
    account_mails.no_account(unit, reader.email, scene.locale)
    account_mails.password_changed(unit, reader, scene.locale)
    account_mails.second_factor_changed(unit, reader, "on")
    code = SignInCode(created_at=scene.now, expires_at=scene.now + codes.LIFETIME)
    account_mails.sign_in_code(unit, reader, code, "271828", scene.locale)
    account_mails.new_device(unit, reader, UserAgent("Firefox", "Mac"))


def other_addresses(scene: Scene) -> None:
    """Proving another address, and linking the account that has it."""
    unit, reader = scene.unit, scene.reader
    address = f"autre-{scene.locale}@example.org"
    second_address.ask_for_code(unit, Asker(reader.id, 0), email=address, locale=scene.locale)
    other = readers.create_reader(unit, email=address, locale=scene.locale, confirmed=True)
    organisation_mails.accounts_linked(
        unit, reader, other, seats=["Clinique du Parc de Valmère"], offices=[], locale=scene.locale
    )


def team(scene: Scene) -> None:
    """A licence offered, none left, one taken back."""
    unit, reader = scene.unit, scene.reader
    company = Organisation(
        name="Clinique du Parc de Valmère", kind=OrganisationKind.COMPANY, seats=5, created_at=scene.now
    )
    unit.add(company)
    unit.flush()
    founding.add_manager(unit, company.id, reader.id, ManagerRole.OWNER, actor_id=None)
    offered = invitations.invite(unit, company.id, f"collegue-{scene.locale}@example.org", actor_id=reader.id)
    inviting.send(unit, Inviter(company, reader.id, scene.locale), offered)
    organisation_mails.licences_full(unit, offered)
    organisation_mails.licences_over(unit, company.id, company.seats + 2)
    seat = seats.open_seat(unit, company.id, reader.id, actor_id=None)
    seats.close_seat(unit, seat, "removed", actor_id=reader.id)
    organisation_mails.seat_removed(unit, seat)
    reply = {
        "fr": "Dix personnes ont changé ce mois-ci : parlons-en d’abord.",
        "en": "Ten people have changed: let us talk.",
    }
    asked = ReplacementRequest(organisation_id=company.id, seat_id=seat.id, asked_by=reader.id, created_at=scene.now)
    asked.email = asked.email_key = offered.email
    asked.answer, asked.answered_at, asked.reply = Answer.DECLINED, scene.now, reply[scene.locale]
    unit.add(asked)
    unit.flush()
    organisation_mails.replacement_answered(unit, asked)
    wish = JoinRequest(organisation_id=company.id, reader_id=reader.id, created_at=scene.now)
    wish.answer, wish.answered_at = Answer.APPROVED, scene.now
    unit.add(wish)
    unit.flush()
    organisation_mails.join_asked(unit, wish)
    organisation_mails.join_answered(unit, wish)
    organisation_mails.manager_changed(unit, company.id, reader.id, "added")


def moving(scene: Scene) -> None:
    """Changing the account's address: both mailboxes are asked, both are told."""
    unit, reader = scene.unit, scene.reader
    before, after = reader.email, f"nouvelle-{scene.locale}@example.org"
    wish = address_change.ask(unit, reader.id, email=after, locale=scene.locale)
    account_mails.address_taken(unit, reader, scene.locale)
    account_mails.address_changed(unit, reader, before, before=before, after=wish.email, locale=scene.locale)


def leaving(scene: Scene) -> None:
    """A copy of one's data, and the end of the account."""
    account_mails.export_ready(scene.unit, scene.reader, scene.now + timedelta(days=7))
    account_mails.account_erased(scene.unit, scene.reader.email, scene.locale)


def trials(scene: Scene) -> None:
    """A trial from its first day to a month after its end, then one more week of it."""
    unit, reader = scene.unit, scene.reader
    answer = start.start(unit, reader, [scene.vertical.slug], scene.now)
    _reads(scene)
    grant = answer.started[0]
    day = dates.last_day(grant.ends_at)
    for kind in reminders.KINDS:
        reminders.remind(unit, reader.id, kind, day, kind.due_from(day))
    extend.extend(unit, grant, 7, reason="Un exemple.", actor_id=None)
    wish, reply = _MORE_DAYS[scene.locale]
    with clock.frozen(grant.ends_at):
        asked = requests.ask_for_more(unit, reader, scene.vertical, wish)
        answering.decline(unit, asked, reply, actor_id=reader.id)


def _reads(scene: Scene) -> None:
    """Three articles of the vertical, when there are any."""
    there = (Article.primary_vertical_id == scene.vertical.id, Article.state == ArticleState.PUBLISHED)
    newest = select(Article.id).where(*there).order_by(Article.published_at.desc()).limit(3)
    day = clock.paris_date(scene.now)
    for article_id in scene.unit.scalars(newest).all():
        scene.unit.add(Reading(reader_id=scene.reader.id, article_id=article_id, day=day, first_at=scene.now, times=1))


_MORE_DAYS = {
    "fr": ("J’étais en congé la première semaine.", "Votre essai a déjà été prolongé d’une semaine."),
    "en": ("I was away for the first week.", "Your trial was already given one more week."),
}


def given(scene: Scene) -> None:
    """An access that staff give, extend and revoke."""
    unit = scene.unit
    today = clock.paris_date(scene.now)
    starts_at, ends_at = grants.day_bounds(today, today + MONTH)
    holder = Holder(reader_id=scene.reader.id)
    [grant] = grants.give(
        unit, holder, [scene.vertical.id], starts_at=starts_at, ends_at=ends_at, reason="Un exemple.", actor_id=None
    )
    access_mails.tell_given(unit, [grant])
    _starts, later = grants.day_bounds(today, today + 2 * MONTH)
    grants.move_end(unit, grant, later, reason="Un exemple.", actor_id=None)
    access_mails.tell_moved(unit, grant, ends_at)
    grants.revoke(unit, grant, reason="Un exemple.", actor_id=None)
    access_mails.tell_revoked(unit, grant)


def enquiries(scene: Scene) -> None:
    """A question to the house, and its answer."""
    words = {
        "fr": (
            "Accès de notre équipe",
            "Bonjour, pouvez-vous ouvrir mind Health à trois collègues\u202f?",
            "Bonjour, voici comment.",
        ),
        "en": ("Access for our team", "Hello, could you open mind Health for three colleagues?", "Hello, here is how."),
    }
    subject, message, reply = words[scene.locale]
    asked = asking.ask(
        scene.unit,
        kind=EnquiryKind.CONTACT,
        name=scene.reader.name,
        email=scene.reader.email,
        subject=subject,
        message=message,
        locale=scene.locale,
    )
    editor = readers.create_reader(scene.unit, email=f"equipe-{scene.locale}@example.org", role=Role.SUPPORT)
    asking.answer(scene.unit, asked, reply, editor.id)


SAMPLES: tuple[Callable[[Scene], None], ...] = (
    accounts,
    other_addresses,
    team,
    moving,
    trials,
    given,
    enquiries,
    billing,
    leaving_without_account,
    by_invoice,
    leaving,
)
