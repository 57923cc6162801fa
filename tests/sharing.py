"""How tests are shared out among the processes of one run: each by itself, but stories around one running portal."""

import re

from xdist.scheduler import LoadScopeScheduling

_STORY = re.compile(r"tests/journeys/.*\[(sqlite|postgresql)")


class Shared(LoadScopeScheduling):
    """Stories on one database stay in one process, so that their portal is started once.

    xdist's own groups are lost under pytest 9.2: they are written into an id that it no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        story = _STORY.search(nodeid)
        return f"stories on {story[1]}" if story else nodeid
