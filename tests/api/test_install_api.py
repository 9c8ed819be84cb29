"""What makes the desk an app: its manifest, its icons, and the worker behind it."""

import struct
from pathlib import Path

from fastapi.testclient import TestClient

from crm_app.api.install import manifest_of
from tests.conftest import ROOT

ASSETS = ROOT / "assets"


def size_of(png: Path) -> tuple[int, int]:
    """Width and height as the file's own head says them."""
    head = png.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", head[16:24])


def test_the_manifest_names_the_brand_before_anybody_signs_in(client: TestClient) -> None:
    answer = client.get("/manifest.webmanifest")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/manifest+json"
    said = answer.json()
    assert said["name"].endswith(" order desk")
    assert (said["start_url"], said["display"], said["scope"]) == ("/", "standalone", "/")


def test_every_icon_of_the_manifest_exists_in_the_size_that_it_claims() -> None:
    icons = manifest_of("Palmonas")["icons"]

    for icon in icons:
        width, height = size_of(ASSETS / icon["src"].removeprefix("/"))
        assert icon["sizes"] == f"{width}x{height}"
    # What browsers ask for before they offer to install.
    assert {icon["sizes"] for icon in icons} == {"192x192", "512x512"}
    assert [icon.get("purpose") for icon in icons].count("maskable") == 2
    assert size_of(ASSETS / "icons" / "apple-180.png") == (180, 180)


def test_the_worker_keeps_no_script_of_the_pages_and_names_files_that_exist() -> None:
    worker = (ASSETS / "sw.js").read_text()
    page = (ASSETS / "connection.js").read_text()
    always = worker.split("const ALWAYS = [")[1].split("]")[0]
    kept = [line.strip(' ",') for line in always.splitlines() if line.strip()]

    assert all((ASSETS / name.removeprefix("/")).exists() for name in kept)
    assert [name for name in kept if name.endswith(".js")] == ["/offline.js"]
    # Both forget after the same time.
    limit = "const LONGEST_MS = 8 * 3600 * 1000;"
    assert limit in worker
    assert limit in page
