"""Documents that can drift from the code."""

import re

from crm_app.config import Settings
from tests.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_operations_tells_every_setting_and_no_other() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()

    told = set(re.findall(r"^\| `CRM_([A-Z_]+)`", text, re.MULTILINE))

    assert told == {name.upper() for name in Settings.model_fields}


def test_operations_tells_the_true_defaults() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    told = re.findall(r"^\| `CRM_([A-Z_]+)` \| `([^`]+)` \|", text, re.MULTILINE)

    wrong = {name: default for name, default in told if written(name) not in (default, "None")}

    assert wrong == {}
    assert len(told) > 15


def written(name: str) -> str:
    """The default of a setting as a person would type it."""
    value = Settings.model_fields[name.lower()].default
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def test_every_link_inside_the_documents_leads_somewhere() -> None:
    broken: list[str] = []
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#\s]+)\)", document.read_text()):
            if "://" not in target and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")

    assert broken == []


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"^(?:.*`)?make ([a-z]+)\b", document.read_text(), re.MULTILINE)
    }

    assert told <= targets
    assert {"run", "test"} <= told


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))
