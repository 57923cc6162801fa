"""Documents go to whoever may read their article, and to nobody else; the files are what they say they are."""

import io
import zipfile

import pytest
from flask.testing import FlaskClient

from portal.access.vocabulary import ArticleAccess, ArticleState
from portal.content import demo_documents, documents
from portal.content.models import Article, ResourceKind
from portal.db import AnySession, writing
from tests.builders import a_grant, a_reader, an_article
from tests.forms import sign_in

SECRET = b"%PDF-1.4 le canari chante aussi dans les documents"
SOURCE = (
    "## Feuille\n\n| Poste | Valeur |\n|---|---:|\n| Un | 1 200,5 |\n| =SOMME(A1) | nan |\n\nUn texte.\n\n- point\n"
)


@pytest.fixture
def article(session: AnySession) -> Article:
    """A locked article with one document."""
    return an_article("avec-document")


def with_document(article: Article, access: ArticleAccess | None = None) -> str:
    with writing() as unit:
        one = unit.get_one(Article, article.id)
        documents.attach(unit, one, title="Grille d’évaluation", kind=ResourceKind.PDF, content=SECRET, access=access)
    return f"/health/article/{article.slug}/document/grille-d-evaluation.pdf"


def test_a_stranger_is_led_to_the_article_that_says_why(client: FlaskClient, article: Article) -> None:
    path = with_document(article)
    for method in (client.get, client.head):
        answer = method(path, headers={"Range": "bytes=0-10"})
        assert answer.status_code == 302 and b"canari" not in answer.data
        assert answer.headers["Location"] == f"/health/article/{article.slug}#documents"
    page = client.get(f"/health/article/{article.slug}").text
    assert "Grille d’évaluation" in page and path not in page


def test_whoever_has_a_right_gets_the_file_and_nothing_keeps_it(client: FlaskClient, article: Article) -> None:
    reader = a_reader()
    a_grant(reader, vertical="health")
    path = with_document(article)
    sign_in(client, reader)
    assert path in client.get(f"/health/article/{article.slug}").text
    answer = client.get(path)
    assert answer.data == SECRET and answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="grille-d-evaluation.pdf"'


def test_a_document_may_be_freer_than_its_article(client: FlaskClient, article: Article) -> None:
    path = with_document(article, ArticleAccess.FREE)
    assert path in client.get(f"/health/article/{article.slug}").text
    assert client.get(path).data == SECRET


@pytest.mark.parametrize(("state", "status"), [(ArticleState.DRAFT, 404), (ArticleState.WITHDRAWN, 410)])
def test_documents_of_what_is_not_out_are_not_there(client: FlaskClient, state: ArticleState, status: int) -> None:
    path = with_document(an_article("pas-la", state=state), ArticleAccess.FREE)
    assert client.get(path).status_code == status
    assert "Grille" not in client.get("/resources").text


@pytest.mark.parametrize("name", ["autre.pdf", "grille-d-evaluation.xlsx", "../x.pdf", "grille-d-evaluation"])
def test_an_unknown_document_is_not_there(client: FlaskClient, article: Article, name: str) -> None:
    with_document(article)
    assert client.get(f"/health/article/{article.slug}/document/{name}").status_code == 404
    assert client.get(f"/fintech/article/{article.slug}/document/grille-d-evaluation.pdf").status_code == 404


def test_the_list_of_documents_says_which_are_reserved(client: FlaskClient, article: Article) -> None:
    path = with_document(article)
    for page in ("/resources", "/health/resources"):
        text = client.get(page).text
        assert "Grille d’évaluation" in text and path not in text and "Réservé comme l’article" in text
    reader = a_reader()
    a_grant(reader, vertical="health")
    sign_in(client, reader)
    assert path in client.get("/resources").text


def test_files_of_the_demonstration_are_real_and_alike_at_every_run() -> None:
    made = {
        kind: demo_documents.make(kind, title="Essai", source=SOURCE, publication="mind Health", colour="#0a6658")
        for kind in ResourceKind
    }
    assert made[ResourceKind.PDF].startswith(b"%PDF-") and b"%%EOF" in made[ResourceKind.PDF][-10:]
    with zipfile.ZipFile(io.BytesIO(made[ResourceKind.XLSX])) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<v>1200.5</v>" in sheet and "<f>" not in sheet
    again = demo_documents.make(
        ResourceKind.PDF, title="Essai", source=SOURCE, publication="mind Health", colour="#0a6658"
    )
    assert again == made[ResourceKind.PDF]


@pytest.mark.parametrize("content", [b"", b"x" * (documents.LARGEST + 1)], ids=["empty", "too large"])
def test_a_file_that_is_empty_or_too_large_is_refused(session: AnySession, article: Article, content: bytes) -> None:
    with pytest.raises(documents.DocumentError), writing() as unit:
        one = unit.get_one(Article, article.id)
        documents.attach(unit, one, title="X", kind=ResourceKind.PDF, content=content)
