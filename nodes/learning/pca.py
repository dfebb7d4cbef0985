"""PCA: many columns become few, which keep most of what differs; and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.learning.encoding import check_columns, features_of, known_rows, matrix
from nodes.kit.learning.model_figures import model_figures
from nodes.kit.learning.model_learner import Missing, explained, missing_setting
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.figure import Figure
from nodes.values.model import Feature, Model, ModelSpec
from nodes.values.table import Table, TableSpec
from nodes.wording import counted, left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("number", "boolean", "array")
NAME = "PCA dimension {}"


class PCA(Node):
    """Find the directions in which rows differ most, and tell each row by its place along them (principal components).

    Columns of different scales should be normalized before (z-score), or the one with the largest numbers decides alone.
    Arrays such as images are laid out flat. The signs of directions mean nothing. Rows with missing cells get no place. KNIME's
    third output, the eigenvectors, is here the table of components.

    Example: on the image column of the digits, 2 components and then a scatter plot coloured by `label` show which digits look
    alike.
    """

    id = "learning.pca"
    title = "PCA"
    shelf = "Learning / Reduction"
    icon = "mdi6.axis-arrow"
    keywords = ("PCA Compute", "principal component analysis", "dimension reduction", "eigenvectors", "embedding", "SVD")
    input_ports = (Port("table", "table", "Table", "The rows to look at."),)
    output_ports = (
        Port("table", "table", "Table with components", "The table with a column for each component."),
        Port("model", "model", "Model", "The directions, for PCA Apply and PCA Inversion."),
        Port("components", "table", "Components", "A row for each: its variance, and the weight of each column."),
    )

    columns: list[str] = setting([], "Columns", "Numbers and arrays; empty: all.", columns=Columns("table", KINDS))
    missing: Missing = missing_setting()
    by: Literal["number", "variance"] = setting(
        "number",
        "Keep",
        "How many components there are.",
        choices={"number": "So many.", "variance": "As many as keep a share of the variance."},
    )
    n_components: int = setting(
        2, "Number of components", "At most one for each number and each row.", ge=1, shown_if={"by": "number"}
    )
    variance: float = setting(0.95, "Share of the variance", "What must be kept.", gt=0, lt=1, shown_if={"by": "variance"})
    whiten: bool = setting(False, "Whiten", "Whether all components are scaled to a variance of 1.", advanced=True)
    svd_solver: Literal["auto", "full", "covariance_eigh", "arpack", "randomized"] = setting(
        "auto",
        "Solver",
        "How it is computed.",
        advanced=True,
        choices={
            "auto": "As suits the table; for large ones by chance, with the seed.",
            "full": "Exactly.",
            "covariance_eigh": "By the covariance matrix: for many more rows than columns.",
            "arpack": "Only the components wanted.",
            "randomized": "Approximately, by chance.",
        },
    )
    remove: bool = setting(False, "Remove the columns", "Whether the columns that were looked at do not go on.")
    seed: int | None = seed_setting("What decides chance where the solver uses it; empty: nothing does.", most=SEEDS_32)

    @property
    def reproducible(self) -> bool:
        """Exact solvers use no chance."""
        return self.seed is not None or self.svd_solver in ("full", "covariance_eigh")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with components, where their number is given."""
        table = specs.table()
        model = self._spec(table)
        width = len(model.names)
        if self.by == "number" and self.n_components > width:
            message = f"{width} numbers have no more than {width} components."
            raise NodeError(message, "Choose fewer components, or more columns.", setting="n_components")
        if self.by == "variance" and self.svd_solver in ("arpack", "randomized", "covariance_eigh"):
            raise NodeError("A share of the variance needs the full solver.", "Choose auto or full.", setting="svd_solver")
        known = model.components
        return {
            "table": None if known is None else with_components(self._kept(table, model), known),
            "model": model,
            "components": TableSpec(pl.Schema(_component_schema(model.names)), known),
        }

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Find the directions, then each row's place."""
        from sklearn import decomposition

        table = values.table()
        spec = self._spec(table.spec)
        numbers = matrix(table.frame([f.name for f in spec.features]), spec.features)
        whole = numbers[known_rows(numbers)]
        if len(whole) < len(numbers):
            if self.missing == "fail":
                message = f"{counted(len(numbers) - len(whole), 'row has', 'rows have')} missing or infinite cells."
                raise NodeError(message, "Fill them (Missing Value), or leave such rows out.", setting="missing")
            job.warn(left_out(len(numbers) - len(whole), "with missing or infinite cells"))
        if not len(whole):
            raise NodeError("There are no rows to look at.", "Look at the node before.")
        if len(whole) == 1:
            raise NodeError("There is one row, which differs from no other.", "Look at the node before.")
        if self.by == "number" and self.n_components > len(whole):
            message = f"{counted(len(whole), 'row has', 'rows have')} no more than {counted(len(whole), 'component')}."
            raise NodeError(message, "Choose fewer.", setting="n_components")
        job.check_cancelled()
        wanted: int | float = self.n_components if self.by == "number" else self.variance
        solver = "full" if self.by == "variance" else self.svd_solver
        reduction = decomposition.PCA(wanted, whiten=self.whiten, svd_solver=solver, random_state=self.seed)
        with explained("PCA", job):
            reduction.fit(whole)
        model = Model(replace(spec, components=int(reduction.n_components_)), reduction)
        placed = job.stream(projected(model, table, job))
        kept = table.drop([f.name for f in spec.features]) if self.remove else table
        rows = [
            (i + 1, float(reduction.explained_variance_[i]), float(reduction.explained_variance_ratio_[i]), *map(float, weights))
            for i, weights in enumerate(reduction.components_)
        ]
        components = pl.DataFrame(rows, schema=_component_schema(spec.names), orient="row")
        return {"table": kept.with_columns(placed), "model": model, "components": Table.of(components.fill_nan(None))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show how much each component keeps."""
        return model_figures(outputs.model())

    def _spec(self, table: TableSpec) -> ModelSpec:
        for column in self.columns:
            table.require(column, *KINDS, setting="columns")
        chosen = self.columns or table.columns_of(*KINDS)
        usable = features_of(table, [c for c in chosen if self.columns or _holds_numbers(table, c)]) if chosen else ()
        features = tuple(f for f in usable if f.kind != "category")
        if not features:
            raise NodeError("The table has no columns of numbers.", "Choose columns.", setting="columns")
        return ModelSpec("transformer", "PCA", features, components=self.n_components if self.by == "number" else None)

    def _kept(self, table: TableSpec, model: ModelSpec) -> TableSpec:
        gone = {f.name for f in model.features} if self.remove else set()
        return table.with_schema({c: d for c, d in table.schema.items() if c not in gone})


class PCAApply(Node):
    """Tell rows by their places along the directions that a PCA found in other rows.

    Example: PCA on the training data, PCA Apply on the test data, and a learner between: both see the same components.
    """

    id = "learning.pca_apply"
    title = "PCA Apply"
    shelf = "Learning / Reduction"
    icon = "mdi6.axis-arrow-lock"
    keywords = ("principal component analysis", "transform", "project", "dimension reduction")
    input_ports = (
        Port("model", "model", "Model", "The directions, from a PCA."),
        Port("table", "table", "Table", "The rows to place."),
    )
    output_ports = (Port("table", "table", "Table", "The table with a column for each component."),)

    remove: bool = setting(False, "Remove the columns", "Whether the columns that the model looks at do not go on.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with components, where their number is known."""
        model, table = specs.model(), specs.table()
        _check_pca(model)
        check_columns(model, table)
        gone = {f.name for f in model.features} if self.remove else set()
        kept = table.with_schema({c: d for c, d in table.schema.items() if c not in gone})
        return {"table": None if model.components is None else with_components(kept, model.components)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Place the rows, piece by piece."""
        model, table = values.model(), values.table()
        _check_pca(model.spec)
        check_columns(model.spec, table.spec)
        kept = table.drop([f.name for f in model.spec.features]) if self.remove else table
        with_components(kept.spec, model.spec.components or 0)
        return {"table": kept.with_columns(job.stream(projected(model, table, job)))}


class PCAInversion(Node):
    """Go back from components to the columns they were made of, as nearly as they tell.

    What the components left out is lost: an image comes back smoothed. An image comes back as an array of Float64.

    Example: PCA with 20 components of 64 pixels, then PCA Inversion with the suffix ` (restored)`: pictures beside pictures.
    """

    id = "learning.pca_inversion"
    title = "PCA Inversion"
    shelf = "Learning / Reduction"
    icon = "mdi6.undo-variant"
    keywords = ("principal component analysis", "inverse_transform", "reconstruct", "PCA Inverse")
    input_ports = (
        Port("model", "model", "Model", "The directions, from a PCA."),
        Port("table", "table", "Table", "The table with the components' columns."),
    )
    output_ports = (Port("table", "table", "Table", "The table with the restored columns."),)

    suffix: str = setting(
        "", "Suffix", "Appended to the names of the restored columns; without one, columns of these names must be gone."
    )
    remove: bool = setting(True, "Remove the components", "Whether the components' columns do not go on.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with the restored columns; not known while the number of components is not."""
        model, table = specs.model(), specs.table()
        _check_pca(model)
        return {"table": None if model.components is None else self._restored_spec(model, table)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Restore the columns, piece by piece."""
        model, table = values.model(), values.table()
        _check_pca(model.spec)
        self._restored_spec(model.spec, table.spec)
        made = job.stream(self._pieces(model, table, job))
        kept = table.drop(_names(model.spec)) if self.remove else table
        return {"table": kept.with_columns(made)}

    def _pieces(self, model: Model, table: Table, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        schema = self._schema(model.spec)
        components = [Feature(name) for name in _names(model.spec)]
        for piece in table.batches(_names(model.spec), rows=_piece_rows(table, _names(model.spec), model.spec)):
            job.check_cancelled()
            numbers = matrix(piece, components)
            usable = known_rows(numbers)
            back = np.full((len(numbers), len(model.spec.names)), np.nan)
            if usable.any():
                back[usable] = model.estimator.inverse_transform(numbers[usable])
            made: dict[str, pl.Series] = {}
            place = 0
            for feature, (name, dtype) in zip(model.spec.features, schema.items(), strict=True):
                width = len(feature.names())
                cells = back[:, place : place + width].reshape(len(back), *(feature.shape or (1,)))
                series = pl.Series(name, cells if feature.shape else cells[:, 0], dtype=dtype if len(back) else None)
                made[name] = (
                    pl.select(pl.when(pl.Series(usable)).then(series).alias(name)).to_series()
                    if len(back)
                    else series.cast(dtype)
                )
                place += width
            yield pl.DataFrame(made, schema=schema)

    def _schema(self, model: ModelSpec) -> dict[str, pl.DataType]:
        return {f.name + self.suffix: pl.Array(pl.Float64(), f.shape) if f.shape else pl.Float64() for f in model.features}

    def _restored_spec(self, model: ModelSpec, table: TableSpec) -> TableSpec:
        for name in _names(model):
            table.require(name, "number")
        gone = set(_names(model)) if self.remove else set()
        kept = table.with_schema({c: d for c, d in table.schema.items() if c not in gone})
        for name in self._schema(model):
            refuse_existing(kept, name, "suffix")
        return kept.with_columns(self._schema(model))


def projected(model: Model, table: Table, job: Job) -> Iterator[pl.DataFrame]:
    """Yield the components of the rows, piece by piece; missing where a cell is."""
    import numpy as np

    count = model.spec.components or 0
    done = 0
    names = [f.name for f in model.spec.features]
    for piece in table.batches(names, rows=_piece_rows(table, names, model.spec)):
        job.check_cancelled()
        numbers = matrix(piece, model.spec.features)
        usable = known_rows(numbers)
        places: NDArray[Any] = np.full((len(numbers), count), np.nan)
        if usable.any():
            places[usable] = model.estimator.transform(numbers[usable])
        yield pl.DataFrame(places, schema=dict.fromkeys(_names(model.spec), pl.Float64())).fill_nan(None)
        done += piece.height
        job.progress(done / max(table.height, 1))


def with_components(table: TableSpec, count: int) -> TableSpec:
    """Return the table with so many components.

    Raises:
        NodeError: If it has columns of these names.
    """
    names = [NAME.format(i) for i in range(count)]
    for name in names:
        refuse_existing(table, name, "n_components")
    return table.with_columns(dict.fromkeys(names, pl.Float64()))


def _piece_rows(table: Table, columns: Sequence[str], model: ModelSpec) -> int:
    """How many rows are worked on at a time: as numbers of 8 bytes they may take more room than in the table."""
    return max(1, min(table.rows_per_batch(columns), 2**22 // max(1, len(model.names), model.components or 0)))


def _names(model: ModelSpec) -> list[str]:
    return [NAME.format(i) for i in range(model.components or 0)]


def _check_pca(model: ModelSpec) -> None:
    if model.kind != "transformer":
        raise NodeError(f"The model is a {model.algorithm}, no PCA.", "Connect the model of a PCA, or use the Predictor.")


def _holds_numbers(table: TableSpec, column: str) -> bool:
    from nodes.values.table import leaf_dtype

    dtype = table.schema[column]
    return leaf_dtype(dtype).is_numeric() or type(dtype).__name__ == "Boolean"


def _component_schema(names: Sequence[str]) -> dict[str, pl.DataType]:
    first: dict[str, pl.DataType] = {"component": pl.Int64(), "variance": pl.Float64(), "share of variance": pl.Float64()}
    return first | {f"weight of {name}": pl.Float64() for name in names}
