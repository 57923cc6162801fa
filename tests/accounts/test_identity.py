"""Addresses as keys: which spellings are one account, which are one person, and which company they belong to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.identity import (
    AddressError,
    canonical,
    checked_address,
    company_key,
    email_key,
    is_disposable,
    is_relay,
)

LOCAL = st.text("abcxyz0189._", min_size=1, max_size=12).filter(lambda text: text.strip(".") == text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Clinique.fr", "ana@clinique.fr"),
        ("ana@clinique.fr", "ana+essai@clinique.fr"),
        ("ana@clinique.fr", "ana+essai+2@clinique.fr"),
        ("\uff41na@clinique.fr", "ana@clinique.fr"),
        ("weiß@clinique.fr", "weiss@clinique.fr"),
        ("jean.dupont@gmail.com", "j.e.a.n.dupont+x@googlemail.com"),
        ("ana.m@proton.me", "anam@pm.me"),
        ("ana@icloud.com", "ana@mac.com"),
        ("ana@yandex.ru", "ana@ya.ru"),
    ],
)
def test_these_are_one_person(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jean.dupont@clinique.fr", "jeandupont@clinique.fr"),
        ("ana@hotmail.com", "ana@outlook.com"),
        ("ana@gmx.fr", "ana@gmx.com"),
        ("ana@clinique.fr", "ana@paris.clinique.fr"),
        ("ana@straße.example", "ana@strasse.example"),
        ("+essai@clinique.fr", "+autre@clinique.fr"),
    ],
)
def test_these_are_two(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(LOCAL, LOCAL, st.sampled_from(["gmail.com", "clinique.fr", "proton.me"]))
def test_a_canonical_address_is_its_own_and_tags_and_capitals_never_matter(local: str, tag: str, domain: str) -> None:
    found = canonical(f"{local}@{domain}")
    assert canonical(found) == found
    assert canonical(f"{local.upper()}+{tag}@{domain.upper()}") == found


@given(LOCAL)
def test_dots_never_matter_where_the_mailbox_ignores_them(local: str) -> None:
    dotted = ".".join(local.replace(".", ""))
    assert canonical(f"{dotted}@gmail.com") == canonical(f"{local}@googlemail.com")


def test_an_account_is_found_by_its_address_and_not_by_its_person() -> None:
    assert email_key("Jean.Dupont@GMAIL.com") == "jean.dupont@gmail.com" != email_key("jeandupont@gmail.com")


@pytest.mark.parametrize("address", ["x@yopmail.com", "x@a.yopmail.com", "x@A.B.Mailinator.com", "x@guerrillamail.com"])
def test_throw_away_addresses_are_refused_under_any_sub_domain(address: str) -> None:
    assert is_disposable(address.partition("@")[2])
    with pytest.raises(AddressError) as refusal:
        checked_address(address)
    assert refusal.value.code == "disposable"


@pytest.mark.parametrize("address", ["а\u0440\u0440le@clinique.fr", "pаypal@clinique.fr", "αdmin@clinique.fr"])
def test_letters_of_several_scripts_are_refused(address: str) -> None:
    with pytest.raises(AddressError) as refusal:
        checked_address(address)
    assert refusal.value.code == "mixed-script"


def test_mixing_is_what_is_refused_and_not_another_script() -> None:
    assert checked_address("анна@clinique.fr") == "анна@clinique.fr"
    with pytest.raises(AddressError) as refusal:
        checked_address("аnna@clinique.fr")  # its first letter is Cyrillic
    assert refusal.value.code == "mixed-script"


RELAYS = ["abc@privaterelay.appleid.com", "x@mozmail.com", "x@ana.mozmail.com", "ana@duck.com", "x@ana.anonaddy.com"]


@pytest.mark.parametrize("address", RELAYS)
def test_relays_pass_are_flagged_and_stand_for_no_company(address: str) -> None:
    assert checked_address(address) == address
    assert is_relay(address.partition("@")[2])
    assert company_key(address) is None


@pytest.mark.parametrize(
    ("domain", "company"),
    [
        ("clinique.fr", "clinique.fr"),
        ("paris.clinique.fr", "clinique.fr"),
        ("nhs.co.uk", "nhs.co.uk"),
        ("lists.nhs.co.uk", "nhs.co.uk"),
        *((name, None) for name in ("sfr.fr", "gmx.fr", "bbox.fr", "neuf.fr", "numericable.fr", "orange.fr")),
        *((name, None) for name in ("free.fr", "laposte.net", "wanadoo.fr", "gmail.com", "hotmail.fr", "proton.me")),
    ],
)
def test_a_company_is_its_registrable_domain_and_free_providers_are_none(domain: str, company: str | None) -> None:
    assert company_key(f"ana@{domain}") == company
    assert not is_relay(domain)
