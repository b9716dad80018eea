"""Where runs are: the record directory, the file beside each record, and where sockets live."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import stat
import time
from pathlib import Path

import msgspec

from sanctum.errors import SanctumError
from sanctum.model.answers import RunSummary
from sanctum.wire.processes import boot_id, is_alive, own_uid

SUFFIX = ".sanctum.db"
IMPORTING = f".importing{SUFFIX}"
"""How the name ends of a record that is being imported: ``.ID.PID.importing.sanctum.db``."""

SOCKET_BYTES = 107
MAX_FILE_BYTES = 1024 * 1024
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file or folder a record was imported from, how that was then, and by which version.

    `changed` is its time of change in nanoseconds since the epoch; 0: it cannot be told.
    """

    path: str
    used_bytes: int = 0
    changed: int = 0
    version: str = ""


class RunFile(msgspec.Struct, omit_defaults=True):
    """The small file beside a record: whose it is and where to ask. Times are since the epoch."""

    run_id: str
    record: str
    task: str = ""
    envs: int = 0
    pid: int = 0
    pid_started: float = 0.0
    recorder: int = 0
    recorder_started: float = 0.0
    boot_id: str = ""
    host: str = ""
    socket: str = ""
    started: float = 0.0
    ended: float | None = None
    how: str | None = None
    last_step: int | None = None
    signal: str | None = None
    origin: Origin | None = None

    @property
    def is_here(self) -> bool:
        """Whether its processes would be of this boot of this machine."""
        return self.boot_id == boot_id() and self.host == socket.gethostname()

    @property
    def has_trainer(self) -> bool:
        """Whether its trainer runs here now."""
        return self.how is None and self.is_here and is_alive(self.pid, self.pid_started)

    @property
    def has_recorder(self) -> bool:
        """Whether its recorder runs here now."""
        known = self.recorder > 1 and self.recorder_started > 0
        return known and self.is_here and is_alive(self.recorder, self.recorder_started)

    @property
    def state(self) -> str:
        """live, died, or how it ended; ``elsewhere`` when only another machine can tell.

        ``ending``: its trainer has gone, and its recorder has yet to write how.
        """
        if self.how is not None:
            return self.how
        if not self.is_here and self.host != socket.gethostname():
            return "elsewhere"
        if self.has_trainer:
            return "live"
        return "ending" if self.has_recorder else "died"


def home() -> Path:
    """The record directory: ``$SANCTUM_HOME``, or ``sanctum/runs`` under the user's state."""
    given = os.environ.get("SANCTUM_HOME")
    if given:
        return Path(given).expanduser().absolute()
    import platformdirs

    return platformdirs.user_state_path("sanctum") / "runs"


def fit_run_id(text: str) -> str:
    """`text` as a run id: letters, digits, dot, dash and underscore."""
    return _UNFIT.sub("-", text).strip("-.")[:100] or "run"


def record_path(run_id: str) -> Path:
    """The record of that run in the record directory."""
    return home() / f"{run_id}{SUFFIX}"


def hall_path(task: str) -> Path:
    """The hall of fame that all runs of a task share."""
    return home() / "hall" / f"{fit_run_id(task)}.hall.db"


def hall_files() -> list[Path]:
    """Every hall of fame, the one that was written last first."""
    found = []
    for path in (home() / "hall").glob("*.hall.db"):
        with contextlib.suppress(OSError):
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found, reverse=True)]


def run_file_path(record: Path) -> Path:
    """The run file beside a record."""
    name = record.name.removesuffix(SUFFIX) if record.name.endswith(SUFFIX) else record.stem
    return record.with_name(f"{name}.json")


def write_run_file(file: RunFile) -> None:
    """Write the file beside its record, whole or not at all."""
    path = run_file_path(Path(file.record))
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(msgspec.json.format(msgspec.json.encode(file), indent=1))
    aside.replace(path)


def read_run_file(path: Path) -> RunFile | None:
    """The run file at `path`; None when there is none or it is not one.

    A record that was moved together with its file is found where it is now.
    """
    try:
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return None
        file = msgspec.json.decode(path.read_bytes(), type=RunFile)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not file.run_id or "\0" in file.record + file.socket:
        return None
    beside = path.with_name(path.name.removesuffix(".json") + SUFFIX)
    if not Path(file.record).is_file() and beside.is_file():
        file.record = str(beside)
    return file


def run_files() -> list[RunFile]:
    """Every run of the record directory, newest first."""
    try:
        paths = list(home().glob("*.json"))
    except OSError:
        return []
    found = [file for path in paths if (file := read_run_file(path)) is not None]
    return sorted(found, key=lambda file: file.started, reverse=True)


def summary(file: RunFile) -> RunSummary:
    """What is known of a run without asking its recorder."""
    used = _size(file.record)
    state = file.state
    return RunSummary(
        file.run_id,
        "lost" if used is None and state != "elsewhere" else state,
        file.task,
        file.envs,
        file.started,
        file.ended,
        file.last_step,
        used,
        file.record,
        file.host,
        file.pid,
        file.recorder if file.has_recorder else None,
        _note(file, state),
    )


def _note(file: RunFile, state: str) -> str:
    """What a line of ``runs`` says beside the state."""
    if state == "elsewhere":
        return f"ssh -t {file.host} sanctum shell {file.run_id}"
    if state == "died" and file.how is None and file.boot_id != boot_id():
        return "the machine was restarted since"
    if file.origin is not None:
        return f"from {Path(file.origin.path).name or file.origin.path}"
    return f"by {file.signal}" if state == "killed" and file.signal else ""


def _size(record: str) -> int | None:
    """Bytes of a record, its WAL included; None when it is gone."""
    try:
        used = Path(record).stat().st_size
    except OSError:
        return None
    with contextlib.suppress(OSError):
        used += Path(f"{record}-wal").stat().st_size
    return used


def runs() -> list[RunSummary]:
    """Every run of the record directory, newest first."""
    return [summary(file) for file in run_files()]


def reap() -> list[RunSummary]:
    """End recorders whose trainer has gone; gives those that were ended."""
    ended = []
    for file in run_files():
        if file.has_recorder and not file.has_trainer:
            with contextlib.suppress(OSError):
                os.kill(file.recorder, signal.SIGTERM)
                ended.append(summary(file))
    deadline = time.monotonic() + 3.0
    while ended and time.monotonic() < deadline:
        if not any(file.has_recorder and not file.has_trainer for file in run_files()):
            break
        time.sleep(0.02)
    return ended


def socket_directory() -> Path:
    """Where sockets live: ours alone (0700, no link), made when missing.

    Raises SanctumError when somebody else's folder stands there.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = [Path(runtime) / "sanctum"] if runtime else []
    places.append(Path("/tmp") / f"sanctum-{own_uid()}")
    for place in places:
        try:
            place.mkdir(mode=0o700, exist_ok=True)
        except OSError:
            continue
        found = place.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == own_uid():
            if stat.S_IMODE(found.st_mode) != 0o700:
                place.chmod(0o700)
            return place
    raise SanctumError(
        f"{places[-1]} is not a folder of this user's, so no socket can be made there",
        "remove it, or set XDG_RUNTIME_DIR to a folder of your own",
    )


def socket_path(record: Path, *, reading: bool = False) -> Path:
    """A short-named socket for a record; readers of a recorded run share one of their own."""
    import hashlib  # slow to load, and a live run's socket stands in its run file

    digest = hashlib.sha256(os.fsencode(record.absolute())).hexdigest()[:16]
    path = socket_directory() / f"{'r' if reading else 'w'}{digest}"
    if len(os.fsencode(path)) > SOCKET_BYTES:
        raise SanctumError(
            f"the socket's path is longer than {SOCKET_BYTES} bytes: {path}",
            "set XDG_RUNTIME_DIR to a shorter one",
        )
    return path
