"""A GET changes nothing: link previews, prefetching and mail scanners may open every address.

Listed exceptions: a session's last_seen (every ten minutes), the reading log, and the return from Checkout.
"""

import pytest
from flask import Flask

from portal.db import end_reading
from tests.forms import sign_in
from tests.guards.house import contents, furnish, pages

EXCEPTIONS = ("readings",)


@pytest.mark.parametrize("who", ["anonymous", "trial", "seat", "manager", "unconfirmed", "admin", "editor"])
def test_opening_every_page_leaves_the_database_as_it_was(app: Flask, who: str) -> None:
    house = furnish()
    client = app.test_client()
    reader = house.readers[who]
    if reader is not None:
        sign_in(client, reader)
    end_reading()
    before = contents()
    answers = {path: client.get(path).status_code for path in pages(app, house.known)}
    end_reading()
    after = contents()
    changed = [table for table in before if before[table] != after[table] and table not in EXCEPTIONS]
    assert changed == []
    assert {path: status for path, status in answers.items() if status >= 500} == {}
