"""The desk: what every piece of work has at hand — the objects, the clock, the events."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.sandbox import ids, rendering
from portal.sandbox.clock import Clock
from portal.sandbox.config import API_VERSION, Config
from portal.sandbox.errors import no_such
from portal.sandbox.store import Document, Store
from portal.sandbox.webhooks.queue import Queue


class Desk:
    """Objects, clock and events of one stand-in; used inside `store.turn()`."""

    def __init__(self, config: Config, store: Store) -> None:
        self.config, self.store = config, store
        self.clock = Clock(config.clock_file)
        self.queue = Queue(store, self.clock, config.retry_base)
        self.address = f"http://{config.host}:{config.port}"
        self.request: dict[str, str | None] = {"id": None, "idempotency_key": None}
        self._instant: int | None = None

    def now(self) -> int:
        """The instant of what is being done: the shared clock, or the instant that due work was due."""
        return self.clock.now() if self._instant is None else self._instant

    @contextmanager
    def at(self, instant: int) -> Iterator[None]:
        """Do something at its own instant."""
        self._instant = instant
        try:
            yield
        finally:
            self._instant = None

    def add(self, kind: str, fields: Document, identifier: str | None = None) -> Document:
        """Make and keep an object of a kind, with what every object has."""
        head = {"id": identifier or ids.new_id(kind), "object": kind, "created": self.now(), "livemode": False}
        document = head | fields
        self.store.insert(document)
        return document

    def get(self, kind: str, identifier: str, param: str | None = None) -> Document:
        """An object by kind and id; ApiError 404 when it was the address, 400 when it was parameter `param`."""
        document = self.store.get(identifier)
        if document is None or document["object"] != kind:
            raise no_such(kind, identifier, param or "id", 400 if param else 404)
        return document

    def alive(self, kind: str, identifier: str, param: str | None = None) -> Document:
        """The same, refusing what was deleted."""
        document = self.get(kind, identifier, param)
        if document.get("deleted"):
            raise no_such(kind, identifier, param or "id", 400 if param else 404)
        return document

    def show(self, document: Document) -> Document:
        """The object as an answer or event carries it."""
        return rendering.render(self.store, document)

    def change(self, document: Document, tell: str | None = None, **fields: Any) -> Document:
        """Change fields of an object and keep it; `tell` names the event that says so.

        The object is read anew first, so that a copy taken earlier cannot undo what happened since.
        """
        document.update(self.store.get(document["id"]) or {})
        before = self.show(document) if tell else {}
        document.update(copy.deepcopy(fields))
        self.store.put(document)
        if tell:
            self.tell(tell, document, before)
        return document

    def picture(self, event: str, document: Document, before: Document | None = None) -> Document:
        """An event as it would be now, not yet told: the order of telling may differ from that of doing."""
        data: Document = {"object": self.show(document)}
        if before is not None:
            after = data["object"]
            data["previous_attributes"] = {k: v for k, v in before.items() if after.get(k) != v}
        return {"type": event, "data": data}

    def publish(self, *pictures: Document) -> list[Document]:
        """Keep events in this order and hand them to the webhook queue."""
        return [self._publish(picture) for picture in pictures]

    def tell(self, event: str, document: Document, before: Document | None = None) -> Document:
        """Picture and publish in one step."""
        return self._publish(self.picture(event, document, before))

    def _publish(self, picture: Document) -> Document:
        fields = {"api_version": API_VERSION, "request": dict(self.request), **picture}
        event = self.add("event", fields)
        endpoints = self.store.find("webhook_endpoint", ("status", "=", "enabled"), oldest_first=True)
        self.queue.add(event, endpoints)
        return event
