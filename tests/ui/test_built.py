"""Which pages a process serves, as open tabs are told."""

from pathlib import Path

import pytest

from crm_app.ui.shared import built


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page = tmp_path / "index.html"
    monkeypatch.setattr(built, "BUNDLE", page)
    return page


def built_now() -> str:
    """As a process that starts now."""
    built.build_id.cache_clear()
    return built.build_id()


def test_other_pages_have_another_name(bundle: Path) -> None:
    none = built_now()
    bundle.write_text("<script src='/assets/a-1.js'>", encoding="utf-8")
    first = built_now()
    bundle.write_text("<script src='/assets/a-2.js'>", encoding="utf-8")

    # One process serves the pages that it began with.
    assert built.build_id() == first
    assert len({none, first, built_now()}) == 3
    assert none == ""
    built.build_id.cache_clear()
