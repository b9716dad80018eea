"""Whose code a replay would run: only for records that this user wrote on this machine.

A replay imports what the record names as the policy's factory and calls it. A record that came from
elsewhere could name anything.
"""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

from sanctum.errors import SanctumError
from sanctum.telemetry import RunStarted
from sanctum.wire.places import home
from sanctum.wire.processes import own_uid


def check(record: Path, header: RunStarted, factory: str) -> None:
    """Refuse a record that may not be from this user here. Raises SanctumError.

    It has to lie in this user's record directory (or its halls of fame), be theirs, be writable by
    nobody else, and be of a run of this host. `factory` is what it names, for those who may trust.
    """
    why = _foreign(record, header)
    if why is not None:
        raise SanctumError(
            f"a replay runs code that the record names, and {why}",
            f"--trust runs it all the same: {factory}",
        )


def _foreign(record: Path, header: RunStarted) -> str | None:
    """Why a record is not one of this user's own; None where it is."""
    folders = (home(), home() / "hall")
    try:
        if not any(record.absolute().parent.samefile(one) for one in folders if one.is_dir()):
            return f"{record} is not among this user's own records in {home()}"
        for what, place in (("it", record), ("its folder", record.absolute().parent)):
            found = place.lstat() if what == "it" else place.stat()
            if stat.S_ISLNK(found.st_mode):
                return f"{record} is a link to a file elsewhere"
            if found.st_uid != own_uid():
                return f"{what} belongs to another user: {place}"
            if found.st_mode & stat.S_IWOTH or (
                found.st_mode & stat.S_IWGRP and not _is_private(found.st_gid)
            ):
                return f"{what} can be written by others: {place}"
    except OSError as error:
        return f"{record} cannot be looked at: {(error.strerror or str(error)).lower()}"
    if header.host != socket.gethostname():
        return f"it is of a run on {header.host or 'another machine'}"
    return None


def _is_private(group: int) -> bool:
    """Whether a group is this user's own, as many systems give each user one."""
    try:
        import grp
        import pwd

        return group == os.getgid() and grp.getgrgid(group).gr_name == pwd.getpwuid(own_uid())[0]
    except (ImportError, KeyError):
        return False
