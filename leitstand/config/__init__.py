"""`leitstand.yml`, LEITSTAND_* variables and *_file secrets: strict, frozen, every error named."""

from leitstand.config.errors import ConfigError
from leitstand.config.load import load
from leitstand.config.notify import EmailConfig, NotifyConfig, SlackConfig
from leitstand.config.recorder import RecorderConfig
from leitstand.config.schema import (
    Config,
    ControlApiConfig,
    ExporterConfig,
    HostConfig,
    MediaMTXConfig,
    ObsConfig,
    Tls,
)
from leitstand.config.values import Listen

__all__ = [
    "Config",
    "ConfigError",
    "ControlApiConfig",
    "EmailConfig",
    "ExporterConfig",
    "HostConfig",
    "Listen",
    "MediaMTXConfig",
    "NotifyConfig",
    "ObsConfig",
    "RecorderConfig",
    "SlackConfig",
    "Tls",
    "load",
]
