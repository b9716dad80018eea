"""The asking end: find a run, connect to its recorder (or start one on its file), ask."""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import msgspec

from sanctum.errors import (
    ConnectionLost,
    DeadlinePassed,
    NoSuchRun,
    RecordError,
    SanctumError,
    UsageError,
    did_you_mean,
)
from sanctum.model.queries import SLOW, SLOW_WITHIN_S, Queries
from sanctum.wire.places import RunFile, read_run_file, run_file_path, run_files, socket_path
from sanctum.wire.protocol import CANCEL, MAX_LINE_BYTES, Method, Response, methods

RESTART_WITHIN_S = 3.0
"""How long a trainer has to start its recorder again before its record is opened as it is."""

LATELY_S = 20.0
"""A recorder that wrote its run file within so many seconds may be on its way back."""
PATIENCE_S = 1.0
"""What is slow by nature is said to be so after that long."""

GIVE_UP_S = 0.1
START_HINT = "start one: sanctum demo, or sanctum train ppo"
_response = msgspec.json.Decoder(Response)
_encoder = msgspec.json.Encoder()


class Connection:
    """A connection to the recorder of one run. Not for several threads at once.

    `others` names further live runs when none was asked for; `live` says that a trainer is there.
    `waits` is called once for each question that is slow by nature and has begun to be.
    """

    def __init__(
        self, link: socket.socket, run_id: str, *, live: bool, others: tuple[str, ...] = ()
    ) -> None:
        self._link = link
        self._held = bytearray()
        self._ids = itertools.count(1)
        self.run_id = run_id
        self.live = live
        self.others = others
        self.timeout_s = 2.0
        self.waits: Callable[[], None] = lambda: None

    def queries(self, timeout_s: float | None = None) -> Queries:
        """The questions, typed; each waits at most `timeout_s`.

        None: the connection's own time, and `SLOW_WITHIN_S` for what a worker answers.
        """
        return cast(Queries, _Asker(self, timeout_s))

    def close(self) -> None:
        """Hang up; harmless when that is done."""
        self._link.close()

    def ask(self, method: Method, params: dict[str, Any], timeout_s: float | None) -> Any:
        """Send one request and wait for its answer; one that comes too late is given up.

        Raises DeadlinePassed, ConnectionLost, or what the recorder refused with.
        """
        is_slow = method.attribute in SLOW
        wait_s = timeout_s
        if wait_s is None:
            wait_s = max(self.timeout_s, SLOW_WITHIN_S) if is_slow else self.timeout_s
        now = time.monotonic()
        deadline, patient_until = now + wait_s, now + PATIENCE_S if is_slow else None
        id = next(self._ids)
        request = {"jsonrpc": "2.0", "id": id, "method": method.name, "params": params}
        is_sent = False
        try:
            self._send(request, wait_s)
            is_sent = True
            while True:
                response = _response.decode(self._line(deadline, patient_until))
                if response.id == id or (response.id is None and response.error is not None):
                    break
        except TimeoutError as error:
            self._give_up(id, is_sent)
            raise DeadlinePassed(
                f"no answer from {self.run_id} within {wait_s:g} s",
                f"try --timeout {max(10.0, 2 * wait_s):g}",
            ) from error
        except (OSError, msgspec.MsgspecError) as error:
            raise ConnectionLost(f"the recorder of {self.run_id} went away ({error})") from error
        if response.error is not None:
            raise response.error.exception()
        try:
            return msgspec.json.decode(response.result, type=method.answer)
        except msgspec.MsgspecError as error:
            raise SanctumError(
                f"the recorder of {self.run_id} answered {method.name} in words unknown here"
                f" ({error})",
                "it may be of another version of Sanctum: sanctum runs --reap, then ask again",
            ) from error

    def _send(self, request: dict[str, Any], within_s: float) -> None:
        self._link.settimeout(max(within_s, 0.001))
        self._link.sendall(_encoder.encode(request) + b"\n")

    def _give_up(self, id: int, is_sent: bool) -> None:
        """Tell the recorder that nobody waits for an answer any more."""
        try:
            if not is_sent:
                raise TimeoutError
            self._send({"jsonrpc": "2.0", "method": CANCEL, "params": {"id": id}}, GIVE_UP_S)
        except OSError:
            self.close()  # half a line may be on its way, and the next would be its other half

    def _line(self, deadline: float, patient_until: float | None = None) -> bytes:
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            if searched > MAX_LINE_BYTES:
                raise ConnectionError("its answer is too large")
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError
            if patient_until is not None and now >= patient_until:
                patient_until = None
                self.waits()
            until = deadline if patient_until is None else min(deadline, patient_until)
            self._link.settimeout(max(until - now, 0.001))
            try:
                data = self._link.recv(262144)
            except TimeoutError:
                continue
            if not data:
                raise ConnectionError("it hung up")
            self._held += data
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        return line


class _Asker:
    """`Queries` over a connection: each method of the table by its Python name."""

    def __init__(self, connection: Connection, timeout_s: float | None) -> None:
        self._connection = connection
        self._timeout_s = timeout_s

    def __getattr__(self, attribute: str) -> Callable[..., Any]:
        method = methods().get(attribute.replace("_", ".", 1))
        if method is None:
            raise AttributeError(attribute)
        names = method.params.__struct_fields__

        def ask(*positional: Any, **named: Any) -> Any:
            params = {**dict(zip(names, positional, strict=False)), **named}
            return self._connection.ask(method, params, self._timeout_s)

        return ask


def open_run(
    run: str | None = None, *, timeout_s: float = 2.0, live_only: bool = False
) -> Connection:
    """Connect to a run: the newest live one, one by id (or its unique beginning), or a record file.

    A run without a recorder gets one, read-only, on its file. Raises NoSuchRun with what there is,
    UsageError for an ambiguous id, RecordError for a file that is no record.
    """
    others: tuple[str, ...] = ()
    if run is None:
        live = [file for file in run_files() if file.has_trainer]
        if not live:
            recorded = [file.run_id for file in run_files()]
            hint = f"; recorded: {', '.join(recorded[:3])} (--run NAME)" if recorded else ""
            raise NoSuchRun("no live run", START_HINT + hint)
        file, others = live[0], tuple(one.run_id for one in live[1:])
    elif _is_path(run):
        return _open_file(Path(run), timeout_s)
    else:
        file = _named(run)
    if live_only and not file.has_trainer:
        raise NoSuchRun(f"{file.run_id} is not live: {file.state}", START_HINT)
    return _open(file, timeout_s, others)


def record_of(run: str) -> Path:
    """The record of a run, by its id (or its unique beginning) or as a file, asking nobody.

    Raises as `open_run` does.
    """
    if _is_path(run):
        return Path(run)
    file = _named(run)
    _check_is_here(file)
    return Path(file.record)


def _is_path(run: str) -> bool:
    return os.sep in run or run.endswith(".db") or (Path(run).is_file() and not _known(run))


def _known(run: str) -> bool:
    return any(file.run_id == run for file in run_files())


def _named(run: str) -> RunFile:
    files = run_files()
    exact = [file for file in files if file.run_id == run]
    if exact:
        return exact[0]
    begun = [file for file in files if file.run_id.startswith(run)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        names = ", ".join(file.run_id for file in begun[:8])
        raise UsageError(f"'{run}' begins several runs: {names}", "type more of the name")
    known = [file.run_id for file in files]
    hint = did_you_mean(run, known) or (
        f"there are {', '.join(known[:5])}" if known else START_HINT
    )
    raise NoSuchRun(f"no run '{run}'", hint)


def _open_file(path: Path, timeout_s: float) -> Connection:
    if path.is_dir():
        raise RecordError(f"{path} is a folder, not a record", "sanctum runs lists what is there")
    if not path.is_file():
        raise RecordError(f"no such file: {path}")
    file = read_run_file(run_file_path(path))
    if file is not None and Path(file.record).absolute() == path.absolute():
        return _open(file, timeout_s, ())
    try:
        with path.open("rb") as start:
            is_sqlite = start.read(16) == b"SQLite format 3\0"
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {(error.strerror or '?').lower()}") from error
    if not is_sqlite:
        raise RecordError(f"{path} is not a record of Sanctum's: it is no SQLite file")
    return _reader(path, path.name.partition(".")[0], timeout_s)


def _open(file: RunFile, timeout_s: float, others: tuple[str, ...]) -> Connection:
    file = _restarted(file)
    if file.has_recorder:
        link = _connected(Path(file.socket), timeout_s)
        if link is not None:
            return _connection(link, file.run_id, file.has_trainer, others, timeout_s)
    _check_is_here(file)
    return _reader(Path(file.record), file.run_id, timeout_s)


def _check_is_here(file: RunFile) -> None:
    """Refuse a run whose record cannot be read here. Raises NoSuchRun."""
    if file.state == "elsewhere":
        raise NoSuchRun(
            f"{file.run_id} runs on {file.host}",
            f"ssh -t {file.host} sanctum shell {file.run_id}",
        )
    if not Path(file.record).exists():
        raise NoSuchRun(f"the record of {file.run_id} is gone: {file.record}")


def _restarted(file: RunFile) -> RunFile:
    """The run as it is once its trainer has started its recorder again, if that had died."""
    deadline = time.monotonic() + RESTART_WITHIN_S
    while file.recorder and not file.has_recorder and file.has_trainer and _is_fresh(file):
        if time.monotonic() >= deadline:
            break
        time.sleep(0.05)
        file = read_run_file(run_file_path(Path(file.record))) or file
    return file


def _is_fresh(file: RunFile) -> bool:
    try:
        return time.time() - run_file_path(Path(file.record)).stat().st_mtime < LATELY_S
    except OSError:
        return False


def _connection(
    link: socket.socket, run_id: str, live: bool, others: tuple[str, ...], timeout_s: float
) -> Connection:
    connection = Connection(link, run_id, live=live, others=others)
    connection.timeout_s = timeout_s
    return connection


def _connected(path: Path, timeout_s: float) -> socket.socket | None:
    """A socket connected to `path`; None when nobody listens there."""
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(timeout_s)
    try:
        link.connect(os.fspath(path))
    except OSError:
        link.close()
        return None
    return link


def _reader(record: Path, run_id: str, timeout_s: float) -> Connection:
    """Connect to the reader of a recorded run; start it when there is none."""
    path = socket_path(record, reading=True)
    link = _connected(path, timeout_s)
    if link is None:
        from sanctum.wire.starting import start_reader

        start_reader(record)
        link = _connected(path, timeout_s)
    if link is None:
        raise RecordError(f"no recorder could be started on {record}")
    return _connection(link, run_id, False, (), timeout_s)
