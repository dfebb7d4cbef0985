"""Prediction Gallery: the images of which a network is most or least sure, and those it gets wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import group_names
from nodes.kit.images.preview import as_pixels
from nodes.values.figure import Figure, FigureSpec, ImagesFigure
from nodes.values.table import Table
from nodes.wording import percent


class PredictionGallery(Node):
    """Show the images of which a network is most or least sure: the right ones, the wrong ones, or all.

    Mistakes made with confidence tell most: mislabelled images, a class that looks like another one, something the network has
    not been shown. The rows come out as a table too, the most telling first.

    Example: after Executor and Class Extractor, choose the true `label`, `prediction` and `probability`, and show the most
    certain wrong ones: of Fashion-MNIST, shirts that even people take for coats.
    """

    id = "inspection.prediction_gallery"
    title = "Prediction Gallery"
    shelf = "Network / Inspection"
    icon = "mdi6.image-multiple-outline"
    keywords = ("misclassified images", "mistakes", "most certain", "least certain", "uncertain", "errors", "top losses")
    input_ports = (Port("table", "table", "Predictions", "Images with their actual and predicted classes."),)
    output_ports = (
        Port("table", "table", "Chosen rows", "The rows that are shown, the most telling first."),
        Port("figure", "figure", "Figure", "Their images."),
    )

    image_column: str | None = setting(
        None, "Image column", "The images; empty: the first column of images.", columns=Columns("table", ("image",))
    )
    actual_column: str | None = setting(
        None,
        "Class column",
        "The actual classes; empty: they are not known.",
        columns=Columns("table", ("category", "integer", "boolean")),
    )
    predicted_column: str | None = setting(
        None, "Predicted column", "The predicted classes.", columns=Columns("table", ("category", "integer", "boolean"))
    )
    probability_column: str | None = setting(
        None,
        "Probability column",
        "How sure the network is of its prediction.",
        columns=Columns("table", ("number",)),
    )
    which: Literal["wrong", "right", "all"] = setting(
        "wrong",
        "Which",
        "Which predictions are looked at.",
        choices={
            "wrong": "Those that are not the actual class.",
            "right": "Those that are.",
            "all": "All of them.",
        },
    )
    order: Literal["most certain", "least certain"] = setting(
        "most certain",
        "Order",
        "Which of them come first.",
        choices={"most certain": "Those of the highest probability.", "least certain": "Those of the lowest."},
    )
    count: int = setting(36, "Images", "How many are shown.", ge=1, le=1000)
    per_class: bool = setting(False, "Per class", "So many of each predicted class, instead of all together.")
    only_class: str | None = setting(None, "Only class", "Only rows of this actual class; empty: of all.", advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the same columns; how many rows is not known."""
        table = specs.table()
        if self.image_column is not None or not table.columns_of("image"):
            table.require(self.image_column, "image", setting="image_column")
        table.require(self.predicted_column, "category", "integer", "boolean", setting="predicted_column")
        table.require(self.probability_column, "number", setting="probability_column")
        if self.actual_column is not None:
            table.require(self.actual_column, "category", "integer", "boolean", setting="actual_column")
            if self.actual_column == self.predicted_column:
                raise NodeError(
                    f"Column '{self.actual_column}' is compared with itself.", "Choose two columns.", setting="predicted_column"
                )
        elif self.which != "all" or self.only_class is not None:
            raise NodeError(
                "Which predictions are right is not known without the actual classes.",
                "Choose their column, or look at all predictions.",
                setting="actual_column",
            )
        names = table.class_names(self.actual_column) if self.actual_column else None
        if names is not None and self.only_class is not None and self.only_class not in names:
            raise NodeError(
                f"There is no class '{self.only_class}'.", f"The classes are: {', '.join(names[:10])}.", setting="only_class"
            )
        return {"table": table.with_rows(None), "figure": FigureSpec("images")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Rank the rows by their probability; only the chosen images are read."""

        table = values.table()
        rows = self._rows(table)
        if not rows.height:
            job.warn("There is no such prediction.")
        chosen = table.take(rows["row"].to_numpy())
        column = self.image_column or table.spec.columns_of("image")[0]
        images = chosen.frame([column])[column]
        captions = [self._caption(row) for row in rows.filter(images.is_not_null()).iter_rows(named=True)]
        title = f"{self.order.capitalize()} {'predictions' if self.which == 'all' else f'{self.which} predictions'}"
        pixels = as_pixels(images.drop_nulls().to_numpy())
        return {"table": chosen, "figure": ImagesFigure(title, pixels, captions)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the images."""
        return (cast(Figure, outputs["figure"]),)

    def _rows(self, table: Table) -> pl.DataFrame:
        """`row`, `actual`, `predicted`, `probability` of the chosen rows, in their order."""
        assert self.predicted_column and self.probability_column
        read = [c for c in (self.actual_column, self.predicted_column, self.probability_column) if c]
        frame = table.frame(list(dict.fromkeys(read)))
        predicted = group_names(table.spec, self.predicted_column, frame[self.predicted_column])
        actual = (
            group_names(table.spec, self.actual_column, frame[self.actual_column])
            if self.actual_column
            else pl.Series("", [None] * frame.height, dtype=pl.String)
        )
        rows = pl.DataFrame(
            {
                "row": pl.Series(range(frame.height), dtype=pl.Int64),
                "actual": actual.alias("actual"),
                "predicted": predicted.alias("predicted"),
                "probability": frame[self.probability_column].cast(pl.Float64).fill_nan(None).alias("probability"),
            }
        ).drop_nulls(["predicted", "probability"])
        if self.which != "all":
            same = pl.col("actual") == pl.col("predicted")
            rows = rows.filter(same if self.which == "right" else ~same)
        if self.only_class is not None:
            rows = rows.filter(pl.col("actual") == self.only_class)
        rows = rows.sort("probability", descending=self.order == "most certain", maintain_order=True)
        return (
            rows.group_by("predicted", maintain_order=True).head(self.count).select(rows.columns)
            if self.per_class
            else rows.head(self.count)
        )

    @staticmethod
    def _caption(row: Mapping[str, Any]) -> str:
        """`Coat → Shirt 93 %`, or `Shirt 93 %` where it is right or the truth is not known."""
        share = f"{row['predicted']} {percent(row['probability'], 0)}"
        return share if row["actual"] in (None, row["predicted"]) else f"{row['actual']} → {share}"
