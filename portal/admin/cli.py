"""`portal access explain`: why may this reader (not) read this article, now or at a past instant?"""

import json

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal.access.explain import to_dict, to_text
from portal.accounts.identity import email_key
from portal.accounts.models import Reader
from portal.admin import explaining
from portal.admin.explaining import Unknown
from portal.db import db
from portal.i18n import LOCALES, use_locale


@click.group("access")
def group() -> None:
    """Ask about decisions."""


@group.command("explain")
@click.argument("email")
@click.argument("url_or_slug")
@click.option("--at", "typed", default="", help="ISO 8601 instant; without an offset it is Paris time. Default: now.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
@click.option("--lang", type=click.Choice(LOCALES), default="en", show_default=True, help="Language of the sentences.")
@with_appcontext
def explain(*, email: str, url_or_slug: str, typed: str, as_json: bool, lang: str) -> None:
    """Say why EMAIL may or may not read URL_OR_SLUG (an article, or the slug of a vertical), rule by rule."""
    with use_locale(lang):
        reader_id = db.session.scalar(select(Reader.id).where(Reader.email_key == email_key(email)))
        if reader_id is None:
            raise click.ClickException(f"Nobody has an account under {email}.")
        found = explaining.find(db.session, url_or_slug)
        if len(found) != 1:
            raise click.ClickException(f"{len(found) or 'No'} articles answer to “{url_or_slug}”; one is needed.")
        try:
            explanation = explaining.of(db.session, reader_id, found[0], explaining.instant(typed))
        except Unknown as error:
            raise click.ClickException(str(error)) from error
        text = json.dumps(to_dict(explanation), ensure_ascii=False, indent=2) if as_json else to_text(explanation)
    click.echo(text)


commands: list[click.Command] = [group]
