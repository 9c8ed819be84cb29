"""Where a form of ours may be told to send requests."""

from typing import Any

import pytest

from crm_app.config import Settings
from crm_app.errands.addresses import check_address, check_reachable
from crm_app.errors import InvalidInputError, RetryableError

DEMO = Settings(environment="demo")


def production(**more: Any) -> Settings:
    return Settings(environment="production", secret_keys="k" * 40, **more)  # pyright: ignore[reportArgumentType]


def leads_to(*addresses: str) -> Any:
    def resolve(host: str, port: None, **more: Any) -> list[Any]:
        del port, more
        if not addresses:
            raise OSError(host)
        return [(0, 0, 0, "", (address, 0)) for address in addresses]

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example.com",
        "ftp://shop.example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:word@shop.example.com",
        "https://shop.example.com/?next=1",
        "https://shop.example.com/#top",
        "https://shop.example.com:99999",
        "https://[::1",
        "https://shop.example.com/a b",
        "https://sh\x00op.example.com",
        "https://shöp.example.com",
        "https://shop.example.com/" + "a" * 300,
    ],
)
def test_what_is_no_address_is_refused_at_its_field(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_address(url, settings=DEMO)

    assert set(caught.value.details) == {"base_url"}


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must be refused
        "::1",
        "fd00::1",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:5",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "fec0::1",
        "224.0.0.1",
        "ff02::1",
        "::7f00:1",
    ],
)
def test_in_production_no_address_leads_into_a_private_network(address: str) -> None:
    url, resolve = "https://shop.example.com", leads_to("93.184.215.14", address)

    with pytest.raises(InvalidInputError, match="private network"):
        check_address(url, settings=production(), resolve=resolve)
    with pytest.raises(RetryableError, match="private network"):
        check_reachable(url, settings=production(), resolve=resolve)
    with pytest.raises(InvalidInputError, match="private network"):
        check_address(
            url, settings=Settings(environment="demo", allow_loopback=False), resolve=resolve
        )


@pytest.mark.parametrize(
    ("address", "demo", "private"),
    [
        ("127.0.0.1", True, True),
        ("::1", True, True),
        ("::ffff:127.0.0.1", True, True),
        ("10.0.0.5", False, True),
        ("fd00::1", False, True),
        # A cloud's metadata, everybody at once, and nobody: nowhere and never.
        ("169.254.169.254", False, False),
        ("fe80::1%eth0", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),  # noqa: S104 - an address that must be refused
    ],
)
def test_only_what_a_setting_opens_is_opened(address: str, demo: bool, private: bool) -> None:
    def is_taken(settings: Settings) -> bool:
        try:
            check_address("https://shop.example.com", settings=settings, resolve=leads_to(address))
        except InvalidInputError:
            return False
        return True

    assert is_taken(DEMO) is demo
    assert is_taken(production(allow_private_channels=True)) is private
    assert is_taken(production(allow_loopback=True)) is demo
    assert not is_taken(production())


def test_where_alerts_are_posted_is_encrypted_in_production() -> None:
    public = leads_to("93.184.215.14")

    with pytest.raises(InvalidInputError, match="https"):
        check_address(
            "http://hooks.example.com", only_https=True, settings=production(), resolve=public
        )
    assert check_address("http://hooks.example.com", settings=production(), resolve=public)


def test_a_public_address_is_taken_without_its_last_slash() -> None:
    public = leads_to("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")

    found = check_address(" https://shop.example.com/api/ ", settings=production(), resolve=public)

    assert found == "https://shop.example.com/api"


def test_a_name_that_nobody_has_is_said() -> None:
    with pytest.raises(InvalidInputError, match=r"There is no host shop\.invalid"):
        check_address("https://shop.invalid", settings=production(), resolve=leads_to())
