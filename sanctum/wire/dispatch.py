"""One request line in, one answer line out: JSON-RPC 2.0 on top of any object with the methods."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from sanctum.errors import SanctumError
from sanctum.wire.protocol import (
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
_NOT_JSON = (msgspec.MsgspecError, ValueError, RecursionError)
_batch = msgspec.json.Decoder(list[msgspec.Raw])


def answer(line: bytes, api: object) -> bytes | None:
    """The answer line to a request line, newline included; None when none is due."""
    if not line.lstrip().startswith(b"["):
        reply = _one(line, api)
        return None if reply is None else reply + b"\n"
    try:
        batch = _batch.decode(line)
    except _NOT_JSON as error:
        return _failure(None, PARSE_ERROR, f"not JSON: {error}") + b"\n"
    if not batch:
        return _failure(None, INVALID_REQUEST, "an empty batch") + b"\n"
    replies = [reply for one in batch if (reply := _one(bytes(one), api)) is not None]
    return b"[" + b",".join(replies) + b"]\n" if replies else None


def refusal(sentence: str) -> bytes:
    """The answer line to what is no request at all."""
    return _failure(None, INVALID_REQUEST, sentence) + b"\n"


def _one(line: bytes, api: object) -> bytes | None:
    try:
        request = _request.decode(line)
    except msgspec.ValidationError as error:
        return _failure(None, INVALID_REQUEST, f"not a request: {error}")
    except _NOT_JSON as error:
        return _failure(None, PARSE_ERROR, f"not JSON: {error}")
    reply = _called(request, api)
    return None if request.id is msgspec.UNSET else reply


def _called(request: Request, api: object) -> bytes:
    id = None if request.id is msgspec.UNSET else request.id
    method = methods().get(request.method)
    if method is None:
        known = ", ".join(methods())
        return _failure(id, METHOD_NOT_FOUND, f"no method {request.method!r}; there are {known}")
    try:
        arguments = _arguments(method, request.params)
    except _NOT_JSON as error:
        return _failure(id, INVALID_PARAMS, f"{method.name}: {error}")
    try:
        result = getattr(api, method.attribute)(**arguments)
        return _success(id, _encoder.encode(result))
    except SanctumError as refused:
        data = ErrorData(refused.exit_code, refused.hint)
        return _failure(id, REFUSED, refused.sentence, data)
    except Exception as error:
        log.exception("%s failed", request.method)
        text = f"{request.method} failed in the recorder: {type(error).__name__}: {error}"
        return _failure(id, INTERNAL_ERROR, text)


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


def _success(id: int | str | None, result: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":' + _encoder.encode(id) + b',"result":' + result + b"}"


def _failure(id: int | str | None, code: int, message: str, data: ErrorData | None = None) -> bytes:
    return _encoder.encode({"jsonrpc": "2.0", "id": id, "error": Error(code, message, data)})
