"""Charts: what editors write is drawn, what cannot be drawn is refused in plain words, nothing of it is markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.content import body
from portal.content.charts import KINDS, ChartError, draw, number
from tests.content.test_body import assert_balanced

PLAIN = 'title = "Délai moyen"\nkind = "{kind}"\nunit = "jours"\nsource = "calculs"\nlabels = ["A", "B", "C"]\n'
ONE = PLAIN + "values = [12, 15.5, {value}]\n"
TWO = PLAIN + '[[series]]\nname = "Avant"\nvalues = [1, 2, 3]\n[[series]]\nname = "Après"\nvalues = [3, -2, 1]\n'


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", [ONE, TWO], ids=["one series", "two series"])
def test_every_kind_is_drawn_with_its_figures_as_a_table(kind: str, source: str) -> None:
    html = draw(source.replace("{kind}", kind).replace("{value}", "3"), "fr")
    assert_balanced(html)
    assert 'role="img" aria-label="Délai moyen"' in html
    assert "<details><summary>Les chiffres du graphique</summary>" in html
    assert html.count("<tr>") == 4 and "style=" not in html and "nan" not in html


def test_figures_are_told_as_the_language_writes_them() -> None:
    assert number(1234.5, "fr") == "1\u202f234,5"
    assert number(1234.5, "en") == "1,234.5"
    assert number(-2, "fr") == "−2"
    assert "15,5\u00a0jours" in draw(ONE.replace("{kind}", "bars").replace("{value}", "3"), "fr")
    assert "15.5\u00a0jours" in draw(ONE.replace("{kind}", "bars").replace("{value}", "3"), "en")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("title = ", "not written in TOML"),
        ('kind = "bars"\n', "lacks title"),
        (ONE.replace("{kind}", "pie").replace("{value}", "1"), "is no kind of chart"),
        (PLAIN.replace("{kind}", "bars") + "values = 3\n", "in square brackets"),
        (PLAIN.replace("{kind}", "bars") + "series = [1, 2]\n", "in square brackets"),
        (PLAIN.replace("{kind}", "bars") + 'series = "x"\n', "in square brackets"),
        (ONE.replace("{kind}", "bars").replace('["A", "B", "C"]', '"ABC"').replace("{value}", "1"), "square brackets"),
        (ONE.replace("{kind}", "bars").replace("{value}", "true"), "one number for each label"),
        (ONE.replace("{kind}", "bars").replace("{value}", "nan"), "one number for each label"),
        (ONE.replace("{kind}", "bars").replace("15.5, {value}", "15.5"), "one number for each label"),
        (ONE.replace("{kind}", "bars").replace('"A", "B", "C"', '"A"').replace("{value}", "1"), "two to 14 labels"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_plain_words(source: str, words: str) -> None:
    with pytest.raises(ChartError, match=words):
        draw(source, "fr")


def test_nothing_in_a_chart_is_markup() -> None:
    source = ONE.replace("{kind}", "bars").replace("{value}", "1").replace('"A"', '"<script>alert(1)</script>"')
    html = draw(source.replace("Délai moyen", "<b onclick=x>"), "fr")
    assert "<script" not in html and "<b " not in html and "&lt;script&gt;" in html


@given(
    st.sampled_from(KINDS),
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=2, max_size=14),
)
def test_whatever_the_figures_every_length_lies_within_the_plot(kind: str, values: list[float]) -> None:
    labels = [f"L{place}" for place in range(len(values))]
    html = draw(f'title = "T"\nkind = "{kind}"\nsource = "s"\nlabels = {labels}\nvalues = {values}\n', "en")
    shares = [float(share) for share in re.findall(r'"(-?[\d.]+)%"', html)]
    assert shares and all(-0.01 <= share <= 100.01 for share in shares)


def test_a_chart_never_stands_in_the_preview() -> None:
    chart = "```chart\n" + ONE.replace("{kind}", "bars").replace("{value}", "1") + "```\n"
    made = body.render(f"Une phrase qui ouvre le sujet.\n\n{chart}\n" + "Une phrase de plus. " * 60, "fr")
    assert "plot" in made.html and "plot" not in made.preview
