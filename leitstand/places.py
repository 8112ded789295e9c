"""Where the configuration is looked for, in this order."""

from pathlib import Path

PLACES = (Path("leitstand.yml"), Path("/etc/leitstand/leitstand.yml"))
