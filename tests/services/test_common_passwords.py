"""Passwords that everybody tries first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.config import DEMO_PASSWORD
from crm_app.services import passwords
from crm_app.services.common_passwords import is_common
from tests.factories import PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "P@ssw0rd2026!",
        "Passw0rd!Passw0rd!",
        "123456789012",
        "qwertyuiop123",
        "QWERTYuiop!@#",
        "aaaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijklm",
        "Welcome@2026!!",
        "iloveyou123456",
        "letmein-letmein",
        "Admin Admin 2026",
        "11111111111111111111",
        "1q1q1q1q1q1q1q",
        "Summer2026Summer",
        "asha.kulkarni.2026",
        "Palmonas@12345",
        # In the lists of what leaked, or a word of them and what people put behind it.
        "1q2w3e4r5t6y",
        "liverpool1234",
        "manchester2024",
        "sachin123456",
        "barcelona1899",
        "chelseafc12345",
        "unbelievable",
        "congratulations",
        "zaq1xsw2cde3",
        "michaeljordan23",
        "tendulkar10!",
        "JaiShreeRam108",
        "mumbaiindians1",
        "thisismypassword",
    ],
)
def test_common_ones_are_recognised_however_they_are_written(password: str) -> None:
    assert is_common(password, ("Asha Kulkarni", "asha@palmonas.test", "Palmonas"))


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        DEMO_PASSWORD,
        "a river of seven stones",
        "another good password",
        "Kx7#qZ!mP2vL",
        "zwölf blaue Enten am Teich",
        "kettle orbit lantern",
        "blue window tram",
        "my cat eats fish",
        "7hTq9vXw2LmK",
    ],
)
def test_one_of_one_s_own_is_not(password: str) -> None:
    assert not is_common(password, ("Asha Kulkarni",))


def test_what_we_make_up_is_never_common() -> None:
    assert not any(is_common(passwords.generate()) for _ in range(500))


def test_the_words_about_one_person_say_nothing_of_another() -> None:
    own, other = "quillonbrexham", ("Quill Onbrexham", "q@palmonas.test")

    is_hers, is_his = is_common(own, (*other, own)), is_common(own, ("Asha Kulkarni",))

    assert (is_hers, is_his) == (True, False)


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_common(text) in (True, False)
