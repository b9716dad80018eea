"""The kernel's out-of-memory killer: how often it has struck, near a trainer and at all."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Kills:
    """Counts by where they were read (``its control group``, ``this machine``), narrowest first."""

    counts: dict[str, int]

    def then(self, later: Kills) -> str | None:
        """Whether it struck between this count and a `later` one, in a sentence."""
        for where, count in self.counts.items():
            now = later.counts.get(where, count)
            if now > count:
                return (
                    f"the kernel's out-of-memory killer struck in {where} meanwhile"
                    f" (oom_kill {count} -> {now})"
                )
        return None


class OomFiles:
    """Where the kernel counts, for one process; looked up while it is there."""

    def __init__(self, pid: int, proc: Path = Path("/proc"), mount: Path = _MOUNT) -> None:
        self._files = [("its control group", path) for path in _groups(pid, proc, mount)[:1]]
        self._files.append(("this machine", proc / "vmstat"))

    def kills(self) -> Kills:
        """The counts now; empty where the system has none."""
        return Kills({where: n for where, path in self._files if (n := _count(path)) is not None})


def _groups(pid: int, proc: Path, mount: Path) -> list[Path]:
    """The files with the count of the process's control group: of version 2, or of version 1."""
    found: list[Path] = []
    with contextlib.suppress(OSError):
        for line in (proc / str(pid) / "cgroup").read_text().splitlines():
            _, _, rest = line.partition(":")
            controllers, _, path = rest.partition(":")
            inside = path.lstrip("/")
            if not controllers:
                found += [mount / inside / "memory.events", mount / "memory.events"]
            elif "memory" in controllers.split(","):
                place = mount / "memory"
                found += [place / inside / "memory.oom_control", place / "memory.oom_control"]
    return [path for path in found if _count(path) is not None]


def _count(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    return None
