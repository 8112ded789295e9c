"""What a real OBS finds in its home: settings, a profile, scenes and the media they show."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

CAMERA, STILL, SILENCE, MICROPHONE, SHORT = MEDIA = (
    "camera.mkv",
    "still.png",
    "silence.mkv",
    "microphone.mkv",
    "short.mkv",
)

BLACK, GREEN = 0xFF000000, 0xFF00A000
"""Colours as OBS writes them: alpha, blue, green, red."""


@dataclass(frozen=True, slots=True)
class Source:
    name: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def to_obs(self) -> dict[str, Any]:
        return {
            "id": self.kind.partition("_v")[0],
            "versioned_id": self.kind,
            "name": self.name,
            "settings": self.settings,
            "mixers": 255,
        }


@dataclass(frozen=True, slots=True)
class Scene:
    name: str
    sources: Sequence[Source] = ()

    def to_obs(self) -> dict[str, Any]:
        items = [
            {"id": number, "name": source.name, "visible": True}
            for number, source in enumerate(self.sources, 1)
        ]
        settings = {"id_counter": len(items), "items": items}
        return Source(self.name, "scene", settings).to_obs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    fps: int
    size: tuple[int, int]
    record_format: str
    quality: Literal["Small", "Stream"]
    muxer: str
    advanced: Mapping[str, object] | None = None
    """Settings of Advanced mode, which is chosen by giving some."""


def standard(media: Path, size: tuple[int, int]) -> tuple[Scene, ...]:
    """Main (on air: a moving picture, a tone, a microphone, a silent input), Break, Black, Still
    (an image, so a frozen picture) and Ended (a clip that stops after its first 0.2 s)."""
    width, height = size

    def clip(name: str, file: str, *, looping: bool = True) -> Source:
        settings = {"local_file": str(media / file), "looping": looping}
        return Source(name, "ffmpeg_source", settings | {"restart_on_activate": False})

    def colour(name: str, value: int) -> Source:
        settings = {"color": value, "width": width, "height": height}
        return Source(name, "color_source_v3", settings)

    return (
        Scene(
            "Main",
            (
                clip("Camera", CAMERA),
                clip("Microphone", MICROPHONE),
                clip("Silence", SILENCE),
            ),
        ),
        Scene("Break", (colour("Green", GREEN),)),
        Scene("Black", (colour("Nothing", BLACK),)),
        Scene("Still", (Source("Image", "image_source", {"file": str(media / STILL)}),)),
        Scene("Ended", (clip("Clip", SHORT, looping=False),)),
    )


def make_media(folder: Path) -> Path:
    """The files that the standard scenes show, once for a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not all((folder / name).exists() for name in MEDIA):
        inputs = (
            "testsrc2=size=320x240:rate=15:duration=10",
            "sine=frequency=440:duration=10",
            "anullsrc=duration=10",
            "sine=frequency=880:duration=10",
        )
        outputs = (
            ("-map", "0", "-map", "1", "-preset", "ultrafast", CAMERA),
            ("-map", "0", "-frames:v", "1", STILL),
            ("-map", "2", SILENCE),
            ("-map", "3", MICROPHONE),
            ("-map", "0", "-t", "0.2", "-preset", "ultrafast", SHORT),
        )
        command = ["ffmpeg", "-v", "error", "-y"]
        command += [word for source in inputs for word in ("-f", "lavfi", "-i", source)]
        command += [word for output in outputs for word in output]
        subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    return folder


def write_config(
    folder: Path,
    recordings: Path,
    profile: Profile,
    scenes: Sequence[Scene],
    *,
    port: int,
    password: str | None,
) -> None:
    """All that OBS would otherwise ask or choose for itself, under its XDG_CONFIG_HOME."""
    for name, text in {
        "global.ini": _ini(_program(port, password)),
        "basic/profiles/Test/basic.ini": _ini(_profile(profile, recordings)),
        "basic/profiles/Test/recordEncoder.json": json.dumps(ENCODER),
        "basic/scenes/Test.json": json.dumps(_collection(scenes)),
    }.items():
        path = folder / "obs-studio" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


ENCODER = {"rate_control": "CRF", "crf": 23, "preset": "ultrafast", "keyint_sec": 1}
"""Of Advanced mode. A key frame a second: OBS splits only at one."""


def _program(port: int, password: str | None) -> dict[str, dict[str, object]]:
    return {
        "General": {
            "FirstRun": True,
            "LastVersion": 486539266,
            "InfoIncrement": -1,
            "EnableAutoUpdates": False,
            "ConfirmOnExit": False,
        },
        "Basic": {
            "Profile": "Test",
            "ProfileDir": "Test",
            "SceneCollection": "Test",
            "SceneCollectionFile": "Test",
        },
        "BasicWindow": {
            "PreviewEnabled": False,
            "SysTrayEnabled": False,
            "WarnBeforeStartingStream": False,
            "WarnBeforeStoppingStream": False,
            "WarnBeforeStoppingRecord": False,
        },
        "OBSWebSocket": {
            "FirstLoad": False,
            "ServerEnabled": True,
            "ServerPort": port,
            "AlertsEnabled": False,
            "AuthRequired": password is not None,
            "ServerPassword": password or "",
        },
    }


def _profile(profile: Profile, recordings: Path) -> dict[str, dict[str, object]]:
    width, height = profile.size
    mode = "Simple" if profile.advanced is None else "Advanced"
    return {
        "General": {"Name": "Test"},
        "Output": {"Mode": mode, "Reconnect": True, "RetryDelay": 1, "MaxRetries": 3},
        "SimpleOutput": {
            "FilePath": recordings,
            "RecFormat": profile.record_format,
            "RecQuality": profile.quality,
            "RecEncoder": "x264",
            "StreamEncoder": "x264",
            "Preset": "ultrafast",
            "VBitrate": 500,
            "ABitrate": 64,
            # OBS reads MuxerCustom only with it.
            "UseAdvanced": True,
            "MuxerCustom": profile.muxer,
        },
        "AdvOut": {
            "RecType": "Standard",
            "RecFilePath": recordings,
            "RecFormat": profile.record_format,
            "RecEncoder": "obs_x264",
            "RecTracks": 1,
            "RecMuxerCustom": profile.muxer,
            "FFOutputToFile": True,
            "FFFilePath": recordings,
            "FFExtension": profile.record_format,
            **(profile.advanced or {}),
        },
        "Video": {
            "BaseCX": width,
            "BaseCY": height,
            "OutputCX": width,
            "OutputCY": height,
            "FPSType": 1,
            "FPSInt": profile.fps,
        },
        "Audio": {"SampleRate": 48000, "ChannelSetup": "Stereo"},
    }


def _collection(scenes: Sequence[Scene]) -> dict[str, Any]:
    # OBS resolves a scene's items by name, so each source is listed once and before its scenes.
    sources = {source.name: source.to_obs() for scene in scenes for source in scene.sources}
    return {
        "name": "Test",
        "current_scene": scenes[0].name,
        "current_program_scene": scenes[0].name,
        "scene_order": [{"name": scene.name} for scene in scenes],
        "sources": [*sources.values(), *(scene.to_obs() for scene in scenes)],
    }


def _ini(sections: Mapping[str, Mapping[str, object]]) -> str:
    def lines() -> Iterator[str]:
        for name, values in sections.items():
            yield f"[{name}]"
            for key, value in values.items():
                yield f"{key}={str(value).lower() if isinstance(value, bool) else value}"

    return "\n".join(lines()) + "\n"
