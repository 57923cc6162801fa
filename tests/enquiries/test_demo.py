"""The demonstration's letters: loaded once, at their hours, some of them answered."""

from sqlalchemy import select

from portal.db import AnySession, writing
from portal.enquiries import demo
from portal.enquiries.models import Enquiry, EnquiryState
from portal.roles import Role
from portal.settings import ROOT
from tests.builders import a_reader, a_vertical, an_article
from tests.conftest import NOON


def test_letters_are_put_once_and_answered_where_they_say_so(session: AnySession) -> None:
    a_reader("prospect@example.org")
    staff = a_reader(demo.ANSWERS, role=Role.SUPPORT)
    article = an_article("panorama-60-jeunes-pousses-sante-des-femmes")
    for slug in ("fintech", "media"):
        a_vertical(slug)
    with writing(session) as unit:
        assert demo.load(unit, ROOT / "demo", NOON) == 5
    with writing(session) as unit:
        assert demo.load(unit, ROOT / "demo", NOON) == 0
    letters = list(session.scalars(select(Enquiry)))
    answered = [letter for letter in letters if letter.state is EnquiryState.ANSWERED]
    assert [letter.answered_by for letter in answered] == [staff.id]
    assert [letter.article_id for letter in letters if letter.article_id] == [article.id]
    assert max(letter.created_at for letter in letters) < NOON
