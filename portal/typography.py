"""French typography for texts (never for addresses or code): spaces that do not break, apostrophes that curl.

Only spaces that are already there change their kind, so that "https://…" or "15:56" stay as they are.
"""

import re

NBSP = "\u00a0"
NNBSP = "\u202f"

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<=\w)'(?=\w)"), "’"),
    (re.compile(r"«[ \u00a0]"), f"«{NBSP}"),
    (re.compile(r"[ \u00a0]»"), f"{NBSP}»"),
    (re.compile(r" :(?=\s|$|<)"), f"{NBSP}:"),
    (re.compile(r" ([;!?])(?=\s|$|<|[»”)])"), rf"{NNBSP}\1"),
    (re.compile(r"(?<=\d) (?=%(?!\())"), NNBSP),
    (re.compile(r"(?<=\S) (?=[€$£])"), NNBSP),
    (re.compile(r"(?<=\d) (?=M€|Md€|k€)"), NBSP),
    (re.compile(r"(?<=\d) (?=\d{3}(?!\d))"), NNBSP),
    (re.compile(r"\.\.\."), "…"),
)


def french(text: str) -> str:
    """The text with U+00A0 before ":" and inside guillemets, U+202F before ; ! ? % € and between thousands."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
