"""Each demo account is in the state that the hub and README promise."""

import json
from collections.abc import Iterator

import pytest
from flask.testing import FlaskCliRunner

from portal import clock
from portal.db import db
from portal.factory import create_app
from portal.settings import load
from tests.journeys.house import House

HEALTH = "/health/article/telesurveillance-cardiaque-valmere-resultats-un-an"
FINTECH = "/fintech/article/l-euro-numerique-se-jouera-chez-les-commercants"
MEDIA = "/media/article/reponses-generatives-chute-des-clics"

PROMISES = [
    ("prospect", HEALTH, "TRIAL_AVAILABLE"),
    ("essai-j15", HEALTH, "GRANT_TRIAL"),
    ("essai-j15", FINTECH, "OTHER_VERTICAL_TRY"),
    ("essai-j1", MEDIA, "GRANT_TRIAL"),
    ("essai-fini", HEALTH, "TRIAL_ENDED"),
    ("abonne-health", HEALTH, "GRANT_SUBSCRIPTION"),
    ("impaye", FINTECH, "GRACE_SUBSCRIPTION"),
    ("siege", FINTECH, "GRANT_SEAT"),
    ("offert", MEDIA, "GRANT_ADMIN"),
    ("suspendu", HEALTH, "SUSPENDED"),
    ("non-confirme", HEALTH, "UNCONFIRMED"),
    ("editeur", HEALTH, "STAFF"),
]


@pytest.fixture
def commands(house: House) -> Iterator[FlaskCliRunner]:
    """The command line on the same database and clock."""
    app = create_app(load(house.environ()))
    yield app.test_cli_runner()
    with app.app_context():
        db.engine.dispose()
    clock.share(None)


def test_demo_people_are_in_the_state_they_promise(commands: FlaskCliRunner) -> None:
    reasons = {(name, path): reason_of(commands, name, path) for name, path, _reason in PROMISES}
    assert reasons == {(name, path): reason for name, path, reason in PROMISES}


def reason_of(commands: FlaskCliRunner, name: str, path: str) -> str:
    done = commands.invoke(args=["access", "explain", f"{name}@example.org", path, "--json"])
    assert done.exit_code == 0, done.output
    return str(json.loads(done.output)["reason"])


@pytest.mark.parametrize("act", [["db", "upgrade"], ["demo", "load"]])
def test_preparing_again_changes_nothing(commands: FlaskCliRunner, act: list[str]) -> None:
    done = commands.invoke(args=act)
    assert done.exit_code == 0, done.output
    assert "Added" not in done.output and "Made" not in done.output and "paid" not in done.output
