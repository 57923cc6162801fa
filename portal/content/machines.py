"""What files for programs have in common (feeds, sitemaps): text that XML can hold, and a way of being handed over."""

import re
from datetime import timedelta

from flask import Response, request

from portal.access.asking import reader_facts

FRESH_FOR = timedelta(minutes=5)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def told(text: str) -> str:
    """The text without the signs that XML has no way to write."""
    return _NOT_XML.sub("", text)


def handed(content: str, mimetype: str) -> Response:
    """The file, which caches may share for some minutes and ask about by its tag; what readers get is kept nowhere."""
    answer = Response(content, content_type=f"{mimetype}; charset=utf-8")
    if reader_facts().reader_id is None:
        answer.headers["Cache-Control"] = f"public, max-age={int(FRESH_FOR.total_seconds())}"
        answer.add_etag(weak=True)  # the same file is sent packed and unpacked
        answer.make_conditional(request)
    return answer
