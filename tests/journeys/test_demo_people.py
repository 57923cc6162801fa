"""Each demo account is in the state that the hub and README promise."""

import json

import pytest

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


def test_demo_people_are_in_the_state_they_promise(house: House) -> None:
    reasons = {(name, path): reason_of(house, name, path) for name, path, _reason in PROMISES}
    assert reasons == {(name, path): reason for name, path, reason in PROMISES}


def reason_of(house: House, name: str, path: str) -> str:
    done = house.portal("access", "explain", f"{name}@example.org", path, "--json")
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout)["reason"]).upper().replace("-", "_")


@pytest.mark.parametrize("act", [["db", "upgrade"], ["demo", "load"]])
def test_preparing_again_changes_nothing(house: House, act: list[str]) -> None:
    done = house.portal(*act)
    assert done.returncode == 0, done.stderr
    assert "Added" not in done.stdout and "Made" not in done.stdout and "paid" not in done.stdout
