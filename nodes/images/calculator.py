"""Image Calculator: a formula for the pixels of images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import ImageColumns, all_there, spread_where
from nodes.kit.images.pixels import check_numbers, numpy_dtype, put
from nodes.kit.images.preview import preview
from nodes.kit.tables.expressions import HELP, by_row, in_words, parsed
from nodes.kit.tables.formula_steps import first_fault
from nodes.kit.tables.formulas import Formula
from nodes.values.figure import Figure
from nodes.values.table import TableSpec, describe_dtype, leaf_dtype

_EXACT_IN_FLOAT32 = ("uint8", "int8", "uint16", "int16", "float32")


class ImageCalculator(Node):
    """Compute images pixel by pixel: from one or several image columns, and from numbers of the same row.

    The expression is that of Math Formula, and each image stands for one of its pixels: `image / 255`, `ABS(a - b)`,
    `GREATEST(a, b)`, `CASE WHEN image > 128 THEN 1 ELSE 0 END`, `0.3 * a + 0.7 * b`. Images must have one size; one of a
    single channel is used for every channel of the others. It is computed in Float32 (in Float64, where an image has more
    than 16 bits), so that nothing overflows on the way; whole number results are rounded and cut off at the ends of their
    type. The result is missing where an image or a number of the expression is missing.

    Encoded images (Binary) need an Image Decoder before. What looks at several pixels (means, sums) is refused: see Image
    Features and Image Projector.

    Example: `(image - mean_image) / 255`, where a Joiner has put the mean image beside each image, takes out what all images
    share.
    """

    id = "images.calculator"
    title = "Image Calculator"
    shelf = "Images / Color"
    icon = "mdi6.calculator-variant"
    keywords = (
        "Image Expression",
        "formula",
        "add",
        "subtract",
        "multiply",
        "divide",
        "difference",
        "blend",
        "divide by 255",
        "arithmetic",
    )
    input_ports = (Port("table", "table", "Images", "A table with columns of images."),)
    output_ports = (Port("table", "table", "Images", "The table with the computed images."),)

    expression: str = setting("image / 255", "Expression", HELP, lines=True)
    target_type: Literal["as the first image", "UInt8", "UInt16", "Float32", "Float64"] = setting(
        "Float32", "Pixel type", "The type of the computed pixels."
    )
    creation: Literal["replace", "append"] = setting(
        "append",
        "Column creation",
        "Where the computed images go.",
        choices={"replace": "Into the first image column of the expression.", "append": "Into a column of their own."},
    )
    new_column: str = setting(
        "computed", "New column", "The name of the added column.", shown_if={"creation": "append"}, min_length=1
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema with the computed images."""
        table = specs.table()
        images, _, dtype = self._plan(table)
        return {"table": table.with_columns({self._target(images): dtype})}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Compute piece by piece."""
        table = values.table()
        images, numbers, dtype = self._plan(table.spec)
        return {"table": table.with_columns(job.stream(self._pieces(ImageColumns(table, images), numbers, dtype, job)))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first computed images."""
        table = outputs.table()
        if self.creation == "append":
            return preview(table, self.new_column)
        return preview(table, self._plan(table.spec)[0][0])

    def _target(self, images: Sequence[str]) -> str:
        return self.new_column if self.creation == "append" else images[0]

    def _plan(self, table: TableSpec) -> tuple[list[str], list[str], pl.Array]:
        """The image columns and the other columns of the expression, and the dtype of the result.

        Raises:
            NodeError: If they do not fit together.
        """
        pixels = {c: pl.Float32() if _is_image(d) else d for c, d in table.schema.items()}
        expression = parsed(self.expression, table.with_schema(pixels), "expression")
        if not by_row(self.expression):
            raise NodeError(
                "The expression looks at more than one pixel at a time.",
                "Leave out AVG, SUM, MAX and their kin.",
                setting="expression",
            )
        found = expression.columns
        images = [c for c in found if _is_image(table.schema[c])]
        if not images:
            raise NodeError("The expression names no column of images.", "Use the name of one.", setting="expression")
        shapes = [table.schema[c].shape for c in images]  # type: ignore[attr-defined]
        channels = max(shape[2] for shape in shapes)
        for column, shape in zip(images, shapes, strict=True):
            check_numbers(table.schema[column], column, "expression")  # type: ignore[arg-type]
            if shape[:2] != shapes[0][:2] or shape[2] not in (1, channels):
                first, this = describe_dtype(table.schema[images[0]]), describe_dtype(table.schema[column])
                message = f"'{column}' is {this}, '{images[0]}' {first}."
                raise NodeError(message, "Bring the images to one size.", setting="expression")
        self._check_result(expression, pixels)
        if self.creation == "append" and self.new_column in table.schema:
            message = f"There is a column '{self.new_column}' already."
            raise NodeError(message, "Choose another name for the new column.", setting="new_column")
        kept = leaf_dtype(table.schema[images[0]])
        leaf = kept if self.target_type == "as the first image" else getattr(pl, self.target_type)
        return images, [c for c in found if c not in images], pl.Array(leaf, (*shapes[0][:2], channels))

    def _check_result(self, expression: Formula, pixels: Mapping[str, pl.DataType]) -> None:
        made = expression.dtype(pl.Schema(pixels))
        if not (made.is_numeric() or made == pl.Boolean):
            raise NodeError("The expression gives no numbers.", "Pixels must be numbers.", setting="expression")

    def _pieces(self, source: ImageColumns, numbers: Sequence[str], dtype: pl.Array, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        expression = Formula(pl.sql_expr(self.expression))
        wide = any(numpy_dtype(leaf_dtype(source.dtype(c))) not in _EXACT_IN_FLOAT32 for c in source.columns)
        kind: Any = np.float64 if wide else np.float32
        pixels = dtype.shape[0] * dtype.shape[1] * dtype.shape[2]
        columns = [*source.columns, *numbers]
        done = 0
        for piece in source.pieces(numbers, beside=pixels * 4 * (len(columns) + 1)):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            there = all_there(piece, columns)
            whole = piece.filter(there)
            flat = {}
            for column in source.columns:
                images = np.broadcast_to(whole[column].to_numpy(), (whole.height, *dtype.shape))
                flat[column] = pl.Series(images.astype(kind).reshape(-1))
            for column in numbers:
                flat[column] = whole[column].gather(np.repeat(np.arange(whole.height), pixels))
            try:
                found = expression.outcome(pl.DataFrame(flat))
            except pl.exceptions.PolarsError as error:
                message = f"The expression cannot be computed: {in_words(error)}."
                raise NodeError(message, "Look at the cells of the columns it names.", setting="expression") from error
            fault = first_fault(found)
            if fault is not None:
                why = fault.why(int(fault.cells.arg_max() or 0))
                raise NodeError(f"A pixel cannot be computed: {why}.", fault.remedy, setting="expression")
            out = np.empty((whole.height, *dtype.shape), numpy_dtype(leaf_dtype(dtype)))
            values = found.cells.cast(pl.Float64 if wide else pl.Float32).fill_null(float("nan")).to_numpy()
            put(np.broadcast_to(values, (whole.height * pixels,)).reshape(out.shape), out)
            yield spread_where(pl.Series(self._target(source.columns), out, dtype=dtype), there).to_frame()
            done += piece.height


def _is_image(dtype: pl.DataType) -> bool:
    from nodes.values.table import COLUMN_KINDS

    return COLUMN_KINDS["image"](dtype)
