"""Every mistake in the file is one line with file, key, value and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from cryptography.hazmat.primitives import serialization

from leitstand import config
from leitstand.config import ConfigError

HASH = "$2b$04$5Tq7YYkB/kLzvcIGAlNbCe1UmmsL7y1FgAPjTWAsnU1aNijbXpmwm"


def refusal(folder: Path, content: Any) -> str:
    """What is said, without the file's name, which it begins with."""
    file = folder / "leitstand.yml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(ConfigError) as raised:
        config.load(file, {})
    assert str(raised.value).startswith(f"{file}: ")
    assert "\n" not in str(raised.value)
    return str(raised.value).removeprefix(f"{file}: ")


def exporter(**keys: Any) -> dict[str, Any]:
    return {"exporter": keys}


def server(**keys: Any) -> dict[str, Any]:
    return {"mediamtx": [keys]}


ALLOWED_THERE = (
    "name, url, username, password, password_file, token, token_file, ca_file, "
    "expected_paths, path_limit"
)
MISTAKES = [
    (
        {"exporters": {}},
        "exporters: unknown key; allowed here: exporter, host, mediamtx, obs, control_api, "
        "recorder, notify",
    ),
    (server(uri="x"), f"mediamtx[0].uri: unknown key; allowed here: {ALLOWED_THERE}"),
    (server(uri=None), f"mediamtx[0].uri: unknown key; allowed here: {ALLOWED_THERE}"),
    ("1: x", "[1]: is not a key; keys are text"),
    ("[]", "must be a mapping of sections such as exporter: and mediamtx:"),
    ("exporter: 1", "exporter: must be a mapping of keys"),
    ("mediamtx: {}", "mediamtx: must be a list"),
    ("mediamtx: [x]", "mediamtx[0]: must be a mapping of keys"),
    ("mediamtx: [null]", "mediamtx[0]: must be a mapping of keys"),
    ("exporter: {tls: x}", "exporter.tls: must be a mapping of keys"),
    ("exporter: {a: 1}\nexporter: {}", "is not YAML (line 2: key exporter is there twice)"),
    (
        exporter(listen="9896"),
        "exporter.listen: '9896': must be ADDRESS:PORT, such as 127.0.0.1:9896 or [::1]:9896",
    ),
    (
        exporter(poll_interval="fast"),
        "exporter.poll_interval: 'fast': must be a duration such as 500ms, 2s or 1h30m",
    ),
    (
        exporter(poll_interval="1ms"),
        "exporter.poll_interval: '0.001': must be greater than or equal to 0.1",
    ),
    (
        exporter(poll_interval="1m"),
        "exporter: slow_interval (30 s) must not be shorter than poll_interval (60 s)",
    ),
    (server(path_limit="many"), "mediamtx[0].path_limit: 'many': must be a whole number"),
    (server(path_limit=1.5), "mediamtx[0].path_limit: '1.5': must be a whole number"),
    (server(path_limit=0), "mediamtx[0].path_limit: '0': must be greater than or equal to 1"),
    (
        server(expected_paths=[1]),
        "mediamtx[0].expected_paths[0]: '1': must be text (in quotes, if it is a number)",
    ),
    (server(expected_paths="stage"), "mediamtx[0].expected_paths: must be a list"),
    (
        server(name="a b"),
        "mediamtx[0].name: 'a b': must be letters, digits, '_', '.' or '-', at most 63",
    ),
    (
        server(url="localhost:9997"),
        "mediamtx[0].url: 'localhost:9997': must be http://HOST:PORT or https://HOST:PORT",
    ),
    (server(url="x" * 81), "mediamtx[0].url: must be http://HOST:PORT or https://HOST:PORT"),
    (
        {"mediamtx": [{"name": "a"}, {}, {"name": "a"}]},
        "mediamtx: name 'a' is given to more than one; each needs its own",
    ),
    (server(username="a"), "mediamtx[0]: username and password belong together"),
    ({"host": {"mounts": ["srv"]}}, "host.mounts: 'srv' must begin with /"),
    (
        {"exporter": {"listen": "x", "poll_interval": "x"}},
        "exporter.listen: 'x': must be ADDRESS:PORT, such as 127.0.0.1:9896 or [::1]:9896"
        " (and 1 more)",
    ),
]


@pytest.mark.parametrize(("content", "reason"), MISTAKES)
def test_what_is_wrong(tmp_path: Path, content: Any, reason: str) -> None:
    assert refusal(tmp_path, content) == reason


SECRET = "hunter2"
WITH_SECRETS = [
    (server(url=f"http://u:{SECRET}@h"), "must not hold credentials; use username and password_f"),
    (server(url=f"u:{SECRET}@h"), "must be http://HOST:PORT or https://HOST:PORT"),
    (server(url=f"http://u:{SECRET}%40h"), "must be http://HOST:PORT or https://HOST:PORT"),
    (server(url=f"http://h?jwt={SECRET}"), "must end before ? or #"),
    (server(passwort=SECRET), "unknown key"),
    (server(username="u", password={SECRET: SECRET}), "must be text"),
    (server(username="u", password=SECRET, token=SECRET), "either token, or username and passwor"),
    ({"mediamtx": SECRET}, "must be a list"),
    ({"mediamtx": [SECRET]}, "must be a mapping of keys"),
    (exporter(users={"anna": SECRET}), "exporter.users.anna: must be a bcrypt hash ($2b$…), as `"),
    (exporter(users={"anna": HASH[:-1]}), "must be a bcrypt hash"),
    # The salt's last character has two bits only; bcrypt would refuse every password.
    (exporter(users={"anna": f"{HASH[:28]}/{HASH[29:]}"}), "must be a bcrypt hash"),
    (exporter(users={"a b": HASH}), "exporter.users.a b: must be letters, digits"),
    (exporter(users=SECRET), "must be a mapping of keys"),
    (f"mediamtx: [{{password: *{SECRET}}}]", "is not YAML (line 1: found undefined alias …)"),
]


@pytest.mark.parametrize(("content", "reason"), WITH_SECRETS)
def test_what_is_or_may_hold_a_secret_is_not_quoted(
    tmp_path: Path, content: Any, reason: str
) -> None:
    said = refusal(tmp_path, content)
    assert reason in said
    assert SECRET not in said
    assert HASH[:28] not in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = refusal(tmp_path, server(ca_file="ca.pem"))
    assert said == "mediamtx[0].ca_file: 'ca.pem': cannot be read (No such file or directory)"
    tls = {"cert": "cert.pem", "key": "/"}
    said = refusal(tmp_path, exporter(tls=tls))
    expected = "exporter.tls.cert: 'cert.pem': cannot be read (No such file or directory)"
    assert said == f"{expected} (and 1 more)"


def test_tls_files_that_are_none(tmp_path: Path) -> None:
    authority = trustme.CA()
    one, other = authority.issue_cert("127.0.0.1"), authority.issue_cert("127.0.0.1")
    one.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    one.private_key_pem.write_to_path(tmp_path / "key.pem")
    other.private_key_pem.write_to_path(tmp_path / "other.pem")
    for cert, key in (("cert.pem", "other.pem"), ("key.pem", "cert.pem"), ("cert.pem",) * 2):
        said = refusal(tmp_path, exporter(tls={"cert": cert, "key": key}))
        files = f"{tmp_path / cert} and {tmp_path / key}"
        wanted = "must be a certificate and its key, PEM, not encrypted"
        assert said == f"exporter.tls: {files} {wanted}"
    said = refusal(tmp_path, exporter(tls={"cert": "cert.pem"}))
    assert said == "exporter.tls.key: is missing"
    said = refusal(tmp_path, server(ca_file="key.pem"))
    assert said == "mediamtx[0].ca_file: 'key.pem': must hold one or more certificates, PEM"


def test_an_encrypted_key_is_refused_without_asking_on_the_terminal(tmp_path: Path) -> None:
    certificate = trustme.CA().issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    (tmp_path / "key.pem").write_bytes(locked)
    said = refusal(tmp_path, exporter(tls={"cert": "cert.pem", "key": "key.pem"}))
    assert said.endswith("must be a certificate and its key, PEM, not encrypted")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff\xfe", "is not UTF-8 text"), (None, "cannot be read (Is a directory)")],
)
def test_a_file_that_is_no_text(tmp_path: Path, content: bytes | None, reason: str) -> None:
    file = tmp_path / "leitstand.yml"
    file.write_bytes(content) if content else file.mkdir()
    with pytest.raises(ConfigError) as raised:
        config.load(file, {})
    assert str(raised.value) == f"{file}: {reason}"
