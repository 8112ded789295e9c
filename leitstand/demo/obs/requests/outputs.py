"""Requests about recording and streaming."""

from __future__ import annotations

from leitstand.demo.obs.fields import Fields
from leitstand.demo.obs.protocol import SPLITS_VERSION, Json, Refused, Status
from leitstand.demo.obs.requests.general import Handler
from leitstand.demo.obs.studio import Studio

FILE, STREAM = "simple_file_output", "simple_stream"
SPLIT_HOTKEY = "OBSBasic.SplitFile"


def timecode(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"


def get_record_status(studio: Studio, _: Fields) -> Json:
    record = studio.record
    return {
        "outputActive": record.is_active,
        "outputBytes": record.bytes,
        "outputDuration": record.duration_ms,
        "outputPaused": record.is_paused,
        "outputTimecode": timecode(record.duration_ms),
    }


def start_record(studio: Studio, _: Fields) -> None:
    studio.record.start()


def stop_record(studio: Studio, _: Fields) -> Json:
    return {"outputPath": str(studio.record.stop())}


def toggle_record(studio: Studio, _: Fields) -> Json:
    active = studio.record.is_active
    studio.record.stop() if active else studio.record.start()
    return {"outputActive": not active}


def pause_record(studio: Studio, _: Fields) -> None:
    studio.record.pause(True)


def resume_record(studio: Studio, _: Fields) -> None:
    studio.record.pause(False)


def toggle_record_pause(studio: Studio, _: Fields) -> None:
    studio.record.pause(not studio.record.is_paused)


def split_record_file(studio: Studio, _: Fields) -> None:
    if studio.options.version != SPLITS_VERSION:
        raise Refused(Status.UNKNOWN_REQUEST_TYPE, "Your request type is not valid.")
    studio.record.split()


def trigger_hotkey_by_name(studio: Studio, fields: Fields) -> None:
    """The one of file splitting; without splitting OBS knows no such hotkey."""
    if fields.text("hotkeyName") != SPLIT_HOTKEY or studio.options.splits is None:
        raise Refused(Status.NOT_FOUND, "No hotkeys were found by that name.")
    if studio.record.is_active:
        studio.record.split()


def get_stream_status(studio: Studio, _: Fields) -> Json:
    stream = studio.stream
    milliseconds = int(stream.seconds * 1000)
    return {
        "outputActive": stream.is_active,
        "outputBytes": stream.bytes,
        "outputCongestion": 0.0,
        "outputDuration": milliseconds,
        "outputReconnecting": stream.is_reconnecting,
        "outputSkippedFrames": 0,
        "outputTimecode": timecode(milliseconds),
        "outputTotalFrames": stream.total_frames,
    }


def start_stream(studio: Studio, _: Fields) -> None:
    studio.stream.start()


def stop_stream(studio: Studio, _: Fields) -> None:
    studio.stream.stop()


def toggle_stream(studio: Studio, _: Fields) -> Json:
    active = studio.stream.is_active
    studio.stream.stop() if active else studio.stream.start()
    return {"outputActive": not active}


def get_stream_service_settings(studio: Studio, _: Fields) -> Json:
    return studio.stream_service


def set_stream_service_settings(studio: Studio, fields: Fields) -> None:
    kind, settings = fields.text("streamServiceType"), fields.object("streamServiceSettings")
    studio.stream_service = {"streamServiceType": kind, "streamServiceSettings": settings}


def get_output_list(studio: Studio, _: Fields) -> Json:
    """The stream is listed once it was started, and keeps its size; the file does not."""
    outputs = []
    if studio.stream.was_started:
        outputs.append(_output(studio, STREAM, studio.stream.is_active))
    outputs.append(_output(studio, FILE, studio.record.is_active))
    return {"outputs": outputs}


def get_output_status(studio: Studio, fields: Fields) -> Json:
    if _known(studio, fields.text("outputName")) == STREAM:
        return get_stream_status(studio, fields)
    duration = studio.record.duration_ms
    return {
        "outputActive": studio.record.is_active,
        "outputBytes": studio.record.bytes,
        "outputCongestion": 0.0,
        "outputDuration": duration,
        "outputReconnecting": False,
        "outputSkippedFrames": 0,
        "outputTimecode": timecode(duration),
        "outputTotalFrames": studio.record.frames,
    }


def get_output_settings(studio: Studio, fields: Fields) -> Json:
    name, path = _known(studio, fields.text("outputName")), studio.record.path
    settings = {"muxer_settings": "", "path": str(path)} if name == FILE and path else {}
    return {"outputSettings": settings}


def _known(studio: Studio, name: str) -> str:
    if name == FILE or (name == STREAM and studio.stream.was_started):
        return name
    raise Refused(Status.NOT_FOUND, f"No output was found with the name `{name}`.")


def _output(studio: Studio, name: str, active: bool) -> Json:
    width, height = studio.program.size if active or name == STREAM else (0, 0)
    return {
        "outputActive": active,
        "outputFlags": {
            "OBS_OUTPUT_AUDIO": True,
            "OBS_OUTPUT_ENCODED": True,
            "OBS_OUTPUT_MULTI_TRACK": True,
            "OBS_OUTPUT_SERVICE": name == STREAM,
            "OBS_OUTPUT_VIDEO": True,
        },
        "outputHeight": height,
        "outputKind": "rtmp_output" if name == STREAM else "ffmpeg_muxer",
        "outputName": name,
        "outputWidth": width,
    }


REQUESTS: dict[str, Handler] = {
    "GetRecordStatus": get_record_status,
    "StartRecord": start_record,
    "StopRecord": stop_record,
    "ToggleRecord": toggle_record,
    "PauseRecord": pause_record,
    "ResumeRecord": resume_record,
    "ToggleRecordPause": toggle_record_pause,
    "SplitRecordFile": split_record_file,
    "TriggerHotkeyByName": trigger_hotkey_by_name,
    "GetStreamStatus": get_stream_status,
    "StartStream": start_stream,
    "StopStream": stop_stream,
    "ToggleStream": toggle_stream,
    "GetStreamServiceSettings": get_stream_service_settings,
    "SetStreamServiceSettings": set_stream_service_settings,
    "GetOutputList": get_output_list,
    "GetOutputStatus": get_output_status,
    "GetOutputSettings": get_output_settings,
}
