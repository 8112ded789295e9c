"""Asking OBS what it did: that it accepts a command does not mean that it carries it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from control_api.errors import BadGateway, NotFound, Unavailable
from control_api.studios.studio import Studio
from leitstand.clients.obs import ObsError, RequestFailed

NOT_FOUND, NO_AUDIO = 600, 604

CONFIRM_SECONDS = 3.0
_PAUSE_SECONDS = 0.03


def until(question: Callable[[], bool], within: float = CONFIRM_SECONDS) -> bool:
    """Ask until the answer is yes; False when the time, in seconds, is up."""
    ends_at = time.monotonic() + within
    while not question():
        if time.monotonic() >= ends_at:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def confirm(question: Callable[[], bool], studio: Studio, what: str) -> None:
    """Raises BadGateway if OBS accepted a command and did not do it."""
    if not until(question):
        raise BadGateway(
            f"studio {studio.name}: OBS accepted it, but after {CONFIRM_SECONDS:g} s {what}"
        )


def unless(
    codes: Collection[int], studio: Studio, name: str, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """OBS's answer; None if it refuses with one of these codes. Raises as Studio.request does."""
    try:
        return studio.link.request(name, data)
    except RequestFailed as error:
        if error.code in codes:
            return None
        raise BadGateway(f"studio {studio.name}: OBS refuses {name}: {error}") from None
    except ObsError as error:
        raise Unavailable(f"studio {studio.name}: OBS {error}") from None


def scenes(studio: Studio) -> Sequence[str]:
    """Topmost first, as in OBS's window."""
    listed = studio.request("GetSceneList")["scenes"]
    return [scene["sceneName"] for scene in reversed(listed)]


def current_scene(studio: Studio) -> str:
    name: str = studio.request("GetCurrentProgramScene")["currentProgramSceneName"]
    return name


def inputs(studio: Studio) -> Mapping[str, str]:
    """The kind of each input, by name."""
    listed = studio.request("GetInputList")["inputs"]
    return {one["inputName"]: one["inputKind"] for one in listed}


def is_muted(studio: Studio, name: str) -> bool | None:
    """None: it has no sound, or is not there."""
    answer = unless((NO_AUDIO, NOT_FOUND), studio, "GetInputMute", {"inputName": name})
    return None if answer is None else bool(answer["inputMuted"])


def is_on_air(studio: Studio, name: str) -> bool:
    """Whether the program has this input, seen or heard."""
    answer = unless((NOT_FOUND,), studio, "GetSourceActive", {"sourceName": name})
    return answer is not None and bool(answer["videoActive"])


def must_know(field: str, name: str, known: Collection[str], studio: Studio) -> None:
    """Raises NotFound that says what there is."""
    if name not in known:
        there = ", ".join(repr(one) for one in list(known)[:20]) or "none"
        raise NotFound(f"{field}: studio {studio.name} has no {name!r}; there are: {there}")
