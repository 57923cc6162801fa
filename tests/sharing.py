"""How tests are shared out: which run on both databases, and which in one process around one costly thing."""

import re

from xdist.scheduler import LoadScopeScheduling

# What these suites look at is what a page says; the rows it says it of are read by rooms that are tested on both
# databases, as the stories are. `--everywhere` runs these on both, too; CI does (ADR 20).
LEFT_TO_CI = (
    "tests/dev/",
    "tests/house/",
    "tests/newsletters/",
    "tests/admin/test_trial_requests.py",
    "tests/admin/test_acts.py",
    "tests/admin/test_audit_words.py",
    "tests/admin/test_organisations.py",
    "tests/admin/test_pages.py",
    "tests/admin/test_viewing.py",
    "tests/access/test_cli.py",
    "tests/billing/test_home.py",
    "tests/billing/test_names.py",
    "tests/billing/test_summary.py",
    "tests/content/test_article_page.py",
    "tests/content/test_feeds.py",
    "tests/content/test_fronts.py",
    "tests/content/test_leaks.py",
    "tests/content/test_next_steps.py",
    "tests/content/test_structured.py",
    "tests/content/test_why.py",
    "tests/enquiries/test_forms.py",
    "tests/enquiries/test_help.py",
    "tests/enquiries/test_queue.py",
    "tests/enquiries/test_help_address.py",
    "tests/guards/test_attacks.py",
    "tests/guards/test_headers.py",
    "tests/guards/test_hostile.py",
    "tests/guards/test_reading_changes_nothing.py",
    "tests/guards/test_listed.py",
    "tests/guards/test_production.py",
    "tests/guards/test_tree.py",
    "tests/guards/test_wire.py",
    "tests/profile/test_pages.py",
    "tests/billing/test_machine.py",
    "tests/billing/test_life.py::test_every_mail_about_money_renders",
    "tests/journeys/test_account.py",
    "tests/trials/test_attacks.py::test_every_reminder_of_a_trial_goes_once_even_when_two_look_each_hour[postgresql-2026-1",
    "tests/trials/test_attacks.py::test_every_reminder_of_a_trial_goes_once_even_when_two_look_each_hour[postgresql-2028",
    "tests/trials/test_in_browser.py",
    "tests/trials/test_more.py",
    "tests/trials/test_pages.py",
)
_STORY = re.compile(r"tests/journeys/.*\[(sqlite|postgresql)")
_CRAWL = "tests/guards/test_crawl.py"
_MACHINE = "tests/billing/test_machine.py"


def left_out(nodeid: str) -> bool:
    """True for a test of pages on the second database."""
    return nodeid.startswith(LEFT_TO_CI) and "[postgresql" in nodeid


class Shared(LoadScopeScheduling):
    """Stories on one database stay in one process, so that their portal is started once; the crawls likewise.

    xdist's own groups are lost under pytest 9.2: they are written into an id that it no longer reads.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_CRAWL):
            return _CRAWL
        if nodeid.startswith(_MACHINE):
            return nodeid  # its parts are there to be shared out
        story = _STORY.search(nodeid)
        return f"stories on {story[1]}" if story else nodeid
