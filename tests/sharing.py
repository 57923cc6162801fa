"""How tests are shared out among the processes of one run: each by itself, but those around one costly thing."""

import re

from xdist.scheduler import LoadScopeScheduling

_STORY = re.compile(r"tests/journeys/.*\[(sqlite|postgresql)")
_CRAWL = "tests/guards/test_crawl.py"


class Shared(LoadScopeScheduling):
    """Stories on one database stay in one process, so that their portal is started once; the crawls likewise.

    xdist's own groups are lost under pytest 9.2: they are written into an id that it no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_CRAWL):
            return _CRAWL
        story = _STORY.search(nodeid)
        return f"stories on {story[1]}" if story else nodeid
