"""A folder for the servers of one drill."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_app import embedded

# Minutes each, and more on a busy machine: `make drills` runs them.
collect_ignore = (
    [] if os.environ.get("CRM_ALL_DRILLS") else ["test_crash_run.py", "test_fault_run.py"]
)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # Not tmp_path: that one is closed to PostgreSQL's user when root runs the tests.
    made = Path(tempfile.mkdtemp(prefix="crm-drill-test-"))
    made.chmod(0o755)
    yield made
    embedded.discard(made)
    shutil.rmtree(made, ignore_errors=True)
