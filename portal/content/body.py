"""An article's text: Markdown in, safe HTML out, with its outline and the preview that anyone may read.

Everything is worked out once, when an article is saved. Raw HTML is not Markdown here, and what is left goes through
an allow-list; French typography touches text only, never addresses or code. A block of code called "chart" is drawn.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from slugify import slugify

from portal.content import charts, preview
from portal.typography import french

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_TAGS = {"p", "h2", "h3", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "blockquote", "hr", "br"}
_TAGS |= {"strong", "em", "a", "code", "pre", "sup"}
_ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "ol": {"start"}}
_TABLE_WORDS = {"fr": "Tableau", "en": "Table"}
_FIRST = re.compile(r"\b1(er|re)\b")
_WORD = re.compile(r"\w[\w’'.,-]*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the outline. `locked` when it stands beyond the preview."""

    text: str
    id: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level piece of the text: its tokens, its safe HTML and its plain text."""

    kind: str
    tokens: tuple[Token, ...]
    html: str
    plain: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A whole text, ready to be stored. `words` counts all, `words_locked` what the preview leaves out."""

    html: str
    preview: str
    preview_plain: str
    outline: tuple[Heading, ...]
    words: int
    words_locked: int
    tables_locked: int


def render(source: str, lang: str = "fr") -> Text:
    """Make a Markdown text (`##` for its sub-headings, ```chart for figures) into what is stored.

    Raises charts.ChartError for a chart that cannot be drawn.
    """
    blocks = parse(source, lang)
    cut = preview.cut(blocks)
    begun = "".join(block.html for block in blocks[: cut.whole])
    rest = _html(cut.partial) if cut.partial else ""
    shown = "\n".join([*(block.plain for block in blocks[: cut.whole]), *([cut.partial_plain] if cut.partial else [])])
    words = sum(count_words(block.plain) for block in blocks)
    return Text(
        html="".join(block.html for block in blocks),
        preview=begun + rest,
        preview_plain=shown,
        outline=tuple(
            Heading(block.plain, block.anchor, number >= cut.whole)
            for number, block in enumerate(blocks)
            if block.kind == "h2"
        ),
        words=words,
        words_locked=words - count_words(shown),
        tables_locked=sum(block.kind == "table" for block in blocks),
    )


def parse(source: str, lang: str = "fr") -> tuple[Block, ...]:
    """The blocks of a Markdown text, in order."""
    return tuple(_blocks(_tokens(source, lang), lang))


def count_words(plain: str) -> int:
    """How many words a plain text holds; "12 000" counts as two, nobody minds."""
    return len(_WORD.findall(plain))


def _tokens(source: str, lang: str) -> list[Token]:
    tokens = _MARKDOWN.parse(source)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
        for child in token.children or ():
            if lang == "fr" and child.type == "text":
                child.content = french(child.content)
    return tokens


def _blocks(tokens: Sequence[Token], lang: str) -> Iterator[Block]:
    table_word = _TABLE_WORDS.get(lang, _TABLE_WORDS["en"])
    taken: set[str] = set()
    tables = 0
    for piece in _top_level(tokens):
        first = piece[0]
        if first.type == "fence" and first.info.strip() == "chart":
            yield Block("chart", tuple(piece), charts.draw(first.content, lang), "")
            continue
        kind = first.tag if first.tag in ("h2", "h3", "p", "table") else "other"
        plain = _plain(piece)
        anchor = _anchor(plain, taken) if kind == "h2" else ""
        if anchor:
            first.attrSet("id", anchor)
        tables += kind == "table"
        html = _framed(_html(piece), f"{table_word} {tables}") if kind == "table" else _html(piece)
        yield Block(kind, tuple(piece), html, plain, anchor)


def _top_level(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Groups of tokens, one for each block that stands by itself."""
    depth, piece = 0, []
    for token in tokens:
        piece.append(token)
        depth += token.nesting
        if depth == 0:
            yield piece
            piece = []


def _plain(tokens: Sequence[Token]) -> str:
    lines = (preview.plain(token.children) if token.children else token.content for token in tokens)
    return " ".join(line for line in lines if line).strip()


def _anchor(heading: str, taken: set[str]) -> str:
    """An id of its own for a heading; the prefix keeps it apart from the page's ids."""
    base = name = f"s-{slugify(heading, max_length=60) or 'part'}"
    number = 1
    while name in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add(name)
    return name


def _html(tokens: Sequence[Token]) -> str:
    html = _MARKDOWN.renderer.render(list(tokens), _MARKDOWN.options, {})
    clean = nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"}, link_rel="noopener"
    )
    return clean.replace("&nbsp;", "\u00a0")


def _raised(_renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    """A text token as HTML, with the letters of "1er" raised."""
    return _FIRST.sub(r"1<sup>\1</sup>", escapeHtml(tokens[index].content))


_MARKDOWN.add_render_rule("text", _raised)


def _framed(table: str, name: str) -> str:
    """A frame for wide tables that scrolls by itself and that the keyboard can reach."""
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">{table}</div>'
