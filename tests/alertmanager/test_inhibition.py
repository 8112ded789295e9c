"""A root cause silences what follows from it and nothing else, by a real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.alertmanager import house
from tests.alertmanager.house import House
from tests.alertmanager.hurry import ROOT
from tests.alertmanager.sinks import mail_server, webhook
from tests.running import eventually

Labels = Mapping[str, str]

RULES = {
    rule["alert"]: {"alertname": rule["alert"], **rule["labels"]}
    for file in (ROOT / "prometheus" / "alerts").glob("*.yml")
    for group in yaml.safe_load(file.read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
}
EXPORTER = {"host": "hall", "instance": "127.0.0.1:9896", "job": "leitstand-exporter"}
API = {"host": "hall", "instance": "127.0.0.1:8080", "job": "leitstand-api"}
MAIN, STAGE = {"server": "main", "path": "stage"}, {"studio": "stage"}
ELSEWHERE = {"host": "church", "instance": "127.0.0.2:9896"}


def alert(name: str, *labels: Labels) -> dict[str, str]:
    made = dict(RULES[name])
    for each in labels:
        made |= each
    return made


OFFLINE = alert("PathOffline", EXPORTER, MAIN)
SERVER = alert("MediaMTXDown", EXPORTER, {"server": "main"})
OBS = alert("OBSDown", EXPORTER, STAGE)
GONE = alert("ExporterDown", EXPORTER)
HOST = alert("HostDown", {"host": "hall"})
RECORDING = alert("RecordingNotRunning", API, STAGE)
RECORDER = alert("RecorderDown", API)
OTHER = alert("StudioControlledElsewhere", API, STAGE)
SLOW = alert("RecordingSlow", API, STAGE, {"code": "slow"})

SILENCED = {
    "a host silences its exporter": (HOST, GONE),
    "a host silences its API": (HOST, alert("ControlApiDown", API)),
    "a host silences its servers": (HOST, SERVER),
    "a host silences its paths": (HOST, OFFLINE),
    "an exporter silences a server": (GONE, SERVER),
    "an exporter silences a path": (GONE, OFFLINE),
    "an exporter silences a studio": (GONE, OBS),
    "an exporter silences its host's load": (GONE, alert("HostCpuBusy", EXPORTER)),
    "an exporter silences its sources": (GONE, alert("SourceDown", EXPORTER, {"source": "host"})),
    "a server silences its paths": (SERVER, OFFLINE),
    "a server silences its links": (SERVER, alert("SrtLinkPoor", EXPORTER, MAIN, {"role": "read"})),
    "OBS silences its recording": (OBS, RECORDING),
    "OBS silences its sound": (OBS, alert("SoundGone", EXPORTER, STAGE, {"input": "Mic"})),
    "OBS silences its stalled recording": (OBS, alert("RecordingStalled", EXPORTER, STAGE)),
    "offline silences its forwards": (OFFLINE, alert("ForwardFailing", EXPORTER, MAIN)),
    "offline silences what is left of frozen": (OFFLINE, alert("PathFrozen", EXPORTER, MAIN)),
    "a host silences its recorder": (HOST, RECORDER),
    "the recorder silences what is left of a recording": (RECORDER, RECORDING),
    "another Leitstand silences the recording": (OTHER, RECORDING),
    "another Leitstand silences a missed window": (
        OTHER,
        alert("ScheduledRecordingMissed", API, STAGE),
    ),
    "OBS silences its slow recording": (OBS, SLOW),
    "not running silences what is left of slow": (RECORDING, SLOW),
    "slow silences stalled": (SLOW, alert("RecordingStalled", EXPORTER, STAGE)),
    "slow silences the budget": (SLOW, alert("RecordingErrorBudgetBurnFast", API, STAGE)),
    "the database silences the journal": (
        alert("DatabaseUnwritable", API),
        alert("JournalUnwritable", API),
    ),
    "stalled silences the budget": (
        alert("RecordingStalled", API, STAGE),
        alert("RecordingErrorBudgetBurnFast", API, STAGE),
    ),
    "frozen silences a low bitrate": (
        alert("PathFrozen", EXPORTER, MAIN),
        alert("PathBitrateLow", EXPORTER, MAIN),
    ),
    "not running silences the budget": (
        RECORDING,
        alert("RecordingErrorBudgetBurnFast", API, STAGE),
    ),
    "fast silences slow": (
        alert("RecordingErrorBudgetBurnFast", API, STAGE),
        alert("RecordingErrorBudgetBurnSlow", API, STAGE),
    ),
    "full silences almost full": (
        alert("HostFilesystemFull", EXPORTER, {"mountpoint": "/"}),
        alert("HostFilesystemAlmostFull", EXPORTER, {"mountpoint": "/"}),
    ),
}
LEFT_ALONE = {
    "another host": (HOST, alert("ExporterDown", EXPORTER, ELSEWHERE)),
    "another exporter": (GONE, alert("PathOffline", EXPORTER, MAIN, ELSEWHERE)),
    "what the API knows by itself": (GONE, RECORDING),
    "another server": (SERVER, alert("PathOffline", EXPORTER, {"server": "b", "path": "stage"})),
    "a server of that name elsewhere": (SERVER, alert("PathOffline", EXPORTER, MAIN, ELSEWHERE)),
    "a studio": (SERVER, OBS),
    "a stall that the recorder did not make": (RECORDER, alert("RecordingStalled", API, STAGE)),
    "the recorder beside a database": (alert("DatabaseUnwritable", API), RECORDER),
    "a slow recording elsewhere": (OTHER, alert("RecordingSlow", API, {"studio": "hall"})),
    "another studio": (OBS, alert("RecordingNotRunning", API, {"studio": "hall"})),
    "the disk": (OBS, alert("RecordingDiskWillFill", API)),
    "another path": (OFFLINE, alert("PathFlapping", EXPORTER, MAIN, {"path": "b"})),
    "another disk": (
        alert("HostFilesystemFull", EXPORTER, {"mountpoint": "/"}),
        alert("HostFilesystemAlmostFull", EXPORTER, {"mountpoint": "/srv"}),
    ),
    "another matter of the host": (
        alert("HostFilesystemReadOnly", EXPORTER, {"mountpoint": "/"}),
        alert("HostCpuBusy", EXPORTER),
    ),
    "another matter of the studio": (RECORDING, alert("SoundGone", EXPORTER, STAGE)),
    "the heartbeat": (HOST, alert("Watchdog")),
    "what is critical itself": (OFFLINE, alert("PathOffline", EXPORTER, MAIN, {"path": "b"})),
}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("alertmanager")
    with mail_server(folder) as mail, webhook() as hook:
        with house.running(folder / "am", house.settings(mail, hook)) as running:
            yield running


def state(alertmanager: House, cause: Labels, effect: Labels) -> str:
    """Of the effect, before and after the cause is known."""
    alertmanager.clear()
    alertmanager.post(effect)
    assert eventually(lambda: alertmanager.state_of(effect)) == "active"
    alertmanager.post(cause)
    assert eventually(lambda: alertmanager.state_of(cause)) == "active"
    return alertmanager.state_of(effect)


@pytest.mark.parametrize("case", SILENCED)
def test_what_follows_is_silenced(alertmanager: House, case: str) -> None:
    assert state(alertmanager, *SILENCED[case]) == "suppressed"


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_does_not_follow_is_told(alertmanager: House, case: str) -> None:
    assert state(alertmanager, *LEFT_ALONE[case]) == "active"
