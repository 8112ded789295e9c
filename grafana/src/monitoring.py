"""The monitoring of the monitoring: is everything scraped, asked, evaluated and sent."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana.src import words
from grafana.src.alerts import WATCHDOG, alerts
from grafana.src.frame import About, filled, frame
from grafana.src.panels import Look, Text, curves, number, states
from grafana.src.promql import rate
from grafana.src.tables import Column, Rows, table

_NO_PROMETHEUS = "Prometheus does not scrape itself"
_NO_ALERTMANAGER = "No Alertmanager is scraped"
_NO_EXPORTER = "No exporter"
_NONE = Look(steps=words.NONE_IS_GOOD, decimals=0)
_SOURCE = "{{source}} {{name}}"


def dashboard() -> Dashboard:
    about = About(
        "leitstand-monitoring",
        "Monitoring of the monitoring",
        "Is everything scraped, asked, evaluated and sent: whether silence means that all is well.",
        targets="up",
    )
    made = frame(about, ("server",))
    return filled(
        made,
        ("Now", _now()),
        ("What was when", [*_up(), alerts(', subject="monitoring"', w=24, h=5)]),
        ("Recorder", _recorder()),
        ("Sources", _sources()),
        ("Scrapes", _scrapes()),
        ("Control API", _api()),
        ("Rules and notifications", _rules()),
    )


def _now() -> list[Any]:
    return [
        number(
            Text(
                "Watchdog",
                "An alert that always fires: where it does not, no other can.",
                "Silent: nobody is watching",
            ),
            f"max({WATCHDOG})",
            Look(words=words.WATCHDOG),
        ),
        number(
            Text("Targets down", "Of all that Prometheus scrapes.", "Nothing is scraped"),
            "count(up == 0) or 0 * count(up)",
            _NONE,
        ),
        number(
            Text("Sources down", "Of all that the exporter asks.", _NO_EXPORTER),
            "count(leitstand_source_up == 0) or 0 * count(leitstand_source_up)",
            _NONE,
        ),
        number(
            Text(
                "Paths without series",
                "Beyond path_limit: they are summed into one.",
                "No server is up",
            ),
            "sum(mediamtx_paths_over_limit)",
            _NONE,
        ),
        number(
            Text("Rules that fail", "Evaluations, over the time shown.", _NO_PROMETHEUS),
            "sum(increase(prometheus_rule_evaluation_failures_total[$__range]))",
            _NONE,
        ),
        number(
            Text(
                "Alerts not handed over",
                "That Prometheus could not give to any Alertmanager, over the time shown.",
                _NO_PROMETHEUS,
            ),
            "sum(increase(prometheus_notifications_dropped_total[$__range]))",
            _NONE,
        ),
        number(
            Text(
                "Messages not sent",
                "That Alertmanager could not deliver, over the time shown.",
                _NO_ALERTMANAGER,
            ),
            "sum(increase(alertmanager_notifications_failed_total[$__range]))",
            _NONE,
        ),
        number(
            Text("Series", "That Prometheus holds in memory.", _NO_PROMETHEUS),
            "sum(prometheus_tsdb_head_series)",
            Look(),
        ),
    ]


def _up() -> list[Any]:
    return [
        states(
            Text("Targets", "What Prometheus scraped.", "Nothing is scraped"),
            [("min by (job, instance) (up)", "{{job}} {{instance}}")],
            Look(w=12, words=words.UP),
        ),
        states(
            Text("Sources", "What the exporter asked.", _NO_EXPORTER),
            [("min by (source, name) (leitstand_source_up)", _SOURCE)],
            Look(w=12, words=words.UP),
        ),
    ]


def _recorder() -> list[Any]:
    none = "No control API"
    return [
        states(
            Text(
                "Recorder, database, journal",
                "Whether the recorder runs, the database takes what is written, and the recorder's "
                "journal reaches a disk. Recordings go on without the last two.",
                none,
            ),
            [
                ("min by (instance) (leitstand_recorder_up)", "recorder {{instance}}"),
                ("min by (instance) (leitstand_database_writable)", "database {{instance}}"),
                ("min by (instance) (leitstand_journal_writable)", "journal {{instance}}"),
            ],
            Look(w=16, words=words.WRITABLE),
        ),
        curves(
            Text(
                "Waits for the database",
                "What the recorder keeps in its journal until the database takes it.",
                none,
            ),
            [("max by (instance) (leitstand_journal_pending_entries)", "{{instance}}")],
            Look(w=8, decimals=0),
        ),
    ]


def _sources() -> list[Any]:
    by = "source, name"
    return [
        curves(
            Text("Time for a poll", "How long the last one took.", _NO_EXPORTER),
            [(f"max by ({by}) (leitstand_source_poll_duration_seconds)", _SOURCE)],
            Look("s", w=8),
        ),
        curves(
            Text("Polls that fail", "Per second.", _NO_EXPORTER),
            [(rate("leitstand_source_poll_failures_total", by), _SOURCE)],
            Look("cps", w=8),
        ),
        table(
            Text("Versions", "What runs where.", _NO_EXPORTER),
            [
                Column("max by (job, instance, version) (leitstand_build_info)", "Runs"),
            ],
            Rows({"job": "Job", "instance": "Instance"}, {"version": "Version"}, w=8, h=8),
        ),
    ]


def _scrapes() -> list[Any]:
    answered = "max by (source, name) (leitstand_source_last_success_timestamp_seconds)"
    by = "max by (job, instance)"
    name = "{{job}} {{instance}}"
    return [
        curves(
            Text("Time for a scrape", "Over 10 s a scrape is given up.", "Nothing is scraped"),
            [(f"{by} (scrape_duration_seconds)", name)],
            Look("s", w=8),
        ),
        curves(
            Text("Samples", "Per scrape: what grows without end is a mistake.", "None"),
            [(f"{by} (scrape_samples_scraped)", name)],
            Look(w=8, decimals=0),
        ),
        curves(
            Text(
                "Age of the answer",
                "How long ago each source last gave a good one.",
                _NO_EXPORTER,
            ),
            [(f"time() - {answered}", _SOURCE)],
            Look("s", w=8),
        ),
    ]


def _api() -> list[Any]:
    none = "No control API"
    bucket = rate("leitstand_http_request_duration_seconds_bucket", "le")
    return [
        curves(
            Text("Requests", "Per second, by class of answer; 5xx are its own faults.", none),
            [(rate("leitstand_http_requests_total", "status"), "{{status}}")],
            Look("reqps", w=8, stacked=True),
        ),
        curves(
            Text("Time to answer", "That 19 of 20, and half of all requests keep.", none),
            [
                (f"histogram_quantile(0.95, {bucket})", "19 of 20"),
                (f"histogram_quantile(0.5, {bucket})", "half"),
            ],
            Look("s", w=8),
        ),
        curves(
            Text("Memory", "Resident, of every program that tells it.", none),
            [("process_resident_memory_bytes", "{{job}} {{instance}}")],
            Look("bytes", w=8),
        ),
    ]


def _rules() -> list[Any]:
    last = "max by (rule_group) (prometheus_rule_group_last_duration_seconds)"
    return [
        curves(
            Text("Time for the rules", "Per round, all groups together.", "No rules are loaded"),
            [(f"sum({last})", "all rules")],
            Look("s", w=8),
        ),
        curves(
            Text("Alerts handed over", "By Prometheus, per second.", _NO_PROMETHEUS),
            [(rate("prometheus_notifications_sent_total", "alertmanager"), "sent")],
            Look("cps", w=8),
        ),
        curves(
            Text(
                "Messages", "By Alertmanager, per second, and those that failed.", _NO_ALERTMANAGER
            ),
            [
                (rate("alertmanager_notifications_total", "integration"), "{{integration}}"),
                (
                    rate("alertmanager_notifications_failed_total", "integration"),
                    "{{integration}} failed",
                ),
            ],
            Look("cps", w=8),
        ),
    ]
