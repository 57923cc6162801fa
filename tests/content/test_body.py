"""Markdown to safe HTML, and the preview that anyone may read."""

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.content import body

SENTENCES = "Une phrase d’essai, ni longue ni courte. "
VOID = {"br", "hr"}


def text_of(markup: str) -> str:
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", markup)).split())


class Balance(HTMLParser):
    """Fails on an element that is closed twice, never, or across another."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


def assert_balanced(markup: str) -> None:
    parser = Balance()
    parser.feed(markup)
    parser.close()
    assert parser.open == []


def test_raw_html_is_text_and_scripts_never_come_through() -> None:
    made = body.render("Avant <script>alert(1)</script> <b onclick=x>gras</b> après.")
    assert "<script" not in made.html
    assert "<b " not in made.html


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "JaVaScRiPt:x"])
def test_links_lead_to_the_web_or_to_mail_only(address: str) -> None:
    assert "<a " not in body.render(f"Un [lien]({address}) ici.").html


def test_a_link_keeps_its_address_untouched_by_typography() -> None:
    made = body.render("Voir [ce site : oui !](https://example.org/a?b=1'2) et `x : y`.")
    assert 'href="https://example.org/a?b=1\'2"' in made.html
    assert "site\u00a0: oui\u202f!" in made.html
    assert "<code>x : y</code>" in made.html


def test_the_letters_of_a_first_are_raised_in_text_alone() -> None:
    (made,) = body.parse("Le 1er mars, [la 1re fois](https://example.org/1er) & `1er`.")
    assert made.html == (
        '<p>Le 1<sup>er</sup> mars, <a href="https://example.org/1er" rel="noopener">la 1<sup>re</sup> fois</a>'
        " &amp; <code>1er</code>.</p>\n"
    )
    assert made.plain == "Le 1er mars, la 1re fois & 1er."


def test_an_english_text_keeps_its_own_spaces() -> None:
    assert "Really ?" in body.render("Really ?", "en").html


def test_images_and_first_level_headings_do_not_exist_in_a_text() -> None:
    made = body.render("# Titre\n\n![x](https://example.org/x.png) Suite.\n\n#### Petit")
    assert "<img" not in made.html
    assert "<h1" not in made.html
    assert "<h3>Petit</h3>" in made.html


def test_headings_have_ids_of_their_own_even_when_they_are_named_alike() -> None:
    made = body.render("Début.\n\n## La règle\n\nUn.\n\n## La règle\n\nDeux.")
    assert [heading.id for heading in made.outline] == ["s-la-regle", "s-la-regle-2"]
    assert '<h2 id="s-la-regle-2">' in made.html


def test_the_outline_says_which_parts_are_beyond_the_preview() -> None:
    made = body.render(f"{SENTENCES * 9}\n\n## Un\n\n{SENTENCES * 9}\n\n## Deux\n\n{SENTENCES * 40}")
    assert [(heading.text, heading.locked) for heading in made.outline] == [("Un", False), ("Deux", True)]


def test_a_wide_table_scrolls_by_itself_and_can_be_reached_by_keyboard() -> None:
    made = body.render("Début.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert '<div class="scroll" tabindex="0" role="region" aria-label="Tableau 1"><table>' in made.html
    assert made.tables_locked == 1
    assert_balanced(made.html)


def test_a_preview_stops_at_about_seven_hundred_signs_at_the_end_of_a_sentence() -> None:
    made = body.render("\n\n".join([SENTENCES * 5] * 20))
    assert 600 < len(made.preview_plain) <= 720
    assert made.preview_plain.endswith("courte.")


def test_a_short_text_shows_at_most_two_fifths() -> None:
    made = body.render(SENTENCES * 5)
    assert text_of(made.preview) == (SENTENCES * 2).strip()


def test_one_sentence_is_shown_even_when_it_is_very_long() -> None:
    long = "Une phrase " + "très " * 200 + "longue."
    made = body.render(f"{long}\n\n{SENTENCES * 60}")
    assert made.preview_plain == long


def test_nothing_is_shown_of_a_text_that_is_one_sentence() -> None:
    assert body.render("Une seule phrase, c’est tout.").preview == ""


def test_a_preview_never_ends_on_a_heading_or_on_a_question_of_an_interviewer() -> None:
    made = body.render(f"{SENTENCES * 4}\n\n## Suite\n\n**Et alors ?**\n\n{'x' * 900}.\n\n{SENTENCES * 40}")
    assert made.preview.endswith("courte.</p>\n")
    assert "Suite" not in made.preview


def test_a_preview_never_ends_where_a_list_is_announced() -> None:
    made = body.render(f"{SENTENCES * 4}\n\nQuatre conditions :\n\n- un\n- deux\n\n{'x' * 900}.\n\n{SENTENCES * 40}")
    assert "conditions" not in made.preview


def test_a_table_is_never_shown() -> None:
    made = body.render(f"{SENTENCES}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{SENTENCES * 40}")
    assert "<table" not in made.preview
    assert made.tables_locked == 1


@pytest.mark.parametrize("name", ["M. Dupré a parlé", "« Il dit. Puis il part » a-t-on lu", "Selon J. Roche rien"])
def test_a_sentence_does_not_end_at_an_abbreviation_or_inside_a_quotation(name: str) -> None:
    made = body.render(f"{name} et voilà. {SENTENCES * 3}")
    assert made.preview_plain.rstrip().endswith(("voilà.", "courte."))


def test_words_are_counted_and_what_is_locked_is_the_rest() -> None:
    made = body.render(SENTENCES * 10)
    assert made.words == 70
    assert made.words_locked == 42


WORD = st.sampled_from(
    ["donnée", "santé", "l’hôpital", "12 000", "«", "»", "(", ")", "M.", "p. ex.", "A", "fin", "où", ":", "€"]
)
MARK = st.sampled_from(["{}", "**{}**", "*{}*", "[{}](https://example.org/x)", "`{}`", "{}"])
SENTENCE = st.tuples(st.lists(WORD, min_size=1, max_size=12), MARK, st.sampled_from([".", " !", " ?", "…", " :"])).map(
    lambda parts: parts[1].format(" ".join(parts[0])) + parts[2]
)
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=6).map(" ".join)
BLOCK = st.one_of(
    PARAGRAPH,
    PARAGRAPH,
    SENTENCE.map(lambda text: f"## {text}"),
    st.lists(SENTENCE, min_size=1, max_size=4).map(lambda items: "\n".join(f"- {item}" for item in items)),
    SENTENCE.map(lambda text: f"> {text}"),
    SENTENCE.map(lambda text: f"| a | b |\n|---|---|\n| {text} | 2 |"),
    st.text(max_size=60),
)


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@UNHURRIED
@given(st.lists(BLOCK, max_size=14).map("\n\n".join), st.sampled_from(["fr", "en"]))
def test_whatever_is_written_a_preview_is_a_beginning_of_at_most_two_fifths(source: str, lang: str) -> None:
    made = body.render(source, lang)
    whole, shown = text_of(made.html), text_of(made.preview)
    assert whole.startswith(shown)
    assert len(made.preview_plain.replace("\n", "")) <= 0.4 * sum(
        len(block.plain) for block in body.parse(source, lang)
    )
    assert not shown or re.search(r"[.!?…][\s\u00a0\u202f]?[»”]?$", shown)
    assert "<table" not in made.preview
    assert_balanced(made.html)
    assert_balanced(made.preview)
    assert 0 <= made.words_locked <= made.words


@UNHURRIED
@given(st.text(max_size=400))
def test_whatever_is_typed_comes_out_balanced_and_harmless(source: str) -> None:
    made = body.render(source)
    assert_balanced(made.html)
    assert "<script" not in made.html.lower()
    assert "javascript:" not in re.sub(r">[^<]*<", "><", made.html).lower()
