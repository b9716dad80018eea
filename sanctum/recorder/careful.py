"""Asking a record that may be damaged: what cannot be read is said, the rest is answered."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sanctum.errors import RecordError
from sanctum.record.cells import DAMAGE
from sanctum.recorder.answering import Answering


class Careful:
    """`Queries` of a recorded run: every question that `Answering` answers, damage told as such."""

    def __init__(self, record: Answering, path: Path) -> None:
        self._record = record
        self._path = path

    def __getattr__(self, method: str) -> Callable[..., Any]:
        ask = getattr(self._record, method)

        @functools.wraps(ask)
        def carefully(*given: Any, **named: Any) -> Any:
            try:
                return ask(*given, **named)
            except DAMAGE as error:
                raise RecordError(
                    f"{self._path} is damaged where this is kept ({error})",
                    "what is kept elsewhere can still be asked",
                ) from error

        return carefully
