"""A connection goes to the address that was looked at, and to no other."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from crm_app.channels.outward import OutwardTransport, Reach


class Answering(BaseHTTPRequestHandler):
    hosts: list[str] = []

    def do_GET(self) -> None:
        self.hosts.append(self.headers["host"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        del format, args


@pytest.fixture
def port() -> Iterator[int]:
    """A server on this machine, as the database beside us would be one."""
    Answering.hosts = []
    server = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Turning:
    """A name that leads to a public address when it is looked at and then to this machine."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: None, **more: Any) -> list[Any]:
        del host, port, more
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, 0, 0, "", (answer, 0))]


def get(url: str, reach: Reach, resolve: Any) -> httpx.Response:
    with httpx.Client(transport=OutwardTransport(reach, resolve=resolve), timeout=2) as client:
        return client.get(url)


def test_the_name_is_asked_once_and_its_answer_is_where_the_connection_goes(port: int) -> None:
    resolve = Turning("127.0.0.1", "198.51.100.1")

    answer = get(f"http://shop.example.com:{port}/", Reach(loopback=True), resolve)

    assert (answer.status_code, resolve.asked) == (200, 1)
    assert Answering.hosts == [f"shop.example.com:{port}"]


def test_a_name_that_turns_to_this_machine_reaches_nothing(port: int) -> None:
    # The form looked at it a moment ago and saw a public address; now it is connected to.
    with pytest.raises(httpx.ConnectError, match="private network"):
        get(f"http://shop.example.com:{port}/", Reach(), Turning("127.0.0.1"))

    assert Answering.hosts == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_no_spelling_of_this_machine_is_reached(port: int, host: str) -> None:
    with pytest.raises((httpx.ConnectError, httpx.InvalidURL)):
        get(f"http://{host}:{port}/", Reach(), socket.getaddrinfo)

    assert Answering.hosts == []


def test_one_private_address_among_public_ones_is_reason_enough(port: int) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (one, 0)) for one in ("93.184.215.14", "169.254.169.254")]

    with pytest.raises(httpx.ConnectError, match="private network"):
        get(f"http://shop.example.com:{port}/", Reach(loopback=True, private=True), resolve)
