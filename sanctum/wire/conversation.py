"""What one peer asks, and what it is still owed: answers that come later, batches, cancelling.

``request.cancel {"id": 7}`` gives up what was asked under that id; so does hanging up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from sanctum.wire.dispatch import NOT_JSON, Pending, called, failure, success, understood
from sanctum.wire.protocol import CANCEL, INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR, Request

_batch = msgspec.json.Decoder(list[msgspec.Raw])
Told = Callable[[bytes], None]


class _Which(msgspec.Struct, forbid_unknown_fields=True):
    """Of ``request.cancel``: the id of the request that is given up."""

    id: int | str | None


_which = msgspec.json.Decoder(_Which)


class Conversation:
    """Takes request lines and says answer lines, newline included, at once or when they are there.

    The loop's thread's. Requests of one peer are answered as they are done, in any order.
    """

    def __init__(self, api: object, say: Told) -> None:
        self._api = api
        self._say = say
        self._waiting: list[tuple[Pending, Told]] = []

    def take(self, line: bytes) -> None:
        """Answer a line: one request, or a batch, which is answered in one line."""
        if not line.lstrip().startswith(b"["):
            self._one(line, lambda reply: self._say(reply + b"\n"), lambda: None)
            return
        try:
            parts = _batch.decode(line)
        except NOT_JSON as error:
            self._say(failure(None, PARSE_ERROR, f"not JSON: {error}") + b"\n")
            return
        if not parts:
            self._say(failure(None, INVALID_REQUEST, "an empty batch") + b"\n")
            return
        batch = _Batch(len(parts), self._say)
        for place, part in enumerate(parts):
            self._one(bytes(part), batch.filling(place), batch.none_due)

    def leave(self) -> None:
        """The peer has gone: give up all it waits for."""
        waiting, self._waiting = self._waiting, []
        for pending, _ in waiting:
            pending.later.cancel()

    def _one(self, line: bytes, tell: Told, none_due: Callable[[], None]) -> None:
        """Answer one request by `tell`, or say that it wants no answer."""
        request = understood(line)
        if isinstance(request, bytes):
            tell(request)
            return
        reply = self._cancelled(request) if request.method == CANCEL else called(request, self._api)
        if request.id is msgspec.UNSET:
            if isinstance(reply, Pending):
                reply.later.cancel()
            none_due()
        elif isinstance(reply, Pending):
            self._wait(reply, tell)
        else:
            tell(reply)

    def _wait(self, pending: Pending, tell: Told) -> None:
        waits = (pending, tell)
        self._waiting.append(waits)

        def done(result: Any) -> None:
            self._waiting = [one for one in self._waiting if one is not waits]
            tell(pending.answer(result))

        pending.later.then(done)

    def _cancelled(self, request: Request) -> bytes:
        """Give up the requests under an id; they are answered as cancelled."""
        id = None if request.id is msgspec.UNSET else request.id
        try:
            which = _which.decode(bytes(request.params)).id
        except NOT_JSON as error:
            return failure(id, INVALID_PARAMS, f"{CANCEL}: {error}")
        given_up = [one for one in self._waiting if one[0].id == which]
        self._waiting = [one for one in self._waiting if one[0].id != which]
        for pending, tell in given_up:
            pending.later.cancel()
            tell(pending.cancelled())
        return success(id, len(given_up))


class _Batch:
    """The answers of a batch, said in one line, in their order, when the last one is there."""

    def __init__(self, count: int, say: Told) -> None:
        self._replies: list[bytes] = [b""] * count
        self._left = count
        self._say = say

    def filling(self, place: int) -> Told:
        """Takes the answer of that place."""

        def fill(reply: bytes) -> None:
            self._replies[place] = reply
            self.none_due()

        return fill

    def none_due(self) -> None:
        """One request less to wait for."""
        self._left -= 1
        replies = [reply for reply in self._replies if reply]
        if not self._left and replies:
            self._say(b"[" + b",".join(replies) + b"]\n")
