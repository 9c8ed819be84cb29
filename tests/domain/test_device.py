"""User agents in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_app.domain.device import device_words

_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (f"{_WINDOWS} Chrome/142.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{_WINDOWS} Chrome/142.0.0.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        (f"{_WINDOWS} Chrome/142.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows"),
        (f"{_PHONE} Version/18.1 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{_PHONE} CriOS/142.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",
            "Safari on Mac",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox on Linux",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/142.0 Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Chrome/142 Safari/537",
            "Chrome on ChromeOS",
        ),
        ("curl/8.5.0", "curl"),
        ("python-httpx/0.28.1", "python-httpx"),
        ("", "An unnamed program"),
        ("<script>alert(1)</script>", "An unnamed program"),
    ],
)
def test_device_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words


@given(st.text(max_size=400))
def test_any_agent_gets_a_short_name(agent: str) -> None:
    assert 1 <= len(device_words(agent)) <= 45
