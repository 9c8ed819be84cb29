"""What we run on is named exactly, so that what was looked at is what runs."""

import json
import re
from pathlib import Path

from tests.conftest import ROOT

_PINNED = re.compile(r"^[A-Za-z0-9_.-]+(\[[a-z_,]+\])?==\d[\w.]*$")


def lines(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    stripped = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("-r ")]


def test_every_python_package_has_one_version() -> None:
    loose = [
        line
        for name in ("requirements.txt", "requirements-dev.txt")
        for line in lines(name)
        if not _PINNED.match(line)
    ]

    assert loose == []


def test_every_package_of_the_browser_has_its_checksum() -> None:
    lock = json.loads((ROOT / "reflex.lock" / "package-lock.json").read_text(encoding="utf-8"))
    packages = {path: found for path, found in lock["packages"].items() if path}

    assert len(packages) > 50
    assert [path for path, found in packages.items() if not _is_proved(found)] == []


def _is_proved(found: dict[str, object]) -> bool:
    return bool(found.get("link")) or str(found.get("integrity", "")).startswith("sha512-")


def test_the_security_page_names_tests_that_are_there() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", text))

    assert len(named) > 20
    assert [name for name in sorted(named) if not Path(ROOT / name).exists()] == []
