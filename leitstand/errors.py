"""What the command answers with one line and exit code 2."""


class ConfigError(Exception):
    """What is wrong with the configuration or an option: one line, naming where, which key, and
    the way out."""
