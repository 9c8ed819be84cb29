"""The image and the compose file name things that exist here. No engine is needed."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from crm_app import run

ROOT = Path(__file__).parents[2]
COMMANDS = set(re.findall(r"\w+", run.USAGE.partition("[")[2]))
OURS = ("web", "worker", "sender", "clock", "migrate")


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile in order: `("RUN", "python -m venv ...")`."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def test_every_copied_file_exists_and_reaches_the_build(steps: list[tuple[str, str]]) -> None:
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    copied = [
        source
        for name, rest in steps
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]

    assert copied
    for source in copied:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in allowed


def test_every_module_that_the_image_runs_exists(steps: list[tuple[str, str]]) -> None:
    text = " ".join(
        rest for name, rest in steps if name in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"}
    )
    modules = set(re.findall(r"crm_app(?:\.\w+)+", text))

    assert modules == {"crm_app.run", "crm_app.healthcheck"}
    for module in modules:
        assert (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
    assert set(re.findall(r"crm_app\.run (\w+)", text)) <= COMMANDS


def test_packages_left_out_of_the_image_are_requirements(steps: list[tuple[str, str]]) -> None:
    (removal,) = [rest for _, rest in steps if "pip uninstall" in rest]
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8")

    for package in shlex.split(removal.partition("--yes")[2]):
        assert package.removesuffix("-binaries") in required


def test_the_image_runs_as_nobody_special_and_is_checked(steps: list[tuple[str, str]]) -> None:
    final = steps[max(i for i, (name, _) in enumerate(steps) if name == "FROM") :]
    settings = dict(part for part in final if part[0] in {"USER", "HEALTHCHECK", "ENTRYPOINT"})

    assert int(settings["USER"]) > 0
    assert "healthcheck" in settings["HEALTHCHECK"]
    assert any(name == "CMD" and rest == '["web"]' for name, rest in final)
    assert any(name == "ENV" and "CRM_ENVIRONMENT=production" in rest for name, rest in final)


def test_one_image_serves_every_process_of_ours(compose: dict[str, Any]) -> None:
    services = compose["services"]

    assert {name for name in services if services[name].get("build")} == set(OURS)
    assert len({services[name]["image"] for name in OURS}) == 1
    assert {tuple(services[name]["command"]) for name in OURS} == {(name,) for name in OURS}
    assert set(OURS) <= COMMANDS


def test_nothing_starts_before_the_schema_is_there(compose: dict[str, Any]) -> None:
    for name in ("web", "worker", "sender", "clock"):
        waits = compose["services"][name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert waits["postgres"] == waits["valkey"] == {"condition": "service_healthy"}
    assert compose["services"]["migrate"]["restart"] == "no"
    for name in ("postgres", "valkey"):
        assert compose["services"][name]["healthcheck"]["test"]
        assert compose["services"][name]["volumes"]


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")

    for name in re.findall(r"\$\{(CRM_\w*(?:SECRET|PASSWORD)\w*)", text):
        assert f"${{{name}:-" not in text
        assert f"${{{name}:?" in text
    assert compose["services"]["web"]["environment"]["CRM_ENVIRONMENT"] == "production"
    assert compose["services"]["web"]["ports"][0].startswith("127.0.0.1:")


def test_servers_are_the_versions_that_we_test_with(compose: dict[str, Any]) -> None:
    assert compose["services"]["postgres"]["image"] == "postgres:18"
    assert compose["services"]["valkey"]["image"] == "valkey/valkey:9"
    assert "noeviction" in compose["services"]["valkey"]["command"]
