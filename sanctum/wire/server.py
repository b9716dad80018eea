"""The recorder's end of the socket: many peers, no threads, never blocked by a slow one.

A peer that does not read its answers is not read from once `MAX_UNREAD_BYTES` wait for it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from sanctum.wire.conversation import Conversation
from sanctum.wire.dispatch import refusal
from sanctum.wire.processes import own_uid

log = logging.getLogger(__name__)
MAX_REQUEST_BYTES = 1024 * 1024
MAX_UNREAD_BYTES = 16 * 1024 * 1024
READ_BYTES = 65536


class Peer:
    """One connected client: what it has sent of a line, and what it has yet to read.

    `flush` is called when answers are there that were worked out after they were asked for.
    """

    def __init__(
        self, connection: socket.socket, api: object, flush: Callable[[Peer], None]
    ) -> None:
        self.connection = connection
        self.held = bytearray()
        self.due = bytearray()
        self.awaited = selectors.EVENT_READ
        self.leaving = False
        self.talk = Conversation(api, self._say)
        self._flush = flush
        self._is_read = False

    def take(self, line: bytes) -> None:
        """Answer a line into `due`."""
        self._is_read = True
        try:
            self.talk.take(line)
        finally:
            self._is_read = False

    def _say(self, line: bytes) -> None:
        self.due += line
        if not self._is_read:
            self._flush(self)


class Server:
    """Listens on a Unix socket (0600) and answers lines through `api`; runs in a selector's loop.

    `peers` is how many are connected. Everything happens on the loop's thread.
    """

    def __init__(self, selector: selectors.BaseSelector, path: Path, api: object) -> None:
        self._selector = selector
        self._api = api
        self._peers: dict[int, Peer] = {}
        self.path = path
        self._listener = self._listen()

    @property
    def peers(self) -> int:
        """How many clients are connected."""
        return len(self._peers)

    def keep_reachable(self) -> None:
        """Make the socket anew when its folder was swept."""
        if _identity(self.path) is not None:
            return
        try:
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            listener = self._listen()
        except OSError as error:
            log.warning("the socket cannot be made anew: %s", error)
            return
        self._selector.unregister(self._listener)
        self._listener.close()
        self._listener = listener

    def close(self) -> None:
        """Hang up on everyone and remove the socket."""
        for peer in list(self._peers.values()):
            self._drop(peer)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(self._listener)
        self._listener.close()
        if _identity(self.path) == self._identity:
            self.path.unlink(missing_ok=True)

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            listener.bind(os.fspath(self.path))
        finally:
            os.umask(mask)
        self._identity = _identity(self.path)
        listener.listen(64)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        return listener

    def _accept(self, _: int) -> None:
        try:
            connection, _address = self._listener.accept()
        except OSError as error:
            log.info("a client could not be taken in: %s", error)
            return
        if not is_own(peer_uid(connection)):
            log.warning("a peer of another user was refused")
            connection.close()
            return
        connection.setblocking(False)
        peer = Peer(connection, self._api, lambda peer: self._serving(peer)(0))
        self._peers[connection.fileno()] = peer
        self._selector.register(connection, selectors.EVENT_READ, self._serving(peer))

    def _serving(self, peer: Peer) -> Callable[[int], None]:
        def serve(events: int) -> None:
            try:
                if events & selectors.EVENT_READ:
                    self._read(peer)
                self._write(peer)
            except (OSError, ValueError) as error:
                log.debug("a client was dropped: %s", error)
                self._drop(peer)
            except Exception:
                log.exception("a client was dropped")
                self._drop(peer)

        return serve

    def _read(self, peer: Peer) -> None:
        data = peer.connection.recv(READ_BYTES)
        if not data:
            raise ConnectionError("it hung up")
        peer.held += data
        while (end := peer.held.find(b"\n")) >= 0:
            line = bytes(peer.held[:end])
            del peer.held[: end + 1]
            if line.strip():
                peer.take(line)
        if len(peer.held) > MAX_REQUEST_BYTES:
            peer.held.clear()
            peer.due += refusal(f"a request is longer than {MAX_REQUEST_BYTES} bytes")
            peer.leaving = True

    def _write(self, peer: Peer) -> None:
        if peer.due:
            with contextlib.suppress(BlockingIOError):
                sent = peer.connection.send(peer.due)
                del peer.due[:sent]
        if peer.leaving and not peer.due:
            raise ConnectionError("it sent what cannot be read")
        wanted = selectors.EVENT_WRITE if peer.due else 0
        if len(peer.due) < MAX_UNREAD_BYTES and not peer.leaving:
            wanted |= selectors.EVENT_READ
        if wanted != peer.awaited:
            peer.awaited = wanted
            self._selector.modify(peer.connection, wanted, self._serving(peer))

    def _drop(self, peer: Peer) -> None:
        self._peers = {fd: one for fd, one in self._peers.items() if one is not peer}
        peer.talk.leave()
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(peer.connection)
        peer.connection.close()


def peer_uid(connection: socket.socket) -> int | None:
    """The user at the other end; None where the system cannot tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    shape = struct.Struct("3i")
    _pid, uid, _gid = shape.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, shape.size)
    )
    return int(uid)


def is_own(uid: int | None) -> bool:
    """Whether a peer may ask: this user, root, or one that the system cannot tell."""
    return uid is None or uid in (own_uid(), 0)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path`; None without one."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
