"""Two questions of whoever runs the portal: is the process alive, and may it be sent readers?"""

from pathlib import Path

from flask import Blueprint, Flask, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from portal import clock
from portal.db import db
from portal.web import MACHINE, allow, private

blueprint = Blueprint("probes", __name__)


def init_app(app: Flask) -> None:
    """Bind /-/live and /-/ready."""
    app.register_blueprint(blueprint)


@blueprint.get("/-/live")
@allow(MACHINE)
@private
def live() -> ResponseReturnValue:
    """The process answers."""
    return jsonify(alive=True)


@blueprint.get("/-/ready")
@allow(MACHINE)
@private
def ready() -> ResponseReturnValue:
    """503 when the database does not answer or is not migrated; a silent worker is told, not fatal to reading."""
    answers = {"database": _database(), "migrated": _migrated(), "worker_age": _worker_age()}
    fine = answers["database"] and answers["migrated"]
    return jsonify(answers), 200 if fine else 503


def _database() -> bool:
    try:
        return db.session.execute(text("SELECT 1")).scalar() == 1
    except Exception:
        db.session.rollback()
        return False


def _migrated() -> bool:
    from alembic.script import ScriptDirectory

    try:
        version = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except Exception:
        db.session.rollback()
        return False
    folder = current_app.extensions["migrate"].directory
    return version == ScriptDirectory(folder).get_current_head()


def _worker_age() -> float | None:
    """Seconds since the worker's last sign of life on this machine, None when it never gave one."""
    beat: Path = current_app.extensions["portal.settings"].heartbeat
    try:
        return round(max(0.0, clock.wall().timestamp() - beat.stat().st_mtime), 1)
    except FileNotFoundError:
        return None
