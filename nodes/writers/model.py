"""Model Writer: a model becomes a skops file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.values.model import to_bytes
from nodes.writers.csv_table import written_aside


class ModelWriter(Node):
    """Save a model of scikit-learn, so that the Model Reader can read it in another workflow.

    The file is scikit-learn's model as skops keeps it (Python programs read it with `skops.io.load`), and beside it which
    columns it takes and what it predicts. It is read again by the same version of scikit-learn; others may refuse it.

    Example: after a Random Forest Learner, the file `models/forest.skops`.
    """

    id: ClassVar[str] = "writers.model"
    title: ClassVar[str] = "Model Writer"
    shelf: ClassVar[str] = "Writers"
    icon: ClassVar[str] = "mdi6.content-save-cog-outline"
    keywords: ClassVar[tuple[str, ...]] = ("skops", "save model", "scikit-learn", "PMML Writer", "export")
    input_ports: ClassVar[tuple[Port, ...]] = (Port("model", "model", "Model", "The model to save."),)

    path: str = setting("", "File", "The file to write, such as model.skops.", path="write file")
    if_exists: Literal["fail", "overwrite"] = setting(
        "fail",
        "If the file exists",
        "What becomes of a file that is there already.",
        choices={"fail": "The node stops, and the file stays as it is.", "overwrite": "The new file takes its place."},
    )
    create_folders: bool = setting(True, "Create missing folders", "Whether folders of the path that are not there are made.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Check that there is a place to write to."""
        if not self.path.strip():
            raise NodeError("No file is chosen.", "Choose the file to write.", setting="path")
        path = specs.resolve(self.path)
        if path.is_dir():
            raise NodeError(f"'{path}' is a folder.", "Give the name of a file in it.", setting="path")
        if not self.create_folders and not path.parent.is_dir():
            raise NodeError(f"There is no folder '{path.parent}'.", "Create it, or let it be created.", setting="create_folders")
        return {}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Write the file aside, then put it in its place."""
        path = job.resolve(self.path)
        content = to_bytes(values.model())
        try:
            if self.create_folders:
                path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and self.if_exists == "fail":
                hint = "Remove it, choose another name, or let it be overwritten."
                raise NodeError(f"'{path}' exists already.", hint, setting="if_exists")
            with written_aside(path) as stream:
                stream.write(content)
        except OSError as error:
            reason = error.strerror or str(error)
            raise NodeError(
                f"'{path}' cannot be written: {reason}.", "Choose another place, or make room.", setting="path"
            ) from error
        job.wrote(path)
        return {}
