"""A scored table of pictures: ten classes, of which the first is sometimes taken for the second."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from app.document.model import Connection, NodeRecord, Workflow
from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.scoring.scorer import Scorer
from nodes.values.table import Table, TableSpec

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")


class ScoredPictures(Node):
    """Pictures with actual and predicted classes: every seventh is taken for the next class."""

    id = "scored.pictures"
    title = "Scored pictures"
    shelf = "Readers"
    output_ports = (Port("table", "table", "Table"),)
    rows: int = setting(400, "Rows", "How many.")
    pictures: bool = setting(True, "Pictures", "Whether there are any.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"table": TableSpec(self._schema(), self.rows)}

    def _schema(self) -> pl.Schema:
        columns: dict[str, pl.DataType] = {"name": pl.String(), "label": pl.Enum(CLASSES), "prediction": pl.Enum(CLASSES)}
        return pl.Schema(columns | ({"image": pl.Array(pl.UInt8, (28, 28, 1))} if self.pictures else {}))

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        numbers = np.arange(self.rows)
        actual = numbers % 10
        predicted = np.where(numbers % 7 == 3, (actual + 1 + numbers % 3) % 10, actual)
        data: dict[str, object] = {
            "name": [f"picture {n}" for n in numbers],
            "label": [CLASSES[i] for i in actual],
            "prediction": [CLASSES[i] for i in predicted],
        }
        if self.pictures:
            across, down = np.meshgrid(np.arange(28), np.arange(28))
            data["image"] = ((across * (1 + actual[:, None, None]) + down * 5) % 256).astype(np.uint8)[..., None]
        return {"table": Table.of(pl.DataFrame(data, schema=self._schema()))}


CATALOG = {node.id: node for node in (ScoredPictures, Scorer)}


def workflow(rows: int = 400, *, pictures: bool = True) -> Workflow:
    """Pictures -> Scorer."""
    return Workflow(
        name="Scored",
        nodes=[
            NodeRecord(id="pictures", type="scored.pictures", settings={"rows": rows, "pictures": pictures}),
            NodeRecord(id="scorer", type="scoring.scorer", settings={"actual_column": "label", "predicted_column": "prediction"}),
        ],
        connections=[Connection(source="pictures.table", target="scorer.table")],
    )
