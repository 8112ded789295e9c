"""The table of all requests, and the answer to one: name and data in, data or a refusal out."""

from __future__ import annotations

from typing import Any

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import (
    OBS_VERSION,
    RPC_VERSION,
    SPLITS_VERSION,
    Json,
    Refused,
    Status,
)
from leitstand.demo.obs.requests import (
    filters,
    general,
    inputs,
    items,
    mixing,
    outputs,
    scenes,
    screenshots,
)
from leitstand.demo.obs.studio import Studio

_OTHERS: dict[str, general.Handler] = {
    **general.REQUESTS,
    **outputs.REQUESTS,
    **inputs.REQUESTS,
    **mixing.REQUESTS,
    **filters.REQUESTS,
    **scenes.REQUESTS,
    **items.REQUESTS,
    **screenshots.REQUESTS,
}
_SINCE_SPLITS = frozenset({"SplitRecordFile"})


def get_version(studio: Studio, _: Fields) -> Json:
    unknown = frozenset() if studio.options.version == SPLITS_VERSION else _SINCE_SPLITS
    return {
        "availableRequests": [name for name in REQUESTS if name not in unknown],
        "obsVersion": OBS_VERSION,
        "obsWebSocketVersion": studio.options.version,
        "platform": "debian",
        "platformDescription": "Debian GNU/Linux 12 (bookworm)",
        "rpcVersion": RPC_VERSION,
        "supportedImageFormats": list(screenshots.FORMATS),
    }


REQUESTS: dict[str, general.Handler] = {"GetVersion": get_version, **_OTHERS}


def answer(studio: Studio, request_type: str, data: Any) -> Json | None:
    handler = REQUESTS.get(request_type)
    if handler is None:
        raise Refused(Status.UNKNOWN_REQUEST_TYPE, "Your request type is not valid.")
    return handler(studio, Fields(data))
