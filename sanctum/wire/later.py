"""An answer that is still being worked out: what a method may give instead of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Later:
    """The server sends the answer once it is `done`; the loop's thread alone uses it.

    `cancelled` is called when nobody waits any longer: the peer said so, or hung up.
    """

    def __init__(self, cancelled: Callable[[], None] = lambda: None) -> None:
        self._cancelled = cancelled
        self._told: Callable[[Any], None] | None = None
        self._result: Any = None
        self._is_done = False

    def done(self, result: Any) -> None:
        """The answer, or the exception that stands for it; the first one counts."""
        if self._is_done:
            return
        self._is_done, self._result = True, result
        if self._told is not None:
            self._told(result)

    def then(self, tell: Callable[[Any], None]) -> None:
        """Call it with the answer, at once when there is one."""
        self._told = tell
        if self._is_done:
            tell(self._result)

    def cancel(self) -> None:
        """Nobody waits for it any longer."""
        if not self._is_done:
            self._is_done = True
            self._cancelled()
