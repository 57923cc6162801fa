"""Charts in an article's text: figures in TOML, drawn by the server as SVG, with the same figures as a table.

Lengths are percentages of whatever width there is and texts keep their size, so that a chart is as legible on a phone
as on a desk; it needs no script, and no style but the site's own sheet.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from portal.typography import NBSP, NNBSP, french

KINDS = ("bars", "columns", "line")
MOST_LABELS, MOST_SERIES = 14, 3
_PLOT, _BAND, _FOOT, _HEAD = 180, 46, 26, 24  # heights in pixels: plot, one bar, labels below, values above
_CROWD = 7  # more labels than this on one line: only some of them are shown on a narrow page
_NARROW, _LETTER = 290, 6.5  # pixels: a plot on the narrowest phone, a letter of a label
_WORDS = {"fr": ("Les chiffres du graphique", f"Source{NBSP}:"), "en": ("The figures of this chart", "Source:")}


class ChartError(ValueError):
    """The figures cannot be drawn; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn: every series has one value for each label."""

    title: str
    kind: str
    unit: str
    source: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    lang: str

    def low(self) -> float:
        """Where the axis begins: at nothing, or at the lowest value below it."""
        return min(0.0, *(min(values) for _name, values in self.series))

    def span(self) -> float:
        """From the lowest to the highest end of the axis; never nothing."""
        return (max(0.0, *(max(values) for _name, values in self.series)) - self.low()) or 1.0

    def share(self, value: float) -> float:
        """How much of the axis lies below the value, from 0 to 1."""
        return (value - self.low()) / self.span()

    def told(self, value: float) -> str:
        """The value with its unit, as the language writes numbers."""
        return f"{number(value, self.lang)}{NNBSP if self.unit in ('%', '€') else NBSP}{self.unit}".strip()


def number(value: float, lang: str) -> str:
    """ "1 234,5" or "1,234.5": no more decimals than were given."""
    text = f"{value:,.10f}".rstrip("0").rstrip(".")
    if lang == "fr":
        text = text.replace(",", NNBSP).replace(".", ",")
    return text.replace("-", "−")


def read(source: str, lang: str) -> Chart:
    """The chart that a block of TOML describes. Raises ChartError."""
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise ChartError(f"A chart is not written in TOML: {error}.") from None
    _check_shape(data)
    missing = [name for name in ("title", "kind", "source", "labels") if not data.get(name)]
    if missing:
        raise ChartError(f"A chart lacks {', '.join(missing)}.")
    polish = french if lang == "fr" else str
    series = data.get("series") or [{"name": data["title"], "values": data.get("values", [])}]
    chart = Chart(
        title=polish(str(data["title"])),
        kind=str(data["kind"]),
        unit=polish(str(data.get("unit", ""))),
        source=polish(str(data["source"])),
        labels=tuple(polish(str(label)) for label in data["labels"]),
        series=tuple((polish(str(one.get("name", ""))), tuple(one.get("values", ()))) for one in series),
        lang=lang,
    )
    _check(chart)
    return chart


def _check_shape(data: dict[str, Any]) -> None:
    """Lists where lists are needed: whoever writes TOML may leave a bracket out."""
    series = data.get("series", [])
    lists = [data.get("labels", []), data.get("values", []), series]
    if isinstance(series, list):
        lists += [one.get("values", []) if isinstance(one, dict) else None for one in series]
    if not all(isinstance(one, list) for one in lists):
        raise ChartError("A chart has labels and values in square brackets, or [[series]] with a name and values each.")


def _check(chart: Chart) -> None:
    if chart.kind not in KINDS:
        raise ChartError(f"“{chart.kind}” is no kind of chart: say {', '.join(KINDS)}.")
    if not 2 <= len(chart.labels) <= MOST_LABELS or not 1 <= len(chart.series) <= MOST_SERIES:
        raise ChartError(f"“{chart.title}”: two to {MOST_LABELS} labels and one to {MOST_SERIES} series can be drawn.")
    for _name, values in chart.series:
        if len(values) != len(chart.labels) or not all(_is_number(value) for value in values):
            raise ChartError(f"“{chart.title}”: every series needs one number for each label.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def draw(source: str, lang: str) -> Markup:
    """The figure: title, drawing, legend, source, and the numbers as a table. Raises ChartError."""
    chart = read(source, lang)
    drawing = {"bars": _bars, "columns": _columns, "line": _line}[_fitting(chart)](chart)
    summary, source_word = _WORDS.get(lang, _WORDS["en"])
    parts = Markup('<figure class="plot"><figcaption><strong>{}</strong></figcaption>{}{}{}').format(
        chart.title, _legend(chart), drawing, _table(chart, summary)
    )
    return parts + Markup('<p class="plot-src">{} {}</p></figure>\n').format(source_word, chart.source)


def _fitting(chart: Chart) -> str:
    """Names too long to stand side by side on a phone lie one above the other."""
    room = _NARROW // min(len(chart.labels), _CROWD)
    too_long = chart.kind == "columns" and max(len(label) for label in chart.labels) * _LETTER > room
    return "bars" if too_long else chart.kind


def _svg(chart: Chart, height: int, shapes: Sequence[Markup]) -> Markup:
    frame = Markup('<svg class="plot-svg" role="img" aria-label="{}" width="100%" height="{}">{}</svg>')
    return frame.format(chart.title, height, Markup("").join(shapes))


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def _bars(chart: Chart) -> Markup:
    """Lying bars: the label above each, its value at the right."""
    thick = 14 if len(chart.series) == 1 else 10
    band = _BAND + (len(chart.series) - 1) * (thick + 4)
    shapes = []
    for row, label in enumerate(chart.labels):
        top = row * band
        shapes.append(Markup('<text class="l" x="0" y="{}">{}</text>').format(top + 15, label))
        told = " · ".join(chart.told(values[row]) for _name, values in chart.series)
        shapes.append(Markup('<text class="n" x="100%" y="{}" text-anchor="end">{}</text>').format(top + 15, told))
        for place, (_name, values) in enumerate(chart.series):
            shapes.append(_bar(chart, values[row], place, top + 22 + place * (thick + 4), thick))
    return _svg(chart, band * len(chart.labels), shapes)


def _bar(chart: Chart, value: float, place: int, top: int, thick: int) -> Markup:
    begin, end = sorted((chart.share(0), chart.share(value)))
    rail = Markup('<rect class="r" x="0" y="{}" width="100%" height="{}"/>').format(top, thick)
    bar = Markup('<rect class="s{}" x="{}" y="{}" width="{}" height="{}"/>')
    return rail + bar.format(place + 1, _percent(begin), top, _percent(end - begin), thick)


def _columns(chart: Chart) -> Markup:
    """Standing columns, one group for each label, the values above when there is one series."""
    count, many = len(chart.labels), len(chart.series)
    zero = _HEAD + _PLOT * (1 - chart.share(0))
    shapes = []
    for column, label in enumerate(chart.labels):
        for place, (_name, values) in enumerate(chart.series):
            top, bottom = sorted((_HEAD + _PLOT * (1 - chart.share(values[column])), zero))
            left = (column + 0.14 + 0.72 * place / many) / count
            bar = Markup('<rect class="s{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>')
            shapes.append(bar.format(place + 1, _percent(left), top, _percent(0.66 / count / many), bottom - top))
            if many == 1:
                shapes.append(_above(chart, column, top - 6, values[column]))
        shapes.append(_below(chart, column, label))
    return _svg(chart, _HEAD + _PLOT + _FOOT, [*shapes, _ground(zero)])


def _middle(chart: Chart, column: int) -> str:
    return _percent((column + 0.5) / len(chart.labels))


def _above(chart: Chart, column: int, height: float, value: float) -> Markup:
    shown = "n m" if _hidden_when_narrow(chart, column) else "n"
    text = Markup('<text class="{}" x="{}" y="{:.1f}" text-anchor="middle">{}</text>')
    return text.format(shown, _middle(chart, column), height, number(value, chart.lang))


def _below(chart: Chart, column: int, label: str) -> Markup:
    shown = "l m" if _hidden_when_narrow(chart, column) else "l"
    text = Markup('<text class="{}" x="{}" y="{}" text-anchor="middle">{}</text>')
    return text.format(shown, _middle(chart, column), _HEAD + _PLOT + 18, label)


def _hidden_when_narrow(chart: Chart, column: int) -> bool:
    step = -(-len(chart.labels) // _CROWD) + 1 if len(chart.labels) > _CROWD // 2 + 1 else 1
    return column % step != 0


def _ground(height: float) -> Markup:
    return Markup('<line class="g" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>').format(height)


def _line(chart: Chart) -> Markup:
    """Lines over time: stretched to the width there is, while dots and words keep their shape."""
    shapes = [_ground(_HEAD + _PLOT * (1 - chart.share(0)))]
    for place, (_name, values) in enumerate(chart.series):
        shapes.append(_stretched(chart, place, values))
        for column, value in enumerate(values):
            top = _HEAD + _PLOT * (1 - chart.share(value))
            dot = Markup('<circle class="s{}" cx="{}" cy="{:.1f}" r="3.5"/>')
            shapes.append(dot.format(place + 1, _middle(chart, column), top))
            if len(chart.series) == 1:
                shapes.append(_above(chart, column, top - 10, value))
    shapes += [_below(chart, column, label) for column, label in enumerate(chart.labels)]
    return _svg(chart, _HEAD + _PLOT + _FOOT, shapes)


def _stretched(chart: Chart, place: int, values: Sequence[float]) -> Markup:
    count = len(values)
    points = " ".join(f"{(n + 0.5) / count * 100:.2f},{100 - chart.share(v) * 100:.2f}" for n, v in enumerate(values))
    inner = Markup(
        '<svg y="{}" width="100%" height="{}" viewBox="0 0 100 100" preserveAspectRatio="none" overflow="visible">'
        '<polyline class="p{}" points="{}" vector-effect="non-scaling-stroke"/></svg>'
    )
    return inner.format(_HEAD, _PLOT, place + 1, points)


def _legend(chart: Chart) -> Markup:
    """The unit, and what each series is called when there are several."""
    nothing = Markup("")
    unit = (
        Markup('<p class="plot-unit">{}</p>').format(chart.unit)
        if chart.unit and _fitting(chart) != "bars"
        else nothing
    )
    if len(chart.series) == 1:
        return unit
    swatch = Markup('<li><svg width="14" height="14" aria-hidden="true"><rect class="s{}" {}/></svg>{}</li>')
    square = Markup('width="14" height="14"')
    names = (swatch.format(place + 1, square, name) for place, (name, _values) in enumerate(chart.series))
    return unit + Markup('<ul class="plot-keys" role="list">{}</ul>').format(nothing.join(names))


def _table(chart: Chart, summary: str) -> Markup:
    heads = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name, _values in chart.series)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            label, Markup("").join(Markup("<td>{}</td>").format(chart.told(v[row])) for _name, v in chart.series)
        )
        for row, label in enumerate(chart.labels)
    )
    table = Markup("<table><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>").format(heads, rows)
    frame = Markup(
        "<details><summary>{0}</summary>"
        '<div class="scroll" tabindex="0" role="region" aria-label="{1}">{2}</div></details>'
    )
    return frame.format(escape(summary), f"{summary}, {chart.title}", table)
