"""What the doctor says of a real OBS, well and not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from leitstand.clients.obs import Address, ObsError, ObsLink, RequestFailed
from leitstand.config import ObsConfig
from leitstand.doctor import Finding, obs
from tests.obs import RealObs
from tests.running import free_port

PASSWORD = "hunter2-obs"


def findings(**keys: Any) -> dict[str, Finding]:
    found = list(obs.check(ObsConfig(name="stage", **keys)))
    assert all(finding.good or finding.advice for finding in found)
    assert PASSWORD not in str(found)
    return {finding.subject.removeprefix("obs stage").strip(): finding for finding in found}


def test_a_studio_is_examined(real_obs: Callable[..., RealObs], tmp_path: Path) -> None:
    studio = real_obs(password=PASSWORD)
    known = {"port": studio.port, "password": SecretStr(PASSWORD)}

    well = findings(**known, recordings=studio.recordings)
    assert well[""].seen.startswith("OBS ")
    assert well["format"].seen == "records mkv"
    assert well["recordings"].seen.endswith("is visible and writable")
    assert [f for name, f in well.items() if not f.good and name != "disk"] == []

    link = ObsLink(Address(studio.host, studio.port, lambda: PASSWORD))
    wish = {"parameterCategory": "SimpleOutput", "parameterName": "RecFormat"}
    link.request("SetProfileParameter", wish | {"parameterValue": "mp4"})
    link.close()
    assert "a crash or power cut destroys" in findings(**known)["format"].seen

    gone = findings(**known, recordings=tmp_path / "nowhere")["recordings"]
    assert (gone.good, "is not there" in gone.seen) == (False, True)

    for password in (SecretStr("not-it"), None):
        (wrong,) = findings(port=studio.port, password=password).values()
        assert wrong.advice == obs.ADVICE[type_of(wrong)]
        assert "Show Connect Info" in wrong.advice


def test_nobody_there() -> None:
    (absent,) = findings(port=free_port()).values()
    assert not absent.good
    assert "start OBS" in absent.advice


@pytest.mark.parametrize("kind", sorted(obs.ADVICE, key=lambda kind: kind.__name__))
def test_every_way_to_fail_has_its_advice(kind: type[ObsError]) -> None:
    assert set(obs.ADVICE) == set(ObsError.__subclasses__()) - {RequestFailed}
    assert obs.ADVICE[kind]


def type_of(finding: Finding) -> type[ObsError]:
    return next(kind for kind, advice in obs.ADVICE.items() if advice == finding.advice)
