"""One client: hello, identify, then requests, batches and the events it subscribed to."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from leitstand.demo.obs.protocol import (
    RPC_VERSION,
    VERSION,
    Close,
    Closing,
    Intent,
    Json,
    Op,
    Refused,
    Status,
    is_proven,
)

Answer = Callable[[str, Any], Json | None]


class Session:
    """Text in, text out; who carries it is somebody else's affair."""

    def __init__(self, answer: Answer, password: str | None, version: str = VERSION) -> None:
        self._answer, self._password, self._version = answer, password, version
        self._salt, self._challenge = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.is_identified = False
        self.incoming = self.outgoing = 0
        self._subscriptions = int(Intent.ALL)

    def hello(self) -> str:
        data: Json = {"obsWebSocketVersion": self._version, "rpcVersion": RPC_VERSION}
        if self._password is not None:
            data["authentication"] = {"challenge": self._challenge, "salt": self._salt}
        return self._sent(Op.HELLO, data)

    def wants(self, intent: Intent) -> bool:
        return self.is_identified and bool(self._subscriptions & intent)

    def event(self, intent: Intent, event_type: str, data: Json | None) -> str:
        event: Json = {"eventIntent": intent, "eventType": event_type}
        return self._sent(Op.EVENT, event if data is None else {"eventData": data, **event})

    def receive(self, message: str | bytes) -> str:
        """The answer; Closing if there is to be none, ever."""
        self.incoming += 1
        op, data = self._parsed(message)
        if not self.is_identified and op != Op.IDENTIFY:
            reason = "You attempted to send a non-Identify message while not identified."
            raise Closing(Close.NOT_IDENTIFIED, reason)
        match op:
            case Op.IDENTIFY:
                return self._identify(data)
            case Op.REIDENTIFY:
                return self._identified(data)
            case Op.REQUEST:
                request_id = _request_id(data)
                return self._sent(Op.RESPONSE, {"requestId": request_id, **self._request(data)})
            case Op.BATCH:
                return self._batch(data)
        raise Closing(Close.UNKNOWN_OP, f"Unknown OpCode: {op}")

    def _parsed(self, message: str | bytes) -> tuple[object, Json]:
        try:
            payload = json.loads(message)
        except ValueError as error:
            raise Closing(Close.NOT_JSON, f"Unable to decode Json: {error}"[:120]) from error
        if not isinstance(payload, dict):
            raise Closing(Close.NOT_JSON, "You sent a non-object payload.")
        if "op" not in payload:
            raise Closing(Close.UNKNOWN_OP, "Your request is missing an `op`.")
        data = payload.get("d")
        if data is None:
            raise Closing(Close.MISSING_FIELD, "Your payload is missing data (`d`).")
        if not isinstance(data, dict):
            raise Closing(Close.WRONG_TYPE, "Your payload's data (`d`) is not an object.")
        return payload["op"], data

    def _identify(self, data: Json) -> str:
        if self.is_identified:
            reason = "You are already Identified with the obs-websocket server."
            raise Closing(Close.ALREADY_IDENTIFIED, reason)
        if self._password is not None:
            self._check(data.get("authentication"), self._password)
        if "rpcVersion" not in data:
            raise Closing(Close.MISSING_FIELD, "Your payload's data is missing an `rpcVersion`.")
        if not _is_unsigned(data["rpcVersion"]):
            raise Closing(Close.WRONG_TYPE, "Your `rpcVersion` is not an unsigned number.")
        if data["rpcVersion"] != RPC_VERSION:
            reason = "Your requested RPC version is not supported by this server."
            raise Closing(Close.UNSUPPORTED_RPC_VERSION, reason)
        return self._identified(data)

    def _check(self, given: object, password: str) -> None:
        if given is None:
            reason = "Your payload's data is missing an `authentication` string, however "
            raise Closing(Close.AUTHENTICATION_FAILED, reason + "authentication is required.")
        if not is_proven(given, password, self._salt, self._challenge):
            raise Closing(Close.AUTHENTICATION_FAILED, "Authentication failed.")

    def _identified(self, data: Json) -> str:
        if "eventSubscriptions" in data:
            if not _is_unsigned(data["eventSubscriptions"]):
                reason = "Your `eventSubscriptions` is not an unsigned number."
                raise Closing(Close.WRONG_TYPE, reason)
            self._subscriptions = data["eventSubscriptions"]
        self.is_identified = True
        return self._sent(Op.IDENTIFIED, {"negotiatedRpcVersion": RPC_VERSION})

    def _batch(self, data: Json) -> str:
        batch_id, results = _request_id(data), []
        for request in data.get("requests", ()):
            result = self._request(request)
            if "requestId" in request:
                result["requestId"] = request["requestId"]
            results.append(result)
            if data.get("haltOnFailure") and not result["requestStatus"]["result"]:
                break
        return self._sent(Op.BATCH_RESPONSE, {"requestId": batch_id, "results": results})

    def _request(self, request: Json) -> Json:
        request_type = request.get("requestType")
        response: Json = {"requestType": request_type}
        try:
            if not isinstance(request_type, str):
                comment = "Your request is missing a `requestType`."
                raise Refused(Status.MISSING_REQUEST_TYPE, comment)
            data = self._answer(request_type, request.get("requestData"))
        except Refused as refused:
            response["requestStatus"] = {"code": refused.status, "result": False}
            if refused.comment:
                response["requestStatus"]["comment"] = refused.comment
            return response
        response["requestStatus"] = {"code": Status.SUCCESS, "result": True}
        if request_type == "GetStats" and data is not None:
            data["webSocketSessionIncomingMessages"] = self.incoming
            data["webSocketSessionOutgoingMessages"] = self.outgoing
        if data is not None:
            response["responseData"] = data
        return response

    def _sent(self, op: Op, data: Json) -> str:
        self.outgoing += 1
        return json.dumps({"d": data, "op": op})


def _request_id(data: Json) -> Any:
    if "requestId" not in data:
        raise Closing(Close.MISSING_FIELD, "Your payload data is missing a `requestId`.")
    return data["requestId"]


def _is_unsigned(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
