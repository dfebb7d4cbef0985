"""Model Writer: a model becomes a skops file."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base import Job, Port, Spec, Specs, Value, Values
from nodes.kit.files.writing import FileWriter
from nodes.values.model import to_bytes


class ModelWriter(FileWriter):
    """Save a model of scikit-learn, so that the Model Reader can read it in another workflow.

    The file is scikit-learn's model as skops keeps it (Python programs read it with `skops.io.load`), and beside it which
    columns it takes and what it predicts. It is read again by the same version of scikit-learn; others may refuse it.

    Example: after a Random Forest Learner, the file `models/forest.skops`.
    """

    id = "writers.model"
    title = "Model Writer"
    icon = "mdi6.content-save-cog-outline"
    keywords = ("skops", "save model", "scikit-learn", "PMML Writer", "export")
    input_ports = (Port("model", "model", "Model", "The model to save."),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check that there is a place to write to."""
        self.check_target(specs)
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write the file aside, then put it in its place."""
        content = to_bytes(values.model())
        with self.writing(job) as stream:
            stream.write(content)
        return {}
