"""From the payment to the open article: real processes, webhooks as they come, and a buyer who closes the page.

Portal, worker and Stripe's stand-in run beside each other; the buyer types a card on the payment page and never comes
back by its link. What is measured is the time from pressing the button until the article's address answers with the
whole text, so the webhook, the inbox, the worker's pause and the sync are all in it.
"""

import contextlib
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmarks import prepare
from benchmarks.servers import HOST, end, free_port, server, wait_until_it_answers

EXPECTED, PATIENCE = 5.0, 60.0  # seconds
PRICE = "health-month-eur"
OPENED = "grâce à votre abonnement à mind Health"
ORDER = {
    "price": PRICE,
    "kind": "person",
    "name": "Anne Lectrice",
    "street": "4 rue du Puits",
    "postal_code": "35000",
    "city": "Rennes",
    "country": "FR",
    "quantity": "1",
    "who": "me",
    "start": "today",
    "terms": "y",
    "immediate": "y",
}
CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123", "name": ""}
_TOKEN = re.compile(r'name="csrf_token"[^>]*\bvalue="([^"]+)"')


def report(environ: Mapping[str, str], folder: Path, *, payments: int) -> None:
    """Print how long it took; SystemExit when an article never opens."""
    with _running(environ, folder) as (ours, url):
        waited = sorted(_paid(url, cookie) for cookie in _prepared(ours, payments))
    print(
        f"\nfrom payment to open article, by webhook alone: {statistics.median(waited):.2f} s in the middle,"
        f" {waited[-1]:.2f} s at most, of {len(waited)} payments (expected < {EXPECTED:.0f} s)"
    )


@contextlib.contextmanager
def _running(environ: Mapping[str, str], folder: Path) -> Iterator[tuple[dict[str, str], str]]:
    """The three processes; the settings of the portal's, and its address."""
    place = folder / "paying"
    place.mkdir()
    stripe, portal = free_port(), free_port()
    ours = {
        **{name: value for name, value in environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")},
        "PORTAL_INSTANCE": str(place),
        "DATABASE_URL": f"sqlite:///{place / 'paying.sqlite'}",
        "SECRET_KEY": environ["SECRET_KEY"],
        "SITE_URL": f"http://{HOST}:{portal}",
        "STRIPE_API_BASE": f"http://{HOST}:{stripe}",
    }
    words = [
        "--port",
        str(stripe),
        "--state",
        str(place / "stripe.sqlite"),
        "--clock-file",
        str(place / "clock-offset"),
    ]
    words += ["--webhook-url", f"http://{HOST}:{portal}/stripe/webhook"]
    with _process(ours, place, "portal.sandbox", *words) as stand_in:
        wait_until_it_answers(stand_in, stripe)
        _prepared(ours, 0)
        with server("app:app", ours, place, threads=4, port=portal), _process(ours, place, "portal.cli", "worker"):
            yield ours, f"http://{HOST}:{portal}"


@contextlib.contextmanager
def _process(environ: Mapping[str, str], place: Path, module: str, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    with (place / f"{module}.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", module, *words], env=dict(environ), stdout=log, stderr=log)
        try:
            yield process
        finally:
            end(process)


def _prepared(environ: Mapping[str, str], buyers: int) -> list[str]:
    """Cookies of so many readers, each signed in; the first call fills the database, too."""
    command = [sys.executable, "-m", "benchmarks.paying", str(buyers)]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    cookies: list[str] = json.loads(done.stdout.splitlines()[-1])
    return cookies


def _paid(url: str, cookie: str) -> float:
    """Order, pay, close the page, look at the article until it opens; seconds since the button was pressed."""
    buyer = requests.Session()
    buyer.headers.update(
        {"Cookie": cookie, "Accept-Language": "fr", "Origin": url, "Referer": f"{url}/billing/checkout"}
    )
    form = buyer.get(f"{url}/billing/checkout?price={PRICE}", timeout=PATIENCE)
    token = _TOKEN.search(form.text)
    if token is None:
        raise SystemExit(f"The order answers {form.status_code} and holds no form.")
    order = {**ORDER, "csrf_token": token[1]}
    ordered = buyer.post(f"{url}/billing/checkout", order, timeout=PATIENCE, allow_redirects=False)
    if ordered.status_code != 303:
        raise SystemExit(f"The order answers {ordered.status_code}.")
    begun = time.monotonic()
    paid = requests.post(ordered.headers["Location"], CARD, timeout=PATIENCE, allow_redirects=False)
    if urlsplit(paid.headers.get("Location", "")).path != "/billing/return":
        raise SystemExit(f"The payment answers {paid.status_code}.")
    while OPENED not in buyer.get(f"{url}{prepare.ARTICLE}", timeout=PATIENCE).text.replace("\u00a0", " "):
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit("A paid article did not open within a minute.")
        time.sleep(0.02)
    return time.monotonic() - begun


def main(buyers: int) -> None:
    """Fill the database at the first call (no buyers); later make so many signed-in readers. Prints their cookies."""
    from flask_migrate import upgrade

    from portal import clock
    from portal.accounts import sessions
    from portal.billing import catalogue
    from portal.billing.gateway import current
    from portal.content import demo
    from portal.db import db, writing
    from portal.factory import create_app
    from portal.settings import ROOT

    app = create_app()
    with app.app_context():
        if not buyers:
            upgrade(directory=str(ROOT / "migrations"))
            with writing() as unit:
                demo.load(unit, ROOT / "demo", clock.now())
                catalogue.add_default_plans(unit)
            catalogue.sync_plans(db.session, current())
        cookies = []
        for number in range(buyers):
            with writing() as unit:
                reader = prepare.reader(unit, f"acheteuse-{number}@example.org")
                cookies.append(prepare.cookie(app, sessions.open_session(unit, reader, "Benchmark")))
    print(json.dumps(cookies))


if __name__ == "__main__":
    main(int(sys.argv[1]))
