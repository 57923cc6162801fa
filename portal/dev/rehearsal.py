"""Every mail the portal can write, written for an invented reader inside a unit of work that is always undone.

Each room's own functions write its mails, so that what is looked at is what would be sent.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import current_app
from sqlalchemy import func, select

from portal.db import AnySession, db
from portal.dev.samples import SAMPLES
from portal.dev.scene import Scene
from portal.outbox import Mail
from portal.settings import ROOT

FOLDER = ROOT / "templates" / "mail"


def kinds(folder: Path = FOLDER) -> list[str]:
    """Every kind of mail there are templates for."""
    return sorted(path.parent.name for path in folder.glob("*/subject.txt"))


def rehearse(locale: str) -> dict[str, Mail]:
    """One mail of each kind in this language in the order they were written, free of any session; nothing is kept."""
    with _undone() as unit:
        last = unit.scalar(select(func.max(Mail.id))) or 0
        scene = Scene.set_up(unit, locale)
        for sample in SAMPLES:
            sample(scene)
        written = unit.scalars(select(Mail).where(Mail.id > last).order_by(Mail.id)).all()
        unit.expunge_all()
        return {mail.kind: mail for mail in written}


@contextmanager
def _undone() -> Iterator[AnySession]:
    """A unit of work that is rolled back whatever happens in it, in an app context that the page's own is spared.

    Mails are written in their readers' languages: what a page keeps for its own must not be made under those.
    """
    with current_app.app_context():
        db.session.connection(execution_options={"portal_writing": True})
        try:
            yield db.session
        finally:
            db.session.rollback()
