"""Which process is which: a pid alone may be another's by now, a pid with its start time is not."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def started(pid: int) -> float | None:
    """When process `pid` started, in a unit that only compares with itself; None when it is gone.

    A zombie counts as gone: it does no more work, whoever has yet to collect it.
    """
    if sys.platform != "linux":
        return _started_elsewhere(pid)
    fields = _fields(pid)
    return None if fields is None or fields[0] in ("Z", "X") else float(fields[19])


def _started_elsewhere(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def is_alive(pid: int | None, started_at: float | None) -> bool:
    """Whether that very process still runs."""
    if not pid:
        return False
    now = started(pid)
    return now is not None and (not started_at or now == started_at)


def boot_id() -> str:
    """This boot of this machine; empty where it cannot be told."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def own_uid() -> int:
    """The user this process runs as."""
    return os.getuid()


def exit_code(pid: int, started_at: float) -> int | None:
    """The wait status of that very process, which has ended and was not yet waited for."""
    fields = _fields(pid)
    if fields is None or fields[0] != "Z" or float(fields[19]) != started_at:
        return None
    return int(fields[49])


def doing(pid: int) -> str:
    """What the system says a process is doing: one letter as of ps, empty when it is gone."""
    if sys.platform != "linux":
        return "" if _started_elsewhere(pid) is None else "?"
    fields = _fields(pid)
    return "" if fields is None else fields[0]


def waits_in(pid: int) -> str:
    """The kernel's function a process waits in; empty where that is not told."""
    try:
        found = Path(f"/proc/{pid}/wchan").read_text().strip()
    except OSError:
        return ""
    return "" if found == "0" else found


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal; False where that cannot be told."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return False
    for line in text.splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False


def _fields(pid: int) -> list[str] | None:
    """``/proc/PID/stat`` from the state on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split() or None
