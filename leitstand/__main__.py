"""`python -m leitstand` is the `leitstand` command."""

from leitstand.cli import main

main()
