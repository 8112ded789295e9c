"""YAML without its traps: a key that is there twice is refused, and errors quote no text."""

from __future__ import annotations

import re
from typing import Any

import yaml

# As repr() writes it.
_QUOTED = re.compile(r"""'(\\.|[^'\\])*'|"(\\.|[^"\\])*\"""")
# A single character, or the parser's own words.
_HARMLESS = re.compile(r"'(\\?.|<[a-z ]+>)'")


class NotYaml(Exception):
    """Why a text is not YAML, without any of it: it may hold a secret."""


def parse(text: str) -> Any:
    """Raises NotYaml."""
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        problem = _without_quotes(error.problem or "cannot be understood")
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise NotYaml(f"{line}{problem}") from None
    except yaml.reader.ReaderError as error:
        raise NotYaml(f"character {error.position + 1}: {error.reason}") from None
    # Of numbers and dates that are too large, and of brackets within brackets.
    except (ValueError, RecursionError) as error:
        raise NotYaml(f"a value in it is impossible ({type(error).__name__})") from None


def _without_quotes(problem: str) -> str:
    return _QUOTED.sub(lambda m: m[0] if _HARMLESS.fullmatch(m[0]) else "…", problem)


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would silently take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if (key.tag, key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key.value} is there twice", key.start_mark
                    )
                seen.add((key.tag, key.value))
        return super().construct_mapping(node, deep)
