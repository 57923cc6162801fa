"""Addresses out of pasted text, whatever it was pasted from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import pasted


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@x.fr\nb@x.fr\r\nc@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("a@x.fr, b@x.fr; c@x.fr,d@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr", "d@x.fr"]),
        ("a@x.fr b@x.fr\tc@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("Camille Roussel <camille@x.fr>", ["camille@x.fr"]),
        ("Roussel, Camille <camille@x.fr>; Faure, N. <n@x.fr>", ["camille@x.fr", "n@x.fr"]),
        ('"Roussel, Camille; Dr" <camille@x.fr>, b@x.fr', ["camille@x.fr", "b@x.fr"]),
        ("Camille Roussel camille@x.fr", ["camille@x.fr"]),
        ("<a@x.fr>\n<mailto:b@x.fr?subject=x>\nmailto:c@x.fr", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("« a@x.fr » ; (b@x.fr). 'c@x.fr'", ["a@x.fr", "b@x.fr", "c@x.fr"]),
        ("\u200ba@x.fr\ufeff\u00a0,\u00a0b@x.fr", ["a@x.fr", "b@x.fr"]),
        ("inès@clinique.fr\nA.B+c@sub.example.co.uk", ["inès@clinique.fr", "A.B+c@sub.example.co.uk"]),
        ("", []),
        (" , ;\n\t", []),
    ],
)
def test_addresses_are_read_in_their_order(text: str, addresses: list[str]) -> None:
    found = pasted.read(text)
    assert (found.addresses, found.repeated, found.unreadable) == (addresses, [], [])


def test_one_account_typed_twice_is_one_address_named_once_as_repeated() -> None:
    found = pasted.read("Camille@x.fr, b@x.fr, camille@X.FR, CAMILLE@x.fr, ｂ@x.fr")
    assert found.addresses == ["Camille@x.fr", "b@x.fr"]
    assert found.repeated == ["Camille@x.fr", "b@x.fr"]


@pytest.mark.parametrize(
    ("text", "unreadable"),
    [
        ("E-mail\na@x.fr", ["E-mail"]),
        ("a@x.fr, camille chez x.fr", ["camille chez x.fr"]),
        ("a@x.fr; b@; @x.fr; c@@x.fr", ["b@", "@x.fr", "c@@x.fr"]),
        ("Roussel; Camille <pas une adresse>; a@x.fr", ["Roussel", "Camille <pas une adresse>"]),
        ("Roussel, a@x.fr", ["Roussel"]),
        ('a@x.fr\n"jamais fermé', ['"jamais fermé']),
        ("a@x.fr\n" + "x" * 500, ["x" * 80]),
    ],
)
def test_what_is_no_address_is_kept_to_be_shown(text: str, unreadable: list[str]) -> None:
    found = pasted.read(text)
    assert (found.addresses, found.unreadable) == (["a@x.fr"], unreadable)


def test_an_address_that_nobody_could_register_with_is_one_all_the_same() -> None:
    assert pasted.read("a@yopmail.com").addresses == ["a@yopmail.com"]


@given(st.text(st.sampled_from('ab@.x<>,;"\n\t \u200b\0é\ud800'), max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    found = pasted.read(text)
    assert pasted.read("\n".join(found.addresses)).addresses == found.addresses
