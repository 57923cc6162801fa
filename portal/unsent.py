"""A form that was sent after its session had ended: what was typed waits in the cookie until its writer signed in."""

from flask import request, session

_KEY = "unsent"
_MOST = 2_000  # characters; a cookie holds four thousand, and other things
_NEVER = frozenset({"csrf_token", "code", "mailed"})


def keep() -> bool:
    """Keep the fields of this request; False when there is nothing to keep, or too much."""
    fields = [pair for pair in request.form.items(multi=True) if pair[0] not in _NEVER and "password" not in pair[0]]
    if not fields or request.files or sum(len(name) + len(text) for name, text in fields) > _MOST:
        return False
    session[_KEY] = [request.path, fields]
    return True


def waiting() -> tuple[str, list[tuple[str, str]]] | None:
    """(address, fields) of what waits in this browser."""
    found = session.get(_KEY)
    return (found[0], [(name, text) for name, text in found[1]]) if found else None


def survive() -> None:
    """Empty the cookie, but for what waits."""
    kept = session.get(_KEY)
    session.clear()
    if kept:
        session[_KEY] = kept


def sent() -> None:
    """What waits for this address is being sent: it waits no more."""
    found = session.get(_KEY)
    if found and found[0] == request.path:
        del session[_KEY]
