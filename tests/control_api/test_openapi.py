"""Whatever is sent to the API, by its own document: no 500, and answers as documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from control_api.app import create_app
from control_api.bootstrap import ControlApi
from control_api.streams.service import StreamService
from leitstand.demo.obs import DemoObs
from tests.control_api.recordings.conftest import TOKEN, configured
from tests.control_api.services import running as together
from tests.control_api.streams.conftest import a_path, a_snapshot
from tests.soak import is_soak

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
"""Not whether all that fits the document is accepted: that a schedule can fire at all, or that a
zone exists, is no matter of JSON Schema. Who may call what is `test_routes.py`'s matter."""

ENDLESS = ("/api/streams/live",)
"""Answers that go on for as long as somebody listens."""

SETTINGS = hypothesis.settings(
    max_examples=100 if is_soak() else 8,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=not is_soak(),
)
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlApi]:
    folder = tmp_path_factory.mktemp("api")
    recordings = folder / "recordings"
    recordings.mkdir()
    with DemoObs(recordings, fps=15, size=(160, 90), cluster_seconds=0.2) as demo:
        with together(configured(folder, demo.port, recordings)) as control:
            service = control.streams.provided[StreamService]
            service.heard(a_snapshot(1, 1.0, a_path("stage")))  # type: ignore[attr-defined]
            yield control


@pytest.fixture(scope="module")
def document(running: ControlApi) -> Any:
    whole = schemathesis.openapi.from_asgi("/api/openapi.json", running.app, headers=HEADERS)
    return whole.exclude(path=list(ENDLESS))


def operations() -> list[tuple[str, str]]:
    """Every path with every method that it documents."""
    paths = create_app({}).openapi()["paths"]
    ends = {path: methods for path, methods in paths.items() if path not in ENDLESS}
    return [(path, method) for path, methods in ends.items() for method in methods]


@pytest.mark.parametrize(("path", "method"), operations())
def test_every_call_answers_as_documented(document: Any, path: str, method: str) -> None:
    @SETTINGS
    @hypothesis.given(case=document[path][method].as_strategy())
    def calls(case: Any) -> None:
        case.call_and_validate(headers=HEADERS, checks=CHECKS)

    calls()


def test_calls_that_follow_from_others(document: Any) -> None:
    """Stateful: what one call made is read, changed and deleted by the next."""
    machine = document.as_state_machine()

    class Calls(machine):  # type: ignore[misc, valid-type]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {"headers": HEADERS}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=CHECKS, headers=HEADERS)

    Calls.run(
        settings=hypothesis.settings(
            SETTINGS, max_examples=100 if is_soak() else 10, stateful_step_count=10
        )
    )
