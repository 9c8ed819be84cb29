"""Data folders that leave nothing behind, also where PostgreSQL keeps its files elsewhere."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_app import embedded


@pytest.fixture
def make_data_dir() -> Iterator[Callable[[str], Path]]:
    """Make data folders below a temporary one; `make_data_dir("a/b")` only names it."""
    # Not tmp_path: that one is closed to PostgreSQL's user when root runs the tests.
    base = Path(tempfile.mkdtemp(prefix="crm-house-"))
    base.chmod(0o755)
    made: list[Path] = []

    def make(name: str) -> Path:
        made.append(base / name)
        return made[-1]

    yield make
    for data_dir in made:
        embedded.discard(data_dir)
    shutil.rmtree(base)


@pytest.fixture
def data_dir(make_data_dir: Callable[[str], Path]) -> Path:
    return make_data_dir("data")
