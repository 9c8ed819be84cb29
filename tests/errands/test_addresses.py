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
    ],
)
def test_in_production_no_address_leads_into_a_private_network(address: str) -> None:
    url, resolve = "https://shop.example.com", leads_to("93.184.215.14", address)

    with pytest.raises(InvalidInputError, match="private network"):
        check_address(url, settings=production(), resolve=resolve)
    with pytest.raises(RetryableError, match="private network"):
        check_reachable(url, settings=production(), resolve=resolve)
    check_address(url, settings=DEMO, resolve=resolve)
    check_address(url, settings=production(allow_private_channels=True), resolve=resolve)


def test_a_public_address_is_taken_without_its_last_slash() -> None:
    public = leads_to("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")

    found = check_address(" https://shop.example.com/api/ ", settings=production(), resolve=public)

    assert found == "https://shop.example.com/api"


def test_a_name_that_nobody_has_is_said() -> None:
    with pytest.raises(InvalidInputError, match=r"There is no host shop\.invalid"):
        check_address("https://shop.invalid", settings=production(), resolve=leads_to())
