"""docker-compose.yml and what it mounts, held against the code: nothing in it is a guess."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from control_api.app import create_app
from exporter.server import create_app as create_exporter
from leitstand import companions, config
from leitstand.config.environment import PREFIX, key_of
from leitstand.config.keys import names, section_of, type_at
from leitstand.config.schema import Config
from leitstand.places import PLACES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CONFIGS = ROOT / "deploy" / "compose"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_EXAMPLE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)
EXAMPLE = dict(_EXAMPLE.findall((ROOT / ".env.example").read_text()))
DEFAULTS = config.load(CONFIGS / "leitstand.yml", {})
PORTS = {
    "exporter": config.ExporterConfig().listen.port,
    "api": config.ControlApiConfig().listen.port,
    **companions._PORTS,
    "redis": 6379,
    "mediamtx": 9997,
    "demo-mediamtx": 9997,
    "demo-obs": config.ObsConfig().port,
    "grafana": urlsplit(config.NotifyConfig().grafana).port,
}


def with_defaults(text: str) -> str:
    return _VARIABLE.sub(lambda found: found[2] or "", text)


def mounts(service: str) -> list[list[str]]:
    """Source, target and the rest of every volume."""
    return [with_defaults(text).split(":") for text in SERVICES[service].get("volumes", ())]


def probed(service: str) -> str | None:
    test = SERVICES[service].get("healthcheck", {}).get("test", [])
    return next((word for word in test if word.startswith("http")), None)


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_is_hardened(service: str) -> None:
    given = SERVICES[service]
    assert given["read_only"] is True
    assert given["cap_drop"] == ["ALL"]
    assert given["security_opt"] == ["no-new-privileges:true"]
    assert given["user"].split(":")[0] not in ("", "0", "root")
    assert "privileged" not in given
    assert "network_mode" not in given


@pytest.mark.parametrize("service", SERVICES)
def test_every_version_is_pinned(service: str) -> None:
    name, _, tag = SERVICES[service]["image"].partition(":")
    assert name
    assert re.search(r"\d+\.\d+\.\d+", tag), "a whole version"


def test_the_image_is_of_this_version() -> None:
    own = [service for service in SERVICES.values() if service["image"].startswith("leitstand:")]
    images = {service["image"] for service in own}
    # Without it Compose would ask a registry for an image that is only built here.
    assert all(service["build"]["dockerfile"] == "deploy/Dockerfile" for service in own)
    version = (ROOT / "leitstand/__init__.py").read_text().split('"')[-2]
    assert images == {f"leitstand:{version}"}


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_published_is_on_loopback_and_at_the_codes_port(service: str) -> None:
    for text in SERVICES[service].get("ports", ()):
        assert text.startswith("${BIND:-127.0.0.1}:")
        host, outside, inside = with_defaults(text).split(":")
        assert host == "127.0.0.1"
        assert outside == inside.partition("/")[0]
        if service != "mediamtx":
            assert int(inside) == PORTS[service]


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"prepare"}))
def test_every_service_has_a_health_check_without_spaces(service: str) -> None:
    test = SERVICES[service]["healthcheck"]["test"]
    assert test[0] == "CMD"
    assert not [word for word in test if " " in word or not word]


@pytest.mark.parametrize("service", [name for name in SERVICES if probed(name)])
def test_health_checks_ask_where_the_service_listens(service: str) -> None:
    parts = urlsplit(probed(service) or "")
    assert parts.hostname == "127.0.0.1"
    assert parts.port == PORTS[service]


def test_the_probed_addresses_are_routes() -> None:
    nothing: Any = None
    exporter = create_exporter(nothing, nothing, lambda: True, {})
    routes = {getattr(route, "path", None) for route in exporter.routes}
    assert urlsplit(probed("exporter") or "").path in routes
    paths = create_app({}).openapi()["paths"]
    assert urlsplit(probed("api") or "").path in paths


@pytest.mark.parametrize("service", SERVICES)
def test_every_mount_is_there(service: str) -> None:
    for source, target, *_ in mounts(service):
        assert target.startswith("/")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
        else:
            assert source in COMPOSE["volumes"], source


def test_no_volume_or_secret_is_left_over() -> None:
    used = {source for service in SERVICES for source, *_ in mounts(service)}
    assert set(COMPOSE["volumes"]) == {name for name in used if not name.startswith(".")}
    asked = set(chain.from_iterable(s.get("secrets", ()) for s in SERVICES.values()))
    assert set(COMPOSE["secrets"]) == asked


def test_everything_that_a_program_is_told_to_read_is_mounted() -> None:
    for service in ("prometheus", "alertmanager"):
        targets = [target for _, target, *_ in mounts(service)]
        options = dict(
            option.removeprefix("--").split("=", 1) for option in SERVICES[service]["command"]
        )
        storage = options.get("storage.tsdb.path") or options["storage.path"]
        assert storage in targets
        assert [t for t in targets if options["config.file"].startswith(t)]
    environment = SERVICES["grafana"]["environment"]
    home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    provider = ROOT / "grafana/provisioning/dashboards/leitstand.yml"
    folder = yaml.safe_load(provider.read_text())["providers"][0]["options"]["path"]
    assert folder in [target for _, target, *_ in mounts("grafana")]
    assert (ROOT / "grafana/dashboards" / Path(home).relative_to(folder)).is_file()
    source = (ROOT / "grafana/provisioning/datasources/leitstand.yml").read_text()
    assert {name for name, _ in _VARIABLE.findall(source)} <= set(environment)


def test_nothing_keeps_the_recorder_from_recording() -> None:
    recorder = SERVICES["recorder"]
    assert recorder["command"] == ["recorder"]
    assert recorder["image"] == SERVICES["api"]["image"]
    assert recorder["restart"] == "always"
    assert recorder["oom_score_adj"] == -900
    assert "depends_on" not in recorder
    assert "ports" not in recorder


def test_the_recorder_and_the_api_share_state_socket_and_recordings() -> None:
    recorder, api = ({tuple(each) for each in mounts(name)} for name in ("recorder", "api"))
    assert recorder == api
    assert str(DEFAULTS.recorder.runtime) in {target for _, target, *_ in recorder}
    made = (ROOT / "deploy/Dockerfile").read_text()
    assert f"-m 0700 {DEFAULTS.recorder.runtime}\n" in made


def test_the_recorders_health_check_is_a_module_of_the_image() -> None:
    *python, option, module = SERVICES["recorder"]["healthcheck"]["test"][1:]
    assert python == ["/opt/leitstand/venv/bin/python", "-P"]
    assert option == "-m"
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
    assert PLACES[1] in {Path(target) for _, target, *_ in mounts("recorder")}


def test_prometheus_keeps_what_the_error_budget_needs() -> None:
    retention = "--storage.tsdb.retention.time=40d"
    assert retention in SERVICES["prometheus"]["command"]
    assert retention in (ROOT / "leitstand/companions.py").read_text()


def test_prometheus_is_configured_as_shipped_but_for_names() -> None:
    shipped = yaml.safe_load((ROOT / "prometheus/prometheus.yml").read_text())
    mounted = yaml.safe_load((CONFIGS / "prometheus.yml").read_text())
    places = {
        "leitstand-exporter": f"exporter:{PORTS['exporter']}",
        "leitstand-api": f"api:{PORTS['api']}",
        "prometheus": f"127.0.0.1:{PORTS['prometheus']}",
        "alertmanager": f"alertmanager:{PORTS['alertmanager']}",
    }
    for job in shipped["scrape_configs"]:
        job["static_configs"][0]["targets"] = [places[job["job_name"]]]
        if "authorization" in job:
            token = "/srv/prometheus-token/viewer.token"
            job["authorization"]["credentials_file"] = token
    managers = shipped["alerting"]["alertmanagers"][0]["static_configs"][0]
    managers["targets"] = [places["alertmanager"]]
    assert mounted == shipped


def test_what_prepare_writes_is_what_the_others_read() -> None:
    script = (CONFIGS / "prepare.sh").read_text()
    token = yaml.safe_load((CONFIGS / "prometheus.yml").read_text())["scrape_configs"][1]
    assert f"--output {token['authorization']['credentials_file']}\n" in script
    folder = "/srv/alertmanager-config"
    assert f"alertmanager-config --output {folder}\n" in script
    assert f"--config.file={folder}/alertmanager.yml" in SERVICES["alertmanager"]["command"]
    shared = {target for _, target, *_ in mounts("prepare")}
    assert {"/srv/prometheus-token", folder, "/srv/prometheus", "/srv/alertmanager"} <= shared


def test_the_containers_configuration_fits_the_services() -> None:
    assert DEFAULTS.exporter.listen.host == DEFAULTS.control_api.listen.host == "0.0.0.0"
    assert DEFAULTS.exporter.listen.port == PORTS["exporter"]
    assert DEFAULTS.control_api.listen.port == PORTS["api"]
    assert DEFAULTS.control_api.snapshot == f"http://exporter:{PORTS['exporter']}"
    assert DEFAULTS.notify.alertmanager == f"http://alertmanager:{PORTS['alertmanager']}"
    api = {target for _, target, *_ in mounts("api")}
    assert {str(DEFAULTS.control_api.state), str(DEFAULTS.control_api.library)} <= api
    assert set(DEFAULTS.host.mounts) <= {target for _, target, *_ in mounts("exporter")}


def test_the_demos_configuration_differs_in_what_is_watched() -> None:
    demo = config.load(CONFIGS / "demo.yml", {})
    assert [server.url for server in demo.mediamtx] == ["http://demo-mediamtx:9997"]
    assert [(studio.host, studio.port) for studio in demo.obs] == [("demo-obs", PORTS["demo-obs"])]
    watched = {"mediamtx": DEFAULTS.mediamtx, "obs": DEFAULTS.obs}
    assert demo.model_copy(update=watched) == DEFAULTS


def is_key(variable: str) -> bool:
    at = key_of(variable)
    section = section_of(type_at(Config, at[:-1])) if len(at) > 1 else Config
    return section is not None and str(at[-1]) in names(section)


def test_every_variable_is_explained_and_every_explained_one_is_used() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked = {name for name, _ in _VARIABLE.findall(text)}
    own = {name for name in EXAMPLE if not name.startswith(PREFIX)} - {"COMPOSE_PROFILES"}
    assert asked == own
    defaults = dict(_VARIABLE.findall(text))
    for name in own - {"CONFIG", "RECORDINGS"}:
        assert EXAMPLE[name] == defaults[name]


def test_every_leitstand_variable_is_a_key() -> None:
    given = [
        *(name for name in EXAMPLE if name.startswith(PREFIX)),
        *(n for s in SERVICES.values() for n in s.get("environment", ()) if n.startswith(PREFIX)),
    ]
    assert given
    assert not [name for name in given if not is_key(name)]
    assert not is_key("LEITSTAND_MEDIAMTX__0__ULR"), "the check itself can fail"


def test_the_whole_example_is_a_good_configuration(tmp_path: Path) -> None:
    env = {name: value for name, value in EXAMPLE.items() if name.startswith(PREFIX)}
    for name, value in env.items():
        if name.endswith("_FILE"):
            secret = tmp_path / Path(value).name
            assert secret.name in COMPOSE["secrets"], name
            secret.write_text("https://example.org/secret" if "URL" in name else "secret")
            env[name] = str(secret)
    made = config.load(CONFIGS / "leitstand.yml", env)
    assert made.mediamtx[0].expected_paths == ["stage", "cam/*"]
    assert made.notify.email is not None
    assert made.notify.email.to == ["crew@example.org"]


def test_no_example_names_a_secret() -> None:
    words = ("PASSWORD", "TOKEN", "SECRET")
    secret = [name for name in EXAMPLE if any(word in name for word in words)]
    assert not [name for name in secret if not name.endswith("_FILE")]


def test_the_secrets_are_those_that_setup_makes() -> None:
    script = (CONFIGS / "setup.sh").read_text()
    loops = re.findall(r"^for name in (.*); do$", script, re.MULTILINE)
    made = {name for names_of_one in loops for name in names_of_one.split()}
    assert made == set(COMPOSE["secrets"])
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
