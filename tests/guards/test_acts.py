"""Whatever the code writes into the audit log has words there, in both languages."""

from pathlib import Path

import pytest

from portal.admin import act_labels
from portal.admin.words import ACTS
from portal.enquiries.models import EnquiryState
from portal.i18n import use_locale
from portal.trials.models import RequestAnswer
from tests.guards.acts import recorded

# Put together at run time; whatever else is must be read here, too.
PUT_TOGETHER = {
    "enquiries/asking.py: enquiry.": {
        f"enquiry.{state.value}" for state in EnquiryState if state is not EnquiryState.OPEN
    },
    "trials/answering.py: trial.request-": {
        "trial.request-closed",
        *(f"trial.request-{answer.value}" for answer in RequestAnswer),
    },
}


def found_in(unreadable: str) -> str:
    """The file and what its act begins with."""
    place, _colon, text = unreadable.partition(": ")
    return f"{place}: {text.removeprefix('f')[1:].partition('{')[0]}"


def test_the_search_follows_an_act_to_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "service.py").write_text(
        "KNOWN = 'a.constant'\n"
        "def plain(s): audit.record(s, 'a.plain')\n"
        "def once(s): audit.record_once(s, KNOWN, since=1)\n"
        "def chosen(s, x): audit.record(s, 'a.yes' if x else 'a.no')\n"
        "def public(s, *, act): _note(s, act)\n"
        "def _note(s, act): audit.record(s, act)\n"
        "def made(s, x): audit.record(s, f'a.{x}')\n"
    )
    (tmp_path / "caller.py").write_text("def call(s):\n    act = 'a.local'\n    service.public(s, act=act)\n")
    search = recorded(tmp_path)
    assert search.found == {"a.constant", "a.plain", "a.yes", "a.no", "a.local"}
    assert search.unreadable == ["service.py: f'a.{x}'"]


def test_every_act_the_code_records_has_words() -> None:
    search = recorded()
    assert sorted(found_in(text) for text in search.unreadable) == sorted(PUT_TOGETHER)
    assert {"grant.given", "trial.extended", "session.opened", "reader.reads-fast"} <= search.found
    acts = search.found.union(*PUT_TOGETHER.values())
    assert sorted(acts - set(ACTS)) == []


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_every_act_can_be_chosen_in_the_filter_by_its_name(locale: str) -> None:
    with use_locale(locale):
        named = {act: name for _subject, acts in act_labels.choices() for act, name in acts}
    assert set(named) == set(ACTS)
    assert all("%(" not in name and "." not in name and name[0].isupper() for name in named.values())
    assert len(set(named.values())) == len(named), "two acts with one name cannot be told apart"
