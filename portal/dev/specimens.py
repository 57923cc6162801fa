"""Sample values for the style guide: made by the rooms' own functions wherever they have one."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    Form,
    IntegerField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    widgets,
)
from wtforms.validators import InputRequired

from portal import clock
from portal.access import explain
from portal.access.looked import Names
from portal.access.standing import Contract
from portal.access.vocabulary import (
    ArticleAccess,
    ArticleFacts,
    ArticleState,
    Decision,
    EndCause,
    GrantFacts,
    NextStep,
    Outcome,
    ReaderFacts,
    Reason,
    Source,
    VerticalFacts,
)
from portal.content import lock, notes
from portal.content.lists import Edition, Headline
from portal.content.lock import Locked, Panel
from portal.content.notes import Note, Open
from portal.formats import moment
from portal.i18n import gettext as _
from portal.i18n import lazy_gettext
from portal.profile.rights import Right, rights_of
from portal.trials.countdown import Ribbon, ribbon_of

NAMES = {"health": "mind Health", "fintech": "mind Fintech", "media": "mind Media"}
SLUG, NAME, PATH = "health", "mind Health", "/dev/components"
RIBBON_DAYS = (15, 6, 2, 1, 0, -2)
"""Days left in which the ribbon looks different; -2 is two days after the end."""


def trial(left: int, now: datetime) -> GrantFacts:
    """A trial with so many days left."""
    ends_at = clock.paris_midnight(clock.paris_date(now) + timedelta(days=left + 1))
    return GrantFacts(1, SLUG, Source.TRIAL, ends_at - timedelta(days=16), ends_at)


def ribbons(now: datetime) -> list[Ribbon]:
    """The ribbon in every state of the countdown."""
    people = (ReaderFacts(1, confirmed=True, grants=(trial(left, now),)) for left in RIBBON_DAYS)
    drawn = (ribbon_of(facts, now, {SLUG: NAME}) for facts in people)
    return [ribbon for ribbon in drawn if ribbon is not None]


def panels(now: datetime) -> list[tuple[Reason, str, Panel]]:
    """The lock panel of every reason that refuses, and of the two that have a second face."""
    made = [(reason, "", lock.panel(_locked(reason, now))) for reason in lock.PANELS]
    registered = replace(_locked(Reason.ANONYMOUS, now), access=ArticleAccess.REGISTERED)
    made.append((Reason.ANONYMOUS, "registered", lock.panel(registered)))
    manager = _locked(Reason.SEAT_INVITED, now, NextStep.TAKE_SEAT)
    made.append((Reason.SEAT_INVITED, "take-seat", lock.panel(manager)))
    return sorted(made, key=lambda one: (list(Reason).index(one[0]), one[1]))


def _locked(reason: Reason, now: datetime, step: NextStep = NextStep.NONE) -> Locked:
    decision = Decision(Outcome.PREVIEW, reason, trial(-10, now), now + timedelta(days=7), step, vertical=SLUG)
    return Locked(
        decision=decision,
        access=ArticleAccess.SUBSCRIBER,
        path=PATH,
        name=NAME,
        words=1340,
        tables=2,
        trial_open=True,
        email="jeanne.kerfontan@example.org",
    )


def notes_of(now: datetime) -> list[tuple[Reason, Note]]:
    """The line above an open article, for every reason that has one."""
    until = now + timedelta(days=9)
    opened = (Open(reason, until, NAME, ArticleState.PUBLISHED) for reason in notes.NOTES)
    return [(one.reason, made) for one in opened if (made := notes.note(one)) is not None]


def verdicts(now: datetime) -> list[dict[str, Any]]:
    """Explanations of an open, a doubtful and a closed door."""
    article = ArticleFacts(
        1, ArticleState.PUBLISHED, ArticleAccess.SUBSCRIBER, (VerticalFacts(SLUG),), now - timedelta(days=2)
    )
    owing = GrantFacts(
        2, SLUG, Source.SUBSCRIPTION, now - timedelta(days=60), now - timedelta(days=1), now + timedelta(days=6)
    )
    people = (
        ReaderFacts(1, confirmed=True, grants=(trial(6, now),)),
        ReaderFacts(1, confirmed=True, grants=(owing,)),
        ReaderFacts(1, confirmed=True, grants=(trial(-3, now),)),
    )
    names = Names({SLUG: NAME}, {})
    return [explain.panel(explain.explain(article, reader, now, names)) for reader in people]


def rights(now: datetime) -> list[Right]:
    """A right in each of its states, each as the only one of its reader."""
    contracts = {7: Contract("Clinique du Parc de Valmère", renews_at=now + timedelta(days=12))}
    readers = (ReaderFacts(1, confirmed=True, grants=(grant,)) for grant in _grants(now))
    rows = (rights_of(reader, now, names=NAMES, contracts=contracts) for reader in readers)
    return [right for found in rows for right in found]


def _grants(now: datetime) -> list[GrantFacts]:
    """Grants in the states of access.standing.RightState, over the three editions."""
    long, soon, since = now + timedelta(days=200), now + timedelta(days=12), now - timedelta(days=60)
    seat: dict[str, Any] = {"organisation_id": 1, "seated_from": since}
    bought: dict[str, Any] = {**seat, "manages": True}
    return [
        trial(6, now),
        GrantFacts(7, "fintech", Source.SUBSCRIPTION, since, soon, **bought),
        GrantFacts(8, "media", Source.SUBSCRIPTION, since, soon, end_cause=EndCause.CANCELLED, **bought),
        GrantFacts(9, "health", Source.SUBSCRIPTION, since, now - timedelta(days=1), soon, **bought),
        GrantFacts(10, "fintech", Source.ADMIN, since, soon),
        GrantFacts(11, "media", Source.ADMIN, since, long, **seat),
        trial(-3, now),
        GrantFacts(12, "fintech", Source.ADMIN, soon, long),
        GrantFacts(13, "media", Source.ADMIN, since, long, organisation_id=1, manages=True),
    ]


def headlines(now: datetime) -> list[Headline]:
    """A locked, a free and an English headline."""
    first = Headline(
        title=_("Hospital data: who pays for what, house by house"),
        url=PATH,
        standfirst=_("Twelve hospitals opened their accounts. The bill depends on who keeps the data."),
        vertical=Edition(SLUG, NAME),
        rubric=_("Analysis"),
        published=moment(now),
        published_iso=now.isoformat(timespec="seconds"),
        lang=None,
        locked=True,
        minutes=6,
    )
    second = replace(first, vertical=Edition("fintech", "mind Fintech"), locked=False, free=True, minutes=2)
    return [first, second, replace(first, vertical=Edition("media", "mind Media"), minutes=9)]


class SampleForm(Form):  # type: ignore[misc]
    """One field of each kind."""

    name = StringField(lazy_gettext("Name"), [InputRequired(lazy_gettext("Enter your name."))])
    email = EmailField(lazy_gettext("Email address"), [InputRequired(lazy_gettext("Enter an address."))])
    password = PasswordField(lazy_gettext("Password"), [InputRequired(lazy_gettext("Enter a password."))])
    seats = IntegerField(lazy_gettext("Seats"), [InputRequired(lazy_gettext("Enter a number from 1 to 20."))])
    message = TextAreaField(lazy_gettext("Message"))
    country = SelectField(
        lazy_gettext("Country"), choices=[SelectChoice("FR", "France"), SelectChoice("BE", "Belgique")]
    )
    who = RadioField(
        lazy_gettext("Who will read?"),
        [InputRequired(lazy_gettext("Choose one."))],
        choices=[SelectChoice("me", lazy_gettext("Me")), SelectChoice("team", lazy_gettext("My team"))],
    )
    editions = SelectMultipleField(
        lazy_gettext("Editions"),
        choices=[SelectChoice(f"{slug}", f"mind {slug.title()}") for slug in ("health", "fintech", "media")],
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    terms = BooleanField(lazy_gettext("I accept the terms of sale"), [InputRequired(lazy_gettext("Accept the terms."))])


def forms() -> tuple[SampleForm, SampleForm]:
    """The form as it is met, and as it comes back with a sentence for each field in error."""
    good = SampleForm(prefix="good-", data={"who": "me", "editions": ["health"], "seats": 3, "country": "FR"})
    bad = SampleForm(prefix="bad-", data={"country": "FR"})
    bad.validate()
    return good, bad
