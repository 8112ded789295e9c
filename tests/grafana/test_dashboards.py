"""The dashboards: as their source makes them, in a shape that Grafana knows, of true metrics."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from control_api.metrics import families
from exporter import collectors
from grafana.src.dashboards import pages
from grafana.src.frame import RECORDINGS_SHOWN
from tests import golden
from tests.grafana.promql import selectors
from tests.grafana.reading import FILES, FOLDER, Json, load, panels, queries, variables

ROOT = Path(__file__).parents[2]
ALERTS = sorted((ROOT / "prometheus" / "alerts").glob("*.yml"))
EVERY = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def test_they_are_what_the_source_makes() -> None:
    """After a change: `make dashboards`, and look at the diff."""
    made = dict(pages())
    assert sorted(made) == [file.name for file in FILES]
    for name, text in made.items():
        assert text == (FOLDER / name).read_text(encoding="utf-8"), name


@EVERY
def test_grafana_knows_every_field(file: Path) -> None:
    """What its own model does not know would not come back from it."""
    written = load(file)
    read: Json = json.loads(json.dumps(Dashboard.from_json(load(file)), cls=JSONEncoder))
    for annotation in written["annotations"]["list"]:
        for field in RECORDINGS_SHOWN:
            del annotation[field]
    assert _without_defaults(read) == _without_defaults(written)


def _without_defaults(value: Any) -> Any:
    """The model leaves some empty fields out, and fills others in."""
    if isinstance(value, dict):
        kept = {key: _without_defaults(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in (None, "", [], {}, False)}
    return [_without_defaults(inner) for inner in value] if isinstance(value, list) else value


@EVERY
def test_it_is_provisioned_as_it_is(file: Path) -> None:
    dashboard = load(file)
    assert dashboard["uid"] == f"leitstand-{file.stem}"
    assert dashboard["editable"] is False
    assert dashboard["schemaVersion"] >= 36
    assert "id" not in dashboard
    assert dashboard["tags"] == ["leitstand"]


@EVERY
def test_panels_fill_their_lines_and_cover_nobody(file: Path) -> None:
    dashboard = load(file)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    for one, other in itertools.combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    for y in {place["y"] for place in places}:
        line = [place for place in places if place["y"] == y]
        assert sum(place["w"] for place in line) == 24, line
        assert len({place["h"] for place in line}) == 1, line


@EVERY
def test_every_panel_says_what_it_means_also_when_it_is_empty(file: Path) -> None:
    for panel in panels(load(file)):
        assert panel["title"], panel
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "$datasource"}


@EVERY
def test_every_variable_that_is_used_is_there_and_no_other(file: Path) -> None:
    dashboard = load(file)
    there = {variable["name"] for variable in variables(dashboard)}
    own = json.dumps([dashboard["panels"], dashboard["annotations"]])
    used = set(re.findall(r"\$\{?(?!__)(\w+)", own))
    used |= {name for q in queries(dashboard) for name in re.findall(r"\$(?!__)(\w+)", q.expr)}
    assert used == there


def _known() -> set[str]:
    """Every name of a golden page, of the host and of the control API."""
    text = "".join(file.read_text(encoding="utf-8") for file in golden.FOLDER.iterdir())
    names = set(re.findall(r"^([a-z]\w*)[{ ]", text, re.MULTILINE))
    # No golden page is of a host, tells how polls went, or saw a record file on its own disk.
    others = re.compile("host_|leitstand_|.*_up$|obs_record_file_bytes$")
    names |= {family.name for family in collectors.FAMILIES if others.match(family.name)}
    names |= {row.name for row in _rows()}
    names |= {f"{row.name}_bucket" for row in _rows() if row.is_histogram}
    return names | OTHERS.keys()


def _rows() -> Iterator[families.Row]:
    for table in vars(families).values():
        if isinstance(table, tuple):
            yield from (row for row in table if isinstance(row, families.Row))


OTHERS = dict.fromkeys(
    (
        "ALERTS",
        "ALERTS_FOR_STATE",
        "alertmanager_notifications_failed_total",
        "alertmanager_notifications_total",
        "leitstand_http_request_duration_seconds_bucket",
        "leitstand_http_requests_total",
        "process_resident_memory_bytes",
        "prometheus_notifications_dropped_total",
        "prometheus_notifications_sent_total",
        "prometheus_rule_evaluation_failures_total",
        "prometheus_rule_group_last_duration_seconds",
        "prometheus_tsdb_head_series",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
        "up",
    ),
    "of Prometheus, of Alertmanager or of requests: test_queries.py meets them all",
)


@EVERY
def test_every_metric_exists(file: Path) -> None:
    known = _known()
    named = {one.name for query in queries(load(file)) for one in selectors(query.expr)}
    assert named - known == set()
    assert named


def test_the_ways_from_one_to_another_lead_somewhere() -> None:
    by_uid = {load(file)["uid"]: load(file) for file in FILES}
    links = {url for file in FILES for url in _links(load(file))}
    links |= {_filled(url) for file in ALERTS for url in _dashboard_urls(file)}
    assert links
    for url in links:
        parts = urlsplit(url)
        dashboard = by_uid[parts.path.removeprefix("/d/")]
        names = {variable["name"] for variable in variables(dashboard)}
        asked = {key.removeprefix("var-") for key in parse_qs(parts.query) if key != "_"}
        assert asked <= names, url


def _links(value: Any) -> Iterator[str]:
    """Every address of a dashboard that is written anywhere in a dashboard."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _links(inner)
    elif isinstance(value, str) and value.startswith("/d/"):
        yield re.sub(r"\$\{__url_time_range\}", "_=1", value)


def _dashboard_urls(file: Path) -> Iterator[str]:
    for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield from filter(None, [rule.get("annotations", {}).get("dashboard_url")])


def _filled(url: str) -> str:
    return re.sub(r"\{\{.*?\}\}", "x", url)


def test_alerts_are_told_apart_as_they_are_labelled() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in ALERTS)
    there = set(re.findall(r"subject: (\w+)", text))
    matched = {
        subject
        for file in FILES
        for query in queries(load(file))
        for one in selectors(query.expr)
        for label, _, value in one.matchers
        if label == "subject"
        for subject in value.split("|")
    }
    assert matched == {"clip", "host", "monitoring", "recording"}
    assert matched <= there
    assert "alert: Watchdog" in text


def test_grafana_is_provisioned_with_what_there_is() -> None:
    provisioning = ROOT / "grafana" / "provisioning"
    (source,) = _yaml(provisioning / "datasources" / "leitstand.yml")["datasources"]
    assert (source["uid"], source["type"]) == ("leitstand-prometheus", "prometheus")
    assert source["editable"] is False
    shipped = _yaml(ROOT / "prometheus" / "prometheus.yml")["global"]["scrape_interval"]
    # From this $__rate_interval is made: too short, and every rate is empty.
    assert source["jsonData"]["timeInterval"] == shipped
    (provider,) = _yaml(provisioning / "dashboards" / "leitstand.yml")["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)


def _yaml(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))
