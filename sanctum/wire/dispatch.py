"""One request line in, one answer out: JSON-RPC 2.0 on top of any object with the methods.

An answer that is still being worked out is `Pending`; `sanctum.wire.conversation` sends it later.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import msgspec

from sanctum.errors import SanctumError
from sanctum.wire.later import Later
from sanctum.wire.protocol import (
    CANCELLED,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    REFUSED,
    Error,
    ErrorData,
    Method,
    Request,
    methods,
)

log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()
_request = msgspec.json.Decoder(Request)
NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class Pending:
    """A request that is understood and whose answer comes later."""

    id: int | str | None
    method: str
    later: Later

    def answer(self, result: Any) -> bytes:
        """The answer, once `later` gave its result or the exception that stands for it."""
        if isinstance(result, Exception):
            return _failed(self.id, self.method, result)
        try:
            return success(self.id, result)
        except Exception as error:
            return _failed(self.id, self.method, error)

    def cancelled(self) -> bytes:
        """The answer to a request that nobody waits for."""
        return failure(self.id, CANCELLED, f"{self.method} was cancelled")


def understood(line: bytes) -> Request | bytes:
    """The request of a line, or the answer to what is none."""
    try:
        return _request.decode(line)
    except msgspec.ValidationError as error:
        return failure(None, INVALID_REQUEST, f"not a request: {error}")
    except NOT_JSON as error:
        return failure(None, PARSE_ERROR, f"not JSON: {error}")


def called(request: Request, api: object) -> bytes | Pending:
    """The answer to a request, or what will become of it."""
    id = None if request.id is msgspec.UNSET else request.id
    method = methods().get(request.method)
    if method is None:
        known = ", ".join(methods())
        return failure(id, METHOD_NOT_FOUND, f"no method {request.method!r}; there are {known}")
    try:
        arguments = _arguments(method, request.params)
    except NOT_JSON as error:
        return failure(id, INVALID_PARAMS, f"{method.name}: {error}")
    try:
        result = getattr(api, method.attribute)(**arguments)
        return (
            Pending(id, method.name, result) if isinstance(result, Later) else success(id, result)
        )
    except Exception as error:
        return _failed(id, method.name, error)


def success(id: int | str | None, result: Any) -> bytes:
    """The answer with a result."""
    encoded = _encoder.encode(result)
    return b'{"jsonrpc":"2.0","id":' + _encoder.encode(id) + b',"result":' + encoded + b"}"


def failure(id: int | str | None, code: int, message: str, data: ErrorData | None = None) -> bytes:
    """The answer with an error."""
    return _encoder.encode({"jsonrpc": "2.0", "id": id, "error": Error(code, message, data)})


def refusal(sentence: str) -> bytes:
    """The answer line to what is no request at all."""
    return failure(None, INVALID_REQUEST, sentence) + b"\n"


def _failed(id: int | str | None, method: str, error: Exception) -> bytes:
    """The answer where the method raised: a refusal, or a defect that is logged."""
    if isinstance(error, SanctumError):
        trace = "\n".join(getattr(error, "__notes__", ()))
        data = ErrorData(error.exit_code, error.hint, trace)
        return failure(id, REFUSED, error.sentence, data)
    log.error("%s failed", method, exc_info=error)
    text = f"{method} failed in the recorder: {type(error).__name__}: {error}"
    return failure(id, INTERNAL_ERROR, text)


def _arguments(method: Method, raw: msgspec.Raw) -> dict[str, Any]:
    """Parameters by name; a list is taken by position."""
    params = bytes(raw) or b"{}"
    names = method.params.__struct_fields__
    if params.lstrip().startswith(b"["):
        given = msgspec.json.decode(params, type=list[msgspec.Raw])
        if len(given) > len(names):
            raise msgspec.ValidationError(f"at most {len(names)} parameters")
        params = _encoder.encode(dict(zip(names, given, strict=False)))
    decoded = msgspec.json.decode(params, type=method.params)
    return {name: getattr(decoded, name) for name in names}
