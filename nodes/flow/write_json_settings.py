"""Write JSON Settings: variables become a JSON file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from nodes.base import Job, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.writing import FileWriter
from nodes.values.variables import VARIABLES, Scalar


class WriteJsonSettings(FileWriter):
    """Write variables as a JSON object of names and values, for another workflow, another program, or a person.

    Numbers that are infinite or none have no word in JSON, and are an error.

    Example: behind a Row to Variables that takes the best row of a search, `best.json` then holds `{"learning_rate": 0.002}`,
    which Read JSON Settings reads in the workflow that trains for good.
    """

    id = "flow.write_json_settings"
    title = "Write JSON Settings"
    shelf = "Flow"
    icon = "mdi6.content-save-cog-outline"
    keywords = ("configuration", "config", "parameters", "Write Variables", "Variables to JSON", "hyperparameters", "save")
    input_ports = (Port(VARIABLES, "variables", "Variables", "What is written."),)

    names: list[str] = setting([], "Names", "The variables that are written, in this order; none means all.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check the place and the names."""
        self.check_target(specs)
        self._chosen(specs.variables().types)
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write."""
        given = values.variables()
        written: dict[str, Scalar] = {name: given.values[name] for name in self._chosen(given.types)}
        for name, value in written.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise NodeError(f"'{name}' is {value}, for which JSON has no word.", "Leave it out.", setting="names")
        with self.writing(job) as stream:
            stream.write((json.dumps(written, indent=2, ensure_ascii=False) + "\n").encode())
        return {}

    def _chosen(self, given: Mapping[str, object]) -> list[str]:
        for name in self.names:
            if name not in given:
                listed = ", ".join(f"'{known}'" for known in given) or "none"
                raise NodeError(f"There is no variable '{name}'.", f"The variables are: {listed}.", setting="names")
        return list(dict.fromkeys(self.names or given))
