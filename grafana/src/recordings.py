"""Recordings, videos and clips: was everything recorded, is there room, do the jobs succeed."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import alerts
from grafana.src.frame import About, filled, frame, recordings
from grafana.src.panels import TO_STUDIO, Look, Text, curves, number, states
from grafana.src.promql import counted
from grafana.src.states import RECORDING, UNRECORDED
from grafana.src.tables import Column, Rows, table

_NO_API = "No control API"
_STUDIO = "{{studio}}"

_KEPT = (
    "increase(leitstand_recording_verified_seconds_total[$__range])",
    "increase(leitstand_recording_desired_seconds_total[$__range])",
)
_HOURS_LEFT = (
    "min(obs_disk_available_bytes) / (sum(rate(obs_record_bytes_total[$__rate_interval])) > 0)"
)
_FAILED = (
    '(sum(leitstand_jobs{state="failed"}) or 0 * max(leitstand_library_videos))'
    ' - (sum(leitstand_jobs{state="failed"} offset $__range) or 0 * max(leitstand_library_videos))'
)
"""Not the increase of leitstand_jobs_total: the first failure begins its series, from 1 on."""


def dashboard() -> Dashboard:
    about = About(
        "leitstand-recordings",
        "Recordings and clips",
        "Was everything recorded that should be, is there room for what comes, do clips succeed.",
    )
    made = frame(about, ("studio",)).annotation(recordings())
    return filled(
        made,
        ("Now", [*_now(), *_room()]),
        (
            "What was when",
            [
                _when(),
                _faults(),
                alerts(', subject=~"recording|clip", studio=~"$studio|"', w=24, h=5),
            ],
        ),
        ("Was it recorded", _recorded()),
        ("Library", _library()),
        ("Jobs", _jobs()),
    )


def _now() -> list[Any]:
    return [
        number(
            Text(
                "Should record, do not",
                "Studios that should record now and do not, or whose file stands still.",
                _NO_API,
            ),
            counted(UNRECORDED, "leitstand_recording_desired"),
            Look(steps=words.NONE_IS_GOOD),
        ),
        number(
            Text(
                "Recorded of what should be",
                "Seconds in which the file was seen to grow, of those it should have, over the "
                "time shown.",
                "Nothing was to be recorded",
            ),
            f"sum({_KEPT[0]}) / (sum({_KEPT[1]}) > 0)",
            Look("percentunit", steps=words.KEPT, decimals=2),
        ),
        number(
            Text(
                "Missed windows",
                "Windows of schedules that were not recorded, or only partly, over the time shown.",
                _NO_API,
            ),
            "sum(increase(leitstand_schedule_missed_total[$__range]))",
            Look(steps=words.NONE_IS_GOOD, decimals=0),
        ),
        number(
            Text("Recording", "Studios that record right now.", _NO_API),
            "sum(leitstand_recording_active)",
            Look(),
        ),
        number(
            Text("Next start", "When the next window begins.", "Nothing is scheduled"),
            "min(leitstand_schedule_next_start_timestamp_seconds) * 1000",
            Look("dateTimeFromNow"),
        ),
        number(
            Text("Next 24 hours", "How much of them is scheduled, over all studios.", _NO_API),
            "sum(leitstand_schedule_seconds_next_day)",
            Look("dtdurations"),
        ),
    ]


def _room() -> list[Any]:
    return [
        number(
            Text(
                "Room for",
                "How long the fullest disk lasts at the pace at which OBS records now.",
                "Nothing is recorded",
            ),
            _HOURS_LEFT,
            Look("dtdurations", steps=words.HOURS_LEFT),
        ),
        number(
            Text("Failed jobs", "Jobs, clips most of all, that failed in the time shown.", _NO_API),
            _FAILED,
            Look(steps=words.NONE_IS_GOOD, decimals=0),
        ),
    ]


def _when() -> Any:
    text = Text("Recordings", "Per studio: what should have recorded, and what did.", "No studio")
    look = Look(w=12, h=6, words=words.RECORDING_STATE, link=TO_STUDIO)
    return states(text, [(RECORDING, _STUDIO)], look)


def _faults() -> Any:
    text = Text(
        "Faults",
        "What is wrong with each studio's recording, by code; first, whether the recorder is away: "
        "then nothing is known of the studios.",
        _NO_API,
    )
    of_studios = (
        "max by (studio, code) (leitstand_recording_fault)"
        " or max by (studio) (0 * leitstand_recording_desired)"
    )
    queries = [
        ("max by (instance) (leitstand_recorder_up == bool 0)", "recorder {{instance}}"),
        ("max by (studio) (leitstand_studio_controlled_elsewhere)", "{{studio}} elsewhere"),
        (of_studios, "{{studio}} {{code}}"),
    ]
    return states(text, queries, Look(w=12, h=6, words=words.FAULT))


def _recorded() -> list[Any]:
    by = "sum by (studio)"
    return [
        curves(
            Text(
                "Recorded of what should be",
                "Per studio and interval: 100 % is a file that grew all the while.",
                "Nothing was to be recorded",
            ),
            [
                (
                    f"{by} (rate(leitstand_recording_verified_seconds_total[$__rate_interval]))"
                    f" / ({by} (rate(leitstand_recording_desired_seconds_total[$__rate_interval]))"
                    " > 0)",
                    _STUDIO,
                )
            ],
            Look("percentunit", top=1),
        ),
        curves(
            Text("Recordings that ended", "By how they ended, so far.", "None has ended yet"),
            [
                (
                    "sum by (studio, outcome) (increase(leitstand_recordings_total[$__range]))",
                    "{{studio}} {{outcome}}",
                )
            ],
            Look(decimals=0),
        ),
        table(
            Text("Schedules", "What comes next, per studio.", "Nothing is scheduled"),
            [
                Column(
                    "min by (studio) (leitstand_schedule_next_start_timestamp_seconds) * 1000",
                    "Next start",
                    "dateTimeAsLocal",
                ),
                Column(
                    "max by (studio) (leitstand_schedule_seconds_next_day)",
                    "In 24 h",
                    "dtdurations",
                ),
                Column(
                    "sum by (studio) (increase(leitstand_schedule_missed_total[$__range]))",
                    "Missed",
                    steps=words.NONE_IS_GOOD,
                    decimals=0,
                ),
            ],
            Rows({"studio": "Studio"}, w=8, h=8),
        ),
    ]


def _library() -> list[Any]:
    taken = "increase(leitstand_retention_deleted_total[$__rate_interval])"
    return [
        curves(
            Text(
                "Room",
                "Free where OBS records to and on the disk of control_api.library, beside what all "
                "videos take.",
                _NO_API,
            ),
            [
                ("min by (studio) (obs_disk_available_bytes)", "free for {{studio}}"),
                ("min(leitstand_library_disk_available_bytes)", "free for the library"),
                ("max(leitstand_library_bytes)", "videos"),
            ],
            Look("bytes"),
        ),
        curves(
            Text("Videos", "In the library, those in the trash left out.", _NO_API),
            [("max(leitstand_library_videos)", "videos")],
            Look(decimals=0),
        ),
        curves(
            Text(
                "Taken by retention",
                "Videos that went to the trash, by why: too old, too much, too little space.",
                _NO_API,
            ),
            [(f"sum by (reason) ({taken})", "{{reason}}")],
            Look(stacked=True, decimals=0),
        ),
    ]


def _jobs() -> list[Any]:
    took = "sum by (le) (increase(leitstand_clip_seconds_bucket[$__range]))"
    return [
        curves(
            Text("Jobs", "By state: what waits, what runs, what is over.", "No job yet"),
            [("sum by (kind, state) (leitstand_jobs)", "{{kind}} {{state}}")],
            Look(decimals=0),
        ),
        curves(
            Text("Jobs that ended", "By how they ended, per interval.", "None has ended yet"),
            [
                (
                    "sum by (kind, outcome) (increase(leitstand_jobs_total[$__rate_interval]))",
                    "{{kind}} {{outcome}}",
                )
            ],
            Look(decimals=0),
        ),
        curves(
            Text(
                "Time for a clip",
                "That 19 of 20, and half of the clips of the time shown took to be made.",
                "No clip was made",
            ),
            [
                (f"histogram_quantile(0.95, {took})", "19 of 20"),
                (f"histogram_quantile(0.5, {took})", "half"),
            ],
            Look("s"),
        ),
    ]
