import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shell_fakes import FakeHome, FakeRun

from sanctum.shell.dispatch import Dispatcher
from sanctum.shell.output import Output
from sanctum.shell.session import ShellSession
from sanctum.shell.words import Words, shipped_folder


class Desk:
    """A dispatcher over fake runs, with what it wrote on either stream."""

    def __init__(self, folder: Path, *runs: FakeRun, run: str | None = None, choosy: bool = True):
        self.home = FakeHome(*runs)
        self.folder = folder
        self.out, self.err = io.StringIO(), io.StringIO()
        self.output = Output(self.out, self.err, {"TERM": "dumb"})
        self.session = ShellSession(
            run,
            choosy=choosy,
            words=Words((shipped_folder(), folder)),
            opener=self.home.open,
            say=self.output.say,
        )
        self.dispatcher = Dispatcher(self.session, self.output)

    @property
    def run(self) -> FakeRun:
        return self.home.runs[0]

    def type(self, line: str) -> int:
        return self.dispatcher.line(line)

    def said(self) -> str:
        """What was written on stdout since last asked."""
        return _taken(self.out)

    def complained(self) -> str:
        """What was written on stderr since last asked."""
        return _taken(self.err)


def _taken(stream: io.StringIO) -> str:
    text = stream.getvalue()
    stream.seek(0)
    stream.truncate()
    return text


@pytest.fixture
def make_desk(tmp_path):
    def make(*runs: FakeRun, **more) -> Desk:
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        return Desk(folder, *runs, **more)

    return make


@pytest.fixture
def desk(make_desk):
    return make_desk(FakeRun())
