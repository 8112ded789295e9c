"""The little of Alertmanager's API that a trial needs: its receivers, a new alert, its counters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import yaml

_SECONDS = 5.0
_COUNTER = re.compile(
    r'^alertmanager_notification_requests(_failed)?_total\{[^}]*integration="(\w+)"[^}]*\} (\S+)$',
    re.MULTILINE,
)


class Unreachable(Exception):
    """Alertmanager does not answer as one; the text says how."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How often an integration was asked to deliver, and how often it could not."""

    tried: int = 0
    failed: int = 0


class Alertmanager:
    """Raises Unreachable."""

    def __init__(self, url: str) -> None:
        self._url = url

    def receivers(self) -> dict[str, list[str]]:
        """Of the running configuration: receiver -> its integrations, as "email" and "slack"."""
        status = self._ask("GET", "/api/v2/status").json()
        config = yaml.safe_load(status["config"]["original"])
        return {each["name"]: _integrations(each) for each in config["receivers"]}

    def post(self, alert: Mapping[str, Any]) -> None:
        self._ask("POST", "/api/v2/alerts", [alert])

    def counts(self) -> dict[str, Counts]:
        """By integration, since Alertmanager began."""
        sums: dict[str, list[int]] = {}
        for failed, integration, value in _COUNTER.findall(self._ask("GET", "/metrics").text):
            sums.setdefault(integration, [0, 0])[bool(failed)] += int(float(value))
        return {name: Counts(*both) for name, both in sums.items()}

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        try:
            answer = requests.request(method, f"{self._url}{path}", json=body, timeout=_SECONDS)
            answer.raise_for_status()
        except requests.HTTPError as error:
            raise Unreachable(f"answers {error.response.status_code} to {path}") from None
        except requests.RequestException as error:
            raise Unreachable(f"does not answer ({type(error).__name__})") from None
        return answer


def _integrations(receiver: Mapping[str, Any]) -> list[str]:
    """email_configs, one or more -> email"""
    return [key.removesuffix("_configs") for key, each in receiver.items() if _is_filled(key, each)]


def _is_filled(key: str, value: Any) -> bool:
    return key.endswith("_configs") and bool(value)
