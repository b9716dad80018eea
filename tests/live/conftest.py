from __future__ import annotations

import pytest

from tests.live.running import Home


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "runs").mkdir()
    monkeypatch.setenv("SANCTUM_HOME", str(tmp_path / "runs"))
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("SANCTUM_LINGER_S", "30")
    found = Home(tmp_path)
    yield found
    found.end_all()
