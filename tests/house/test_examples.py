"""The examples run, learn a little, and are what the README shows."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from sanctum.record.reader import Reader
from sanctum.record.schema import open_read_only
from tests.house.rooms import ROOT

EXAMPLES = ROOT / "sanctum" / "examples"
README = (ROOT / "README.md").read_text()


def ran(name, folder, *arguments):
    """Run an example in a folder of its own; gives the one record it made."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=folder,
        env={**os.environ, "SANCTUM_HOME": str(folder / "home"), "SANCTUM_LINGER_S": "0"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    (record,) = (folder / "home").glob("*.sanctum.db")
    return open_read_only(record)


def test_the_readme_shows_the_whole_of_plain_ppo():
    text = (EXAMPLES / "plain_ppo.py").read_text()
    assert f"```python\n{text}```" in README


@pytest.mark.parametrize("name", sorted(one.name for one in EXAMPLES.glob("[a-z]*.py")))
def test_every_example_is_named_in_the_readme(name):
    assert f"examples/{name}" in README


def test_plain_ppo_records_what_it_does_and_learns(tmp_path):
    pytest.importorskip("torch")
    db = ran("plain_ppo.py", tmp_path, "10")
    reader = Reader(db)
    (attempt,) = reader.attempts()
    ((updates,),) = reader.rows("SELECT count(*) FROM updates")
    ((episodes,),) = reader.rows("SELECT count(*) FROM episodes")
    assert (attempt.how, updates, episodes) == ("finished", 10, 160)
    names = ["reward", "reward/near", "reward/effort"]
    window = reader.window(names, 1, 0, 639)
    reward, near, effort = (window.cells[name][0][:, :, 0] for name in names)
    assert reward.shape == (640, 16)
    assert abs(reward - near + effort).max() < 1e-6
    assert reward[-128:].mean() > reward[:128].mean() + 0.1
    ((data,),) = reader.rows("SELECT data FROM updates ORDER BY id LIMIT 1")
    assert set(msgspec.msgpack.decode(data)[0]) == {
        *("policy_loss", "value_loss", "entropy", "approx_kl", "clip_fraction"),
        *("explained_variance", "grad_norm"),
    }
    db.close()
