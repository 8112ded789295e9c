"""Requests and answers as obs-websocket 5 writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from leitstand.clients.obs.errors import NotObs, RequestFailed

T = TypeVar("T")

Request = tuple[str, Mapping[str, Any] | None]
"""A request's name and its data."""

Outcome = dict[str, Any] | RequestFailed
"""What a request gave, or why OBS refused it."""

EVENT = 5
REQUEST, ANSWER = 6, 7
BATCH, BATCH_ANSWER = 8, 9


class Message(msgspec.Struct):
    op: int
    d: msgspec.Raw


class Addressed(msgspec.Struct):
    """Any answer, as far as telling whose it is."""

    requestId: str


class Status(msgspec.Struct):
    result: bool
    code: int
    comment: str | None = None


class Result(msgspec.Struct):
    requestType: str
    requestStatus: Status
    responseData: dict[str, Any] | None = None


class Results(msgspec.Struct):
    results: list[Result]


class EventName(msgspec.Struct):
    eventType: str


class EventData(msgspec.Struct):
    eventData: dict[str, Any] | None = None


class Meter(msgspec.Struct):
    """Of each channel the magnitude, the peak and the input's peak; null is not a number."""

    inputName: str
    inputLevelsMul: list[tuple[float | None, float | None, float | None]]


class Meters(msgspec.Struct):
    inputs: list[Meter]


class MetersData(msgspec.Struct):
    eventData: Meters


def encoded(op: int, request_id: str, content: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"op": op, "d": {"requestId": request_id, **content}})


def decoded(text: bytes | msgspec.Raw, of: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=of)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotObs(f"sends what OBS does not send ({type(error).__name__})") from None


def request(name: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"requestType": name} | ({"requestData": data} if data else {})


def batch(requests: Sequence[Request]) -> dict[str, Any]:
    return {"haltOnFailure": False, "requests": [request(name, data) for name, data in requests]}


def outcome(answer: msgspec.Raw, name: str) -> Outcome:
    return _outcome(decoded(answer, Result), name)


def outcomes(answer: msgspec.Raw, names: Sequence[str]) -> list[Outcome]:
    results = decoded(answer, Results).results
    if len(results) != len(names):
        raise NotObs("answers more or less than it was asked")
    return [_outcome(result, name) for result, name in zip(results, names, strict=True)]


def _outcome(result: Result, name: str) -> Outcome:
    if result.requestType != name:
        raise NotObs(f"answers {name} with something else")
    status = result.requestStatus
    if not status.result:
        return RequestFailed(name, status.code, status.comment)
    return result.responseData or {}
