"""How tests are shared out: which run on both databases, and which in one process around one costly thing."""

import re

from xdist.scheduler import LoadScopeScheduling

# What these suites look at is what a page or a mail says, or what follows when days go by; what speaks to a database in
# its own words (constraints, triggers, migrations, tickets, races, the queries of decisions and reminders) is tested on
# both. `--everywhere` runs these on both, too; CI does (ADR 20).
ON_ONE_DATABASE = (
    "tests/access/test_asking.py",
    "tests/access/test_cli.py",
    "tests/access/test_held.py",
    "tests/access/test_ledger_keys.py",
    "tests/access/test_mails.py",
    "tests/access/test_replay.py",
    "tests/access/test_timeline.py",
    "tests/accounts/test_acquaintance.py",
    "tests/accounts/test_again_by_mail.py",
    "tests/accounts/test_cli.py",
    "tests/accounts/test_devices.py",
    "tests/accounts/test_mail_code.py",
    "tests/accounts/test_origin.py",
    "tests/accounts/test_password_change.py",
    "tests/accounts/test_preferences.py",
    "tests/accounts/test_recovery.py",
    "tests/accounts/test_registration.py",
    "tests/accounts/test_second_address.py",
    "tests/accounts/test_second_factor.py",
    "tests/accounts/test_second_step.py",
    "tests/accounts/test_security_history.py",
    "tests/accounts/test_sign_in.py",
    "tests/accounts/test_signals.py",
    "tests/accounts/test_unsent.py",
    "tests/admin/",
    "tests/billing/test_cancelling.py",
    "tests/billing/test_catalogue.py",
    "tests/billing/test_changing.py",
    "tests/billing/test_exporting.py",
    "tests/billing/test_home.py",
    "tests/billing/test_leaving_without_account.py",
    "tests/billing/test_life.py",
    "tests/billing/test_machine.py",
    "tests/billing/test_money_back.py",
    "tests/billing/test_names.py",
    "tests/billing/test_quote_pages.py",
    "tests/billing/test_promotions.py",
    "tests/billing/test_rare_cases.py",
    "tests/billing/test_renewals.py",
    "tests/billing/test_summary.py",
    "tests/billing/test_withdrawing.py",
    "tests/content/",
    "tests/dev/",
    "tests/enquiries/",
    "tests/guards/test_attacks.py",
    "tests/guards/test_headers.py",
    "tests/guards/test_hostile.py",
    "tests/guards/test_hostile_texts.py",
    "tests/guards/test_listed.py",
    "tests/guards/test_production.py",
    "tests/guards/test_reading_changes_nothing.py",
    "tests/guards/test_reasons.py",
    "tests/guards/test_tree.py",
    "tests/guards/test_wire.py",
    "tests/house/",
    "tests/journeys/",
    "tests/newsletters/",
    "tests/profile/test_address.py",
    "tests/profile/test_cards.py",
    "tests/profile/test_copies.py",
    "tests/profile/test_erasure_asked.py",
    "tests/profile/test_inviting.py",
    "tests/profile/test_joining.py",
    "tests/profile/test_managers.py",
    "tests/profile/test_pages.py",
    "tests/profile/test_removing.py",
    "tests/profile/test_team.py",
    "tests/reading/test_saved.py",
    "tests/test_retention.py",
    "tests/test_scale.py",
    "tests/trials/test_answers.py",
    "tests/trials/test_attacks.py::test_every_reminder_of_a_trial_goes_once_even_when_two_look_each_hour",
    "tests/trials/test_form.py",
    "tests/trials/test_in_browser.py",
    "tests/trials/test_more.py",
    "tests/trials/test_pages.py",
    "tests/trials/test_reminders.py",
    "tests/trials/test_requests.py",
)
# Among those, what PostgreSQL could answer in another way: two people at once, plans of queries.
ON_BOTH = (
    "tests/admin/test_twice.py",
    "tests/trials/test_reminders.py::test_many_readers_are_walked_through_page_by_page",
    "tests/trials/test_reminders.py::test_the_query_uses_the_index_of_trial_ends",
)
# These open everything once more, as somebody else or with junk in every field.
WALKS = (
    "tests/guards/test_attacks.py::test_junk_in_every_field_is_never_an_error_of_the_server",
    *(
        f"tests/guards/test_crawl.py::test_every_link_of_the_demonstration_leads_somewhere[{who}]"
        for who in ("stranger in English", "trial reader", "manager")
    ),
)
_STORY = re.compile(r"tests/journeys/.*\[(sqlite|postgresql)")
_CRAWL = "tests/guards/test_crawl.py"
_MACHINE = "tests/billing/test_machine.py"


def left_to_ci(nodeid: str) -> bool:
    """True for a test of pages on the second database, and for a walk through the whole house that repeats another."""
    repeats = nodeid.startswith(ON_ONE_DATABASE) and not nodeid.startswith(ON_BOTH)
    return nodeid.startswith(WALKS) or (repeats and "[postgresql" in nodeid)


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
