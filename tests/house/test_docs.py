"""Documents that can drift from the code."""

import re

from crm_app.config import Settings
from crm_app.ui.pages import PAGES
from crm_app.ui.shared.help import KEYS
from crm_app.ui.shared.navigation import PLACES
from docs.pictures import PLACES as PICTURES
from tests.conftest import ROOT

# The browser itself follows a link on Enter.
OTHER_KEYS = {"Enter", "Ctrl K", "Alt ←"}
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


def test_the_guide_tells_every_key_and_no_other() -> None:
    guide = (ROOT / "docs" / "guide" / "README.md").read_text()
    table = guide[guide.index("| key | does |") :].split("\n\n")[0]
    told = {key for row in re.findall(r"^\| (.+?) \|", table, re.M) for key in in_code(row)}

    meant = {" ".join(names) for names, _ in KEYS if names[0] != "g"}
    letters = {place.letter for place in PLACES}

    # The other arrow, and the letters with the g that they follow.
    assert told == meant | letters | {"g", "Alt →"}


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_desk_hears_every_key_that_it_tells() -> None:
    code = "".join(
        (ROOT / "assets" / f"{name}.js").read_text() for name in ("desk", "order", "palette")
    )
    blocks = re.findall(r"const KEYS = \{(.*?)\n  \};", code, re.DOTALL)
    heard = set(re.findall(r'^    "?([^\s":/]+|/)"?: ', "".join(blocks), re.MULTILINE))
    told = {" ".join(keys) for keys, _ in KEYS if keys[0] != "g"}

    # Shift and x is told with the x; the others are no letters, and looked for below.
    assert {"Esc" if key == "Escape" else key for key in heard} - {"X"} == told - OTHER_KEYS
    assert "event.ctrlKey || event.metaKey" in code
    assert "event.altKey" in (ROOT / "assets" / "grid.js").read_text()


def test_every_page_has_its_way_into_the_guide_s_pictures() -> None:
    assert {page.route for page in PAGES} - set(PICTURES) == set()
