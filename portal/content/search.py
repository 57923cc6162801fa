"""Words without accents, for searching on any database the same way."""

import unicodedata

from portal.content.models import Article, ArticleSearch
from portal.db import AnySession

MAX_WORDS = 8
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'", "\u00a0": " ", "\u202f": " "})


def fold(text: str) -> str:
    """The text in lower case, its accents and ligatures undone, spaces made plain."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return " ".join("".join(sign for sign in bare if not unicodedata.combining(sign)).split())


def words_of(query: str) -> list[str]:
    """What is looked for: the distinct folded words of a query, the first few of them."""
    words = dict.fromkeys(fold("".join(sign if sign.isprintable() else " " for sign in query)).split())
    return list(words)[:MAX_WORDS]


def index(session: AnySession, article: Article, preview: str) -> None:
    """Note what may be searched of an article: title, standfirst and the preview's plain text, nothing locked."""
    folded = fold(f"{article.title} {article.standfirst} {preview}")
    found = session.get(ArticleSearch, article.id)
    if found is None:
        session.add(ArticleSearch(article_id=article.id, folded=folded))
    else:
        found.folded = folded
