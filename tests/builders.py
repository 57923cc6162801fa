"""One line of arrange: builders that make rows as the services would, inside the caller's unit of work or their own."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from itertools import count
from typing import Any, ParamSpec, TypeVar

from portal import clock
from portal.access import grants
from portal.access.models import Grant
from portal.access.vocabulary import ArticleAccess, ArticleState, Source
from portal.accounts.identity import company_key, email_key, person_key
from portal.accounts.models import Reader
from portal.content.models import Article, ArticleFormat, ArticleText, Rubric
from portal.db import db, writing
from portal.organisations.models import Manager, ManagerRole, Organisation, OrganisationKind, Seat
from portal.roles import Role
from portal.verticals import Vertical, add_vertical

Args = ParamSpec("Args")
Made = TypeVar("Made")
_numbers = count(1)
COLOURS = {"health": "#0a6658", "fintech": "#2e45bd", "media": "#9c1a57"}


def builder(make: Callable[Args, Made]) -> Callable[Args, Made]:
    """Save what is made: in the open unit of work, or in one of its own."""

    @wraps(make)
    def saved(*args: Args.args, **kwargs: Args.kwargs) -> Made:
        if _writing():
            made = make(*args, **kwargs)
            db.session.flush()
            return made
        with writing():
            return make(*args, **kwargs)

    return saved


def _writing() -> bool:
    if not db.session().in_transaction():
        return False
    return bool(db.session.connection().get_execution_options().get("portal_writing"))


@builder
def a_vertical(slug: str = "health", **more: Any) -> Vertical:
    """A vertical; asked for again, the same one."""
    found = db.session.query(Vertical).filter_by(slug=slug).one_or_none()
    colour = COLOURS.get(slug, "#445566")
    return found or add_vertical(
        db.session, slug=slug, name=more.pop("name", f"mind {slug.title()}"), colour=colour, **more
    )


@builder
def a_rubric(slug: str = "infos") -> Rubric:
    """A rubric; asked for again, the same one."""
    found = db.session.query(Rubric).filter_by(slug=slug).one_or_none()
    if found is None:
        found = Rubric(slug=slug, name=slug.title(), name_en=slug.title())
        db.session.add(found)
    return found


@builder
def a_reader(
    email: str | None = None,
    *,
    confirmed: bool = True,
    role: Role = Role.READER,
    password: str | None = None,
    **more: Any,
) -> Reader:
    """A reader, confirmed unless said otherwise."""
    from portal.accounts import passwords

    address = email or f"lectrice{next(_numbers)}@clinique{next(_numbers)}.example.org"
    secret = "a secret key of tests, long enough to be one"
    reader = Reader(
        email=address,
        email_key=email_key(address),
        person_key=person_key(address, secret),
        company_key=company_key(address),
        role=role,
        created_at=clock.now(),
        confirmed_at=clock.now() if confirmed else None,
        password_hash=passwords.hash_password(password) if password else None,
        **more,
    )
    db.session.add(reader)
    return reader


@builder
def an_article(
    slug: str | None = None,
    *,
    vertical: str = "health",
    others: tuple[str, ...] = (),
    body: str = "",
    state: ArticleState = ArticleState.PUBLISHED,
    access: ArticleAccess = ArticleAccess.SUBSCRIBER,
    published_at: datetime | None = None,
    **more: Any,
) -> Article:
    """A published article for subscribers; its locked part holds a canary sentence of its own."""
    number = next(_numbers)
    primary = a_vertical(vertical)
    article = Article(
        slug=slug or f"article-{number}",
        title=more.pop("title", f"Titre {number}"),
        standfirst=more.pop("standfirst", f"Chapô {number}."),
        primary_vertical_id=primary.id,
        verticals=[primary, *(a_vertical(other) for other in others)],
        rubric_id=a_rubric(more.pop("rubric", "infos")).id,
        format=ArticleFormat.BREVE,
        state=state,
        access=access,
        published_at=published_at or clock.now() - timedelta(days=1),
        modified_at=clock.now(),
        **more,
    )
    db.session.add(article)
    db.session.flush()
    preview = f"<p>Le début public de l’article {number}.</p>"
    locked = body or f"<p>{canary(article)}</p>"
    db.session.add(ArticleText(article_id=article.id, source="", preview_html=preview, body_html=preview + locked))
    return article


def canary(article: Article) -> str:
    """The sentence that may stand in no answer to anyone without the right."""
    return f"Le canari {article.slug} chante derrière le mur."


@builder
def a_grant(
    reader: Reader | None = None,
    *,
    organisation: Organisation | None = None,
    vertical: str = "health",
    source: Source = Source.ADMIN,
    starts_in: timedelta = timedelta(days=-1),
    ends_in: timedelta = timedelta(days=30),
    **more: Any,
) -> Grant:
    """A right around now, held by a reader or an organisation."""
    grant = Grant(
        act_id=more.pop("act_id", None) or grants.new_act(),
        reader_id=reader.id if reader else None,
        organisation_id=organisation.id if organisation else None,
        vertical_id=a_vertical(vertical).id,
        source=source,
        starts_at=clock.now() + starts_in,
        ends_at=clock.now() + ends_in,
        reason=more.pop("reason", "Pour les tests."),
        reference=more.pop("reference", f"sub_{next(_numbers)}" if source is Source.SUBSCRIPTION else ""),
        created_at=clock.now(),
        **more,
    )
    db.session.add(grant)
    return grant


@builder
def an_organisation(manager: Reader | None = None, *, seats: int = 5, **more: Any) -> Organisation:
    """A company, looked after by its manager."""
    organisation = Organisation(
        name=more.pop("name", f"Clinique {next(_numbers)}"),
        kind=more.pop("kind", OrganisationKind.COMPANY),
        seats=seats,
        created_at=clock.now(),
        **more,
    )
    db.session.add(organisation)
    db.session.flush()
    if manager:
        db.session.add(
            Manager(organisation_id=organisation.id, reader_id=manager.id, role=ManagerRole.OWNER, since=clock.now())
        )
    return organisation


@builder
def a_seat(organisation: Organisation, reader: Reader, **more: Any) -> Seat:
    """An open licence."""
    seat = Seat(
        organisation_id=organisation.id,
        reader_id=reader.id,
        opened_at=more.pop("opened_at", clock.now() - timedelta(days=1)),
        **more,
    )
    db.session.add(seat)
    return seat
