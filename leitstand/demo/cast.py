"""Who appears in the demo world that a newcomer looks at: configured paths, publishers, readers."""

from __future__ import annotations

from typing import Any

from leitstand.demo.entities import Client, Feed, PathConf, Track, aac, h264

# part of every secret of the demo world, so that a test can look for leaks
SECRET_MARK = "hunter2"

HD = h264(1920, 1080)
SMALL = h264(1280, 720, "Main", "3.1")
OPUS = Track("Opus", (("channelCount", 2),))
H265 = Track("H265", (("width", 3840), ("height", 2160), ("profile", "Main"), ("level", "5.1")))
OFFLINE = Feed(tracks=(h264(1920, 1080, "Baseline"),))

GARAGE = f"rtsp://viewer:{SECRET_MARK}-garage@192.0.2.9:554/stream1"
RECORDED = {"record": True, "recordSegmentDuration": "30s", "recordDeleteAfter": "1h0m0s"}
ALWAYS = {
    "alwaysAvailable": True,
    "alwaysAvailableTracks": [
        {"codec": "H264", "sampleRate": 0, "channelCount": 0, "muLaw": False}
    ],
}


def _forward(dest: str, token: str = "") -> dict[str, Any]:
    return {"dest": dest, "destFingerprint": "", "whipBearerToken": token}


UNREACHABLE_FORWARD = f"rtmp://backup.example:1935/live2/{SECRET_MARK}-backup-key"
FORWARDS = [
    _forward(f"rtmps://live.example:443/app/{SECRET_MARK}-stream-key"),
    _forward("whip://relay.example/uplink/whip", f"{SECRET_MARK}-bearer"),
    _forward(UNREACHABLE_FORWARD),
]

CONFS = (
    PathConf("stage", RECORDED),
    PathConf("cam/left", RECORDED),
    PathConf("cam/right"),
    PathConf("cam/audience"),
    PathConf("cam/balcony"),
    PathConf(
        "cam/gate",
        {"source": f"rtsp://viewer:{SECRET_MARK}-gate@192.0.2.7:554/stream1"},
        feed=Feed(1_500_000, (SMALL,)),
    ),
    PathConf("cam/garage", {"source": GARAGE}, unreachable=frozenset({GARAGE})),
    PathConf("cam/roof", {"source": "rtsp://192.0.2.8:554/stream1", "sourceOnDemand": True}),
    PathConf("slides", ALWAYS, feed=OFFLINE),
    PathConf("foyer", ALWAYS, feed=OFFLINE),
    PathConf("live", {"source": "redirect", "sourceRedirect": "/stage"}),
    PathConf("uplink", {"forward": FORWARDS}, unreachable=frozenset({UNREACHABLE_FORWARD})),
    PathConf("remote/van", {"srtPublishPassphrase": f"{SECRET_MARK}-passphrase"}),
    PathConf("~^guest/(.+)$", {"maxReaders": 20}),
)

PUBLISHERS: dict[str, tuple[Client, Feed]] = {
    "stage": (Client("rtmp", user="stage"), Feed(6_000_000, (HD, aac()))),
    "cam/left": (Client("rtsp"), Feed(12_000_000, (H265,))),
    "cam/right": (Client("rtsp", loss=0.001), Feed(4_000_000, (HD,))),
    "cam/audience": (Client("rtsp"), Feed(3_000_000, (SMALL,))),
    "cam/balcony": (Client("rtsps"), Feed(3_000_000, (SMALL,))),
    "slides": (Client("webrtc", query=f"token={SECRET_MARK}-slides"), Feed(800_000, (HD,))),
    "uplink": (Client("rtmps"), Feed(5_000_000, (HD, aac()))),
    "remote/van": (Client("srt", loss=0.02), Feed(4_000_000, (SMALL, aac()))),
    "radio": (Client("rtsp"), Feed(128_000, (OPUS,))),
    "guest/anna": (Client("webrtc", user="anna"), Feed(1_200_000, (SMALL, OPUS))),
}

READERS: dict[str, tuple[Client, ...]] = {
    "stage": (
        Client("hls"),
        Client("hls"),
        Client("hls", user="press", query=f"token={SECRET_MARK}-press"),
        Client("webrtc", loss=0.002),
        Client("webrtc"),
        Client("rtsp"),
        Client("rtsps"),
        Client("rtmp"),
        Client("rtmps"),
        Client("srt", loss=0.005),
        Client("moq"),
    ),
    "cam/left": (Client("rtsp"), Client("webrtc")),
    # too slow for the picture: a fifth of its packets is discarded
    "cam/right": (Client("rtsp"), Client("rtsp", slow=0.2)),
    "cam/audience": (Client("rtsp"),),
    "cam/balcony": (Client("rtsp"), Client("webrtc")),
    "cam/gate": (Client("rtsp"),),
    "remote/van": (Client("srt", loss=0.01),),
    "radio": (Client("hls"), Client("rtsp")),
    "guest/anna": (Client("webrtc"),),
}
