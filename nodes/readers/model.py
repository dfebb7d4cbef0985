"""Model Reader: a model that the Model Writer saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.files.reading import existing_file, reading
from nodes.kit.learning.model_figures import model_figures
from nodes.kit.probing.soundness import ensure_sound
from nodes.values.figure import Figure
from nodes.values.model import UnreadableModel, from_bytes, spec_from_bytes


class ModelReader(Node):
    """Read a model of scikit-learn that the Model Writer saved.

    The file says which columns the model takes and what it predicts, so that mistakes are found before anything runs. It is a
    skops file, no pickle: only what scikit-learn itself is made of is read, and nothing in it is run. Pickle and joblib files
    are not read, since they could do anything. A model that another version of scikit-learn fitted is read with a warning.

    Example: a model that another workflow learned, `forest.skops`, and a Predictor on today's rows.
    """

    id = "readers.model"
    title = "Model Reader"
    shelf = "Readers"
    icon = "mdi6.book-search-outline"
    keywords = ("skops", "load model", "scikit-learn", "PMML Reader", "import", "open")
    opens = (".skops",)
    output_ports = (Port("model", "model", "Model", "The model."),)

    path: str = setting("", "File", "The model: a .skops file.", path="read file")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """What the file says of the model."""
        return {"model": self._read(specs)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """The model itself."""
        return {"model": self._read(job, job)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """What the model looks at, and its settings."""
        return model_figures(outputs.model())

    def _read(self, place: Specs | Job, job: Job | None = None) -> Any:
        """The model where there is a job, and else what it is."""
        path = existing_file(self.path, place.resolve, "path")
        with reading(path, "path"):
            if job is not None:  # before, only JSON is read of it
                ensure_sound(path, "model", whole=True, check=job.check_cancelled)
            content = path.read_bytes()
        try:
            return from_bytes(content, job.warn) if job else spec_from_bytes(content)
        except UnreadableModel as error:
            raise NodeError(
                f"'{path}' holds no model that can be read: {error}.", "Choose a file of the Model Writer.", setting="path"
            ) from error
