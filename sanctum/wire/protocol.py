"""The method table: `Queries` as JSON-RPC 2.0, one message a line.

``envs_list`` is ``envs.list``; parameters are an object by name (or an array by position). The
server and the client both build their codecs from the annotations: a method is written once.
"""

from __future__ import annotations

import functools
import inspect
import typing
from dataclasses import dataclass
from typing import Any

import msgspec

from sanctum.errors import BY_EXIT_CODE, SanctumError
from sanctum.model.queries import Queries

MAX_LINE_BYTES = 16 * 1024 * 1024
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR, REFUSED = -32602, -32603, -32000
CANCELLED = -32800
CANCEL = "request.cancel"
"""The notification that nobody waits any longer for the answer to a request: ``{"id": 7}``."""


class Request(msgspec.Struct):
    """A request line. Without `id` it is a notification and gets no answer; null is an id."""

    method: str
    jsonrpc: str = "2.0"
    params: msgspec.Raw = msgspec.Raw(b"{}")
    id: int | str | msgspec.UnsetType | None = msgspec.UNSET


class ErrorData(msgspec.Struct, omit_defaults=True):
    """What a SanctumError carries over the wire; `trace` is where it came from, if that is told."""

    exit_code: int = 1
    hint: str | None = None
    trace: str = ""


class Error(msgspec.Struct, omit_defaults=True):
    """The error of an answer line."""

    code: int
    message: str
    data: ErrorData | None = None

    def exception(self) -> SanctumError:
        """The error as the exception it was on the other side."""
        data = self.data or ErrorData()
        found = BY_EXIT_CODE.get(data.exit_code, SanctumError)(self.message, data.hint)
        if data.trace:
            found.add_note(data.trace)
        return found


class Response(msgspec.Struct):
    """An answer line: `result`, or `error`."""

    id: int | str | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Error | None = None


@dataclass(frozen=True)
class Method:
    """One method: its name on the wire and in Python, its parameters, what it answers."""

    name: str
    attribute: str
    params: type[msgspec.Struct]
    answer: Any


@functools.cache
def methods() -> dict[str, Method]:
    """Every method by its name on the wire."""
    found = {}
    for attribute, function in vars(Queries).items():
        if attribute.startswith("_") or not callable(function):
            continue
        hints = typing.get_type_hints(function)
        answer = hints.pop("return")
        fields: list[Any] = []
        for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
            if parameter.default is inspect.Parameter.empty:
                fields.append((name, hints[name]))
            else:
                fields.append((name, hints[name], parameter.default))
        name = attribute.replace("_", ".", 1)
        struct = msgspec.defstruct(
            f"{attribute}_params", fields, forbid_unknown_fields=True, omit_defaults=True
        )
        found[name] = Method(name, attribute, struct, answer)
    return found
