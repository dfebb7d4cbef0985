"""Read JSON Settings: the values in a JSON file as variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from nodes.base import VARIABLES_PORT, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.reading import damaged, existing_file, reading
from nodes.values.variables import Scalar, ScalarType, Variables, VariablesSpec, scalar_of, variable_name

_LARGEST = 2**20


class ReadJsonSettings(Node):
    """Make variables of the values in a JSON file, such as settings that another program, or another run, wrote.

    What is nested has both names: `{"optimizer": {"rate": 0.1}}` gives `optimizer_rate`. Of a list, each value has its place
    in its name, from 1 on: `sizes_1`. Values that are null are left out. Variables that come in are passed on; those of the
    file count. The file is read as soon as it is chosen, so settings can be bound to its values at once.

    Example: `best.json`, written by Write JSON Settings after a search, gives `learning_rate` and `batch_size` to the Keras
    Network Learner of another workflow.
    """

    id = "flow.read_json_settings"
    title = "Read JSON Settings"
    shelf = "Flow"
    icon = "mdi6.code-braces"
    keywords = ("configuration", "config", "parameters", "Read Variables", "hyperparameters", "JSON to Variables", "load")
    input_ports = (VARIABLES_PORT,)
    output_ports = (Port("variables", "variables", "Variables", "Those of the file, and those that came in."),)

    path: str = setting("", "File", "The JSON file; it holds an object.", path="read file")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What is in the file."""
        given, read = specs.variables(), self._read(specs.resolve)
        values = {name: value for name, value in given.values.items() if name not in read.types}
        return {"variables": VariablesSpec({**given.types, **read.types}, {**values, **read.values})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """What is in the file."""
        given, read = values.variables(), self._read(job.resolve)
        return {"variables": Variables({**given.types, **read.types}, {**given.values, **read.values})}

    def _read(self, resolve: Callable[[str], Path]) -> Variables:
        path = existing_file(self.path, resolve, "path")
        with reading(path, "path"):
            if path.stat().st_size > _LARGEST:
                raise NodeError(f"'{path}' is too large for settings.", "The JSON Reader reads tables.", setting="path")
            content = path.read_bytes()
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise damaged(path, error) from error
        if not isinstance(found, dict):
            raise NodeError(f"'{path}' holds no object of names and values.", "The JSON Reader reads lists.", setting="path")
        types: dict[str, ScalarType] = {}
        values: dict[str, Scalar] = {}
        for name, value in _flat(found, ""):
            if name in values:
                message = f"'{path}' has several values that would be the variable '{name}'."
                raise NodeError(message, "Rename one of them.", setting="path")
            types[name] = _type(value)
            values[name] = scalar_of(value, types[name], name, "path")
        return Variables(types, values)


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    prefix = f"{name}_" if name else ""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, variable_name(f"{prefix}{key}"))
    elif isinstance(value, list):
        for place, inner in enumerate(value, 1):
            yield from _flat(inner, f"{prefix}{place}")
    elif value is not None:
        yield name, value


def _type(value: Any) -> ScalarType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "text"
