"""Starting stand-in runs from tests."""

import subprocess
import sys
from pathlib import Path


class StandIn:
    """A stand-in run's process; call it to change the run."""

    def __init__(self, run_id: str, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("stand_in.py")), run_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
            start_new_session=True,
        )
        self._heard()

    def __call__(self, change: str) -> None:
        self.process.stdin.write(change + "\n")
        self.process.stdin.flush()
        self._heard()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _heard(self) -> None:
        line = self.process.stdout.readline()
        if line != "ok\n":
            self.end()
            raise AssertionError(f"the stand-in said {line!r}")
