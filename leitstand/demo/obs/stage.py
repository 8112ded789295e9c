"""Scenes, their items and the inputs: what is on and off stage, muted and playing."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from leitstand.demo.obs.protocol import Json, Refused, Status

MEDIA_DEFAULTS: Json = {
    "buffering_mb": 2,
    "clear_on_media_end": True,
    "is_local_file": True,
    "linear_alpha": False,
    "looping": False,
    "reconnect_delay_sec": 10,
    "restart_on_activate": True,
    "speed_percent": 100,
}
KINDS: dict[str, Json] = {
    "image_source": {},
    "color_source_v3": {"color": 4291940817, "width": 1920, "height": 1080},
    "text_ft2_source_v2": {},
    "ffmpeg_source": MEDIA_DEFAULTS,
    "pulse_input_capture": {},
    "pulse_output_capture": {},
    "v4l2_input": {},
}
TONE, TONE_SECONDS = "/demo/tone.mp4", 5
"""The one file that there is to play."""
AUDIBLE = ("ffmpeg_source", "pulse_input_capture", "pulse_output_capture")


@dataclass(slots=True)
class Input:
    name: str
    kind: str
    settings: Json = field(default_factory=dict)
    sounding: bool = False
    muted: bool = False
    volume: float = 1.0
    media_seconds: int = 0
    # where it stands: playing since a moment, paused at a cursor, or ended
    playing_since: float | None = field(default_factory=time.monotonic)
    paused_at: float | None = None
    # answers to GetInputAudio…, where they are not the usual ones
    mixing: Json = field(default_factory=dict)
    filters: list[Json] = field(default_factory=list)

    @property
    def unversioned_kind(self) -> str:
        return re.sub(r"_v\d+$", "", self.kind)

    @property
    def has_audio(self) -> bool:
        return self.kind in AUDIBLE

    @property
    def is_media(self) -> bool:
        return self.kind == "ffmpeg_source"


@dataclass(slots=True)
class Item:
    id: int
    source: str
    enabled: bool = True
    locked: bool = False
    blend: str = "OBS_BLEND_NORMAL"
    # what of it is not as usual
    transform: Json = field(default_factory=dict)


@dataclass(slots=True)
class Scene:
    name: str
    items: list[Item] = field(default_factory=list)
    last_id: int = 0

    def add(self, source: str, *, enabled: bool = True) -> Item:
        self.last_id += 1
        self.items.append(Item(self.last_id, source, enabled))
        return self.items[-1]


class Stage:
    """Kept from one start of the demo to the next, as OBS keeps its scene collection."""

    def __init__(self, inputs: Sequence[Input], scenes: Sequence[Scene], current: str) -> None:
        self.inputs = {input_.name: input_ for input_ in inputs}
        self.scenes = {scene.name: scene for scene in scenes}
        self.current = current
        self.held: set[str] = set()
        """Inputs that do not end with their last item, as when a window still shows them."""
        self.active = self.wanted()

    @classmethod
    def standard(cls) -> Stage:
        """A scene with a tone and a break without one, as in the recorded answers."""
        tone = {"local_file": TONE, "looping": True, "restart_on_activate": False}
        inputs = (
            Input("Tone", "ffmpeg_source", tone, sounding=True, media_seconds=TONE_SECONDS),
            Input("Text", "text_ft2_source_v2", {"text": "Leitstand"}),
            Input("BreakColor", "color_source_v3", {"color": 4278239296}),
            Input("Color", "color_source_v3", {"color": 4280303808}),
        )
        main, pause = Scene("Main"), Scene("Break")
        for source in ("Color", "Tone", "Text"):
            main.add(source)
        pause.add("BreakColor")
        return cls(inputs, (pause, main), "Main")

    def wanted(self) -> set[str]:
        """The inputs that the program scene shows."""
        return {item.source for item in self.scenes[self.current].items if item.enabled}

    def input(self, name: str) -> Input:
        if name in self.scenes:
            raise Refused(Status.WRONG_KIND_OF_SOURCE, "The specified source is not an input.")
        self.must_exist(name)
        return self.inputs[name]

    def scene(self, name: str) -> Scene:
        if name in self.inputs:
            raise Refused(Status.WRONG_KIND_OF_SOURCE, "The specified source is not a scene.")
        self.must_exist(name)
        return self.scenes[name]

    def must_exist(self, name: str) -> None:
        if name not in self.inputs and name not in self.scenes:
            raise Refused(Status.NOT_FOUND, f"No source was found by the name of `{name}`.")

    def audible(self) -> list[Input]:
        return [i for i in self.inputs.values() if i.has_audio and i.name in self.active]
