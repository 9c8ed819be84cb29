"""The Makefile says what it can do, and what it needs when that is missing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def empty_checkout(tmp_path: Path) -> Path:
    """A checkout without a virtual environment, so that nothing is ever installed."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements.txt").touch()
    return tmp_path


def test_make_alone_lists_every_target() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None

    answer = make(ROOT)

    assert answer.returncode == 0
    assert re.findall(r"make (\w+) ", answer.stdout) == phony[1].split()
    assert {"run", "test", "lint", "bench", "migrate"} <= set(phony[1].split())


def test_without_a_new_enough_python_it_says_so(empty_checkout: Path) -> None:
    answer = make(empty_checkout, "run", "PYTHON=")

    assert answer.returncode != 0
    assert "Python 3.11 or newer is needed" in answer.stdout


def test_a_python_without_venv_is_named_with_its_package(empty_checkout: Path) -> None:
    python = empty_checkout / "python3"
    python.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.12.0 || exit 1\n')
    python.chmod(0o755)

    answer = make(empty_checkout, "run", f"PYTHON={python}")

    assert answer.returncode != 0
    assert "apt install python3-venv" in answer.stdout
    assert not (empty_checkout / ".venv").exists()


def test_an_old_python_is_passed_over_for_a_new_one(empty_checkout: Path) -> None:
    folder = empty_checkout / "bin"
    folder.mkdir()
    for name, is_new in (("python3.13", False), ("python3.12", True), ("python3", False)):
        program = folder / name
        program.write_text(f"#!/bin/sh\nexit {0 if is_new else 1}\n")
        program.chmod(0o755)
    with (empty_checkout / "Makefile").open("a") as file:
        file.write("\nshow:\n\t@echo chosen $(PYTHON)\n")

    answer = make(empty_checkout, "show", PATH=f"{folder}:/usr/bin:/bin")

    assert answer.stdout.strip() == "chosen python3.12"
