"""Reload a camera: restart its medium, or take its input out of OBS and make it again.

Neither touches a recording. Before an input is taken out its portrait is written to a file of the
state folder; as long as that file is there, `put_back` brings the input back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from control_api.admin.asking import inputs, must_know, until
from control_api.admin.portrait import Portrait, take
from control_api.admin.rebuild import GONE_SECONDS, build, take_out
from control_api.errors import ApiError, BadGateway, BadInput, Conflict
from control_api.events.service import EventService, Kind
from control_api.settings.service import SettingsService
from control_api.studios.studio import Studio, Studios
from leitstand import atomicfile

logger = logging.getLogger(__name__)

Method = Literal["restart", "recreate"]

_RESTART = "OBS_WEBSOCKET_MEDIA_INPUT_ACTION_RESTART"
_RESTART_SECONDS = 5.0
_SLACK_MILLISECONDS = 500
_NO_MEDIUM, _COMING = "NONE", ("PLAYING", "OPENING", "BUFFERING")


@dataclass(frozen=True, slots=True)
class Reload:
    """`confirmed`: OBS shows that it worked; if not, `message` says what is not known or not so."""

    studio: str
    input: str
    method: Method
    confirmed: bool
    message: str


@dataclass(frozen=True, slots=True)
class _Playing:
    """`cursor` and `duration` in milliseconds; 0 where OBS does not know."""

    state: str
    cursor: int
    duration: int


class CameraService:
    def __init__(
        self,
        studios: Studios,
        settings: SettingsService,
        events: EventService,
        state: Path,
        *,
        gone_within: float = GONE_SECONDS,
        plays_within: float = _RESTART_SECONDS,
    ) -> None:
        """What OBS is given, in seconds, to let go of an input and to play a medium anew."""
        self._studios = studios
        self._settings = settings
        self._events = events
        self._state = state
        self._gone_within, self._plays_within = gone_within, plays_within
        self._turns: Mapping[str, threading.Lock] = {
            name: threading.Lock() for name in studios.names
        }

    def reload(self, studio: str | None, method: Method | None, who: str) -> Reload:
        """Without a method: restart, or, of an input that is no medium, recreate.

        Raises BadInput if no camera is set, NotFound, Conflict, BadGateway, Unavailable.
        """
        one = self._studios.get(studio)
        name = self._settings.current.studio(one.name).camera_input
        if name is None:
            key = f"studios.{one.name}.camera_input"
            raise BadInput(f"studio {one.name}: which its camera is must be set first, by {key}")
        with self._turn(one):
            self._put_back(one)
            must_know(f"the setting studios.{one.name}.camera_input", name, inputs(one), one)
            medium = _playing(one, name).state != _NO_MEDIUM
            if method == "restart" and not medium:
                raise Conflict(f"{name!r} is no medium that OBS can restart: use recreate")
            if method == "restart" or (method is None and medium):
                done = _restart(one, name, self._plays_within)
            else:
                done = self._recreate(one, name)
        data = {"input": name, "method": done.method, "confirmed": done.confirmed, "by": who}
        self._events.tell(Kind.CAMERA_RELOADED, one.name, f"{who}: {done.message}", **data)
        return done

    def put_back(self) -> None:
        """Make again what an interruption left taken out; to be called again and again."""
        for studio in self._studios:
            if self._file(studio).exists() and self._turns[studio.name].acquire(blocking=False):
                try:
                    self._put_back(studio)
                except ApiError as error:
                    logger.warning("%s: the camera is not back yet: %s", studio.name, error.detail)
                finally:
                    self._turns[studio.name].release()

    @contextmanager
    def _turn(self, studio: Studio) -> Iterator[None]:
        if not self._turns[studio.name].acquire(blocking=False):
            raise Conflict(f"studio {studio.name}: its camera is being reloaded")
        try:
            yield
        finally:
            self._turns[studio.name].release()

    def _recreate(self, studio: Studio, name: str) -> Reload:
        portrait = take(studio, name)
        self._keep(studio, portrait)
        try:
            take_out(studio, portrait, self._gone_within)
            wrong = build(studio, portrait)
        except ApiError as error:
            self._undo(studio, portrait, error)
            raise
        self._file(studio).unlink(missing_ok=True)
        message = f"{name} was made again"
        if wrong:
            message += f", but is not as it was in: {', '.join(wrong)[:500]}"
        return Reload(studio.name, name, "recreate", not wrong, message)

    def _undo(self, studio: Studio, portrait: Portrait, error: ApiError) -> None:
        """Raises what says how it stands now; the file stays if it could not be put back."""
        try:
            build(studio, portrait)
        except ApiError as again:
            raise type(error)(
                f"{error.detail}; {portrait.input!r} is not back yet ({again.detail}); it is tried "
                f"again every few seconds, unless {self._file(studio)} is removed"
            ) from None
        self._file(studio).unlink(missing_ok=True)
        raise type(error)(f"{error.detail}; {portrait.input!r} was put back as it was") from None

    def _put_back(self, studio: Studio) -> None:
        file = self._file(studio)
        if not file.exists():
            return
        try:
            portrait = Portrait.model_validate_json(file.read_bytes())
        except (ValidationError, OSError) as error:
            logger.error("%s: cannot be read (%s); set aside", file, type(error).__name__)
            file.rename(file.with_suffix(".unreadable"))
            return
        build(studio, portrait)
        file.unlink(missing_ok=True)
        message = f"{portrait.input} was put back after an interruption"
        data = {"input": portrait.input, "method": "recreate", "by": "leitstand"}
        self._events.tell(Kind.CAMERA_RELOADED, studio.name, message, **data)

    def _keep(self, studio: Studio, portrait: Portrait) -> None:
        """Write the portrait; only its owner may read it, since an address may hold a password."""
        atomicfile.write_private(self._file(studio), portrait.model_dump_json())

    def _file(self, studio: Studio) -> Path:
        return self._state / f"camera-{studio.name}.json"


def _restart(studio: Studio, name: str, within: float) -> Reload:
    asked_at = time.monotonic()
    action = {"inputName": name, "mediaAction": _RESTART}
    studio.request("TriggerMediaInputAction", action)
    seen: list[_Playing] = []

    def plays_anew() -> bool:
        seen.append(now := _playing(studio, name))
        elapsed = (time.monotonic() - asked_at) * 1000 + _SLACK_MILLISECONDS
        if now.state != "PLAYING" or not now.cursor:
            return False
        # A live source has no duration: its cursor is where it is, and moves while something comes.
        moves = len(seen) > 1 and seen[-2].cursor not in (0, now.cursor)
        return now.cursor <= elapsed if now.duration else moves

    if until(plays_anew, within):
        return Reload(studio.name, name, "restart", True, f"{name} was restarted")
    state = seen[-1].state
    if state not in _COMING:
        raise BadGateway(
            f"studio {studio.name}: {name!r} was told to restart, but OBS says {state.lower()}: "
            "is its source there?"
        )
    message = f"{name} was told to restart; OBS says {state.lower()}, not whether anything comes"
    return Reload(studio.name, name, "restart", False, message)


def _playing(studio: Studio, name: str) -> _Playing:
    told = studio.request("GetMediaInputStatus", {"inputName": name})
    state = str(told["mediaState"]).removeprefix("OBS_MEDIA_STATE_")
    return _Playing(state, told["mediaCursor"] or 0, told["mediaDuration"] or 0)
