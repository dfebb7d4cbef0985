"""Embedding: what a layer tells of each row, as points in two or three dimensions."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.base import Columns, Job, Layers, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.drawing import group_names, groups_in_order, numbers
from nodes.kit.inspection.inference import Arrays, apply_batchwise, build_model, graph_function, inference_function, subnetwork
from nodes.kit.learning.encoding import features_of, known_rows, matrix
from nodes.kit.learning.model_learner import explained
from nodes.kit.networks.inputs import InputColumns, batch_size_setting, bind_inputs, check_batch_size, inputs_setting
from nodes.kit.networks.layer_selection import tensor_named
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.kit.tables.elementwise import refuse_existing
from nodes.values.figure import Figure, FigureSpec, Points, PointsFigure
from nodes.values.model import Feature
from nodes.values.network import Network, NetworkSpec, Tensor
from nodes.values.table import COLUMN_KINDS, Table, TableSpec, leaf_dtype
from nodes.wording import left_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("number", "boolean", "array")
FEW_ROWS = 1000
"""Up to so many, t-SNE is computed by one thread."""


class EmbeddingProjector(Node):
    """Draw rows as points, so that those which a network finds alike lie together: PCA or t-SNE of a layer's output.

    With a network, each row is what a layer makes of it: empty, the layer before the last one with weights, on which the
    classifier decides. Classes that are clouds apart can be told apart; points of one colour in the cloud of another are worth
    a look. Without a network, the columns themselves are compared.

    PCA shows the directions of largest variance. t-SNE (van der Maaten & Hinton, 2008) keeps neighbours together; distances
    between clouds and their sizes mean nothing, and other seeds give other pictures. Its time grows with the rows, so a sample
    is drawn from a long table, and only that comes out. KNIME has t-SNE as a node for columns; what is computed here is
    scikit-learn's.

    Example: behind the Learner, with the test images and `label` as colour column, t-SNE of 2000 rows: ten islands, with a
    bridge between shirts and coats.
    """

    id = "inspection.embedding"
    title = "Embedding"
    shelf = "Network / Inspection"
    icon = "mdi6.chart-bubble"
    keywords = ("t-SNE (L. Jonsson)", "TSNE", "PCA", "projection", "latent space", "features", "dimension reduction")
    needs_keras = True
    input_ports = (
        Port("network", "network", "Network", "Whose layer tells of the rows; without one, the columns do.", optional=True),
        Port("table", "table", "Table", "The rows to draw."),
    )
    output_ports = (
        Port("table", "table", "Table with coordinates", "The rows that are drawn, with their places."),
        Port("figure", "figure", "Figure", "The points, by their first two dimensions."),
    )

    layer: str | None = setting(
        None,
        "Layer",
        "Whose output tells of a row; empty: what goes into the last layer with weights.",
        layers=Layers("network", "tensors"),
    )
    columns: list[str] = setting(
        [],
        "Columns",
        "Without a network: what rows are compared by, numbers and arrays; empty: all such columns.",
        columns=Columns("table", KINDS),
    )
    inputs: list[InputColumns] = inputs_setting("Network")
    batch_size: int = batch_size_setting(group="Network")
    method: Literal["PCA", "t-SNE"] = setting(
        "PCA",
        "Method",
        "How many numbers become few.",
        choices={
            "PCA": "The directions of largest variance: fast, and always the same.",
            "t-SNE": "Neighbours stay neighbours: shows groups, and takes longer.",
        },
    )
    n_components: int = setting(2, "Dimensions", "2 for a plane, 3 for a space.", ge=2, le=3)
    color_column: str | None = setting(
        None,
        "Color column",
        "Classes get a colour each, numbers a shade; empty: all points look the same.",
        columns=Columns("table", ("category", "number", "boolean")),
    )
    standardize: bool = setting(
        False, "Standardize", "Bring each number to mean 0 and deviation 1 first, so that none counts more than another."
    )
    prefix: str = setting(
        "embedding", "Column name", "What the new columns are called, with a running number.", min_length=1, group="Output"
    )
    most_rows: int = setting(
        5000, "Most rows", "Of a longer table so many rows are drawn by chance, and kept in order.", ge=1, le=1_000_000
    )
    seed: int | None = seed_setting("Fixes what is chance; empty: every run differs.", most=SEEDS_32)
    perplexity: float = setting(
        30.0,
        "Perplexity",
        "About how many neighbours a row has; of few rows, a third of them.",
        gt=0,
        group="t-SNE",
        shown_if={"method": "t-SNE"},
        allow_inf_nan=False,
    )
    pca_first: int = setting(
        50,
        "PCA before",
        "Bring more numbers than this to so many by PCA first, against noise and time; 0: never.",
        ge=0,
        group="t-SNE",
        shown_if={"method": "t-SNE"},
    )
    metric: Literal["euclidean", "cosine", "manhattan"] = setting(
        "euclidean",
        "Distance",
        "How far rows are from each other.",
        group="t-SNE",
        shown_if={"method": "t-SNE"},
        choices={
            "euclidean": "The straight line.",
            "cosine": "The angle, whatever the length.",
            "manhattan": "The sum of the differences.",
        },
    )
    iterations: int = setting(
        1000,
        "Iterations",
        "Steps of the search (max_iter in scikit-learn).",
        ge=250,
        le=1_000_000,
        group="t-SNE",
        shown_if={"method": "t-SNE"},
    )
    learning_rate: float | None = setting(
        None,
        "Learning rate",
        "How far a step goes; empty: as suits the number of rows. (KNIME: 200)",
        gt=0,
        group="t-SNE",
        advanced=True,
        shown_if={"method": "t-SNE"},
        allow_inf_nan=False,
    )
    early_exaggeration: float = setting(
        12.0,
        "Early exaggeration",
        "How tightly groups are drawn together at first.",
        ge=1,
        group="t-SNE",
        advanced=True,
        shown_if={"method": "t-SNE"},
        allow_inf_nan=False,
    )
    init: Literal["pca", "random"] = setting(
        "pca",
        "Start",
        "Where points are at first.",
        group="t-SNE",
        advanced=True,
        shown_if={"method": "t-SNE"},
        choices={"pca": "At their places by PCA, which keeps more of the whole.", "random": "Anywhere."},
    )

    @property
    def reproducible(self) -> bool:
        """Samples and t-SNE are chance without a seed."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with coordinates; how many rows is not known."""
        table = specs.table()
        if "network" in specs:
            network = specs.network()
            self._tensor(network)
            check_batch_size(network, self.batch_size, "batch_size")
            bind_inputs(network, table, self.inputs)
        else:
            if self.layer:
                raise NodeError("A layer is chosen, but no network is connected.", "Connect it, or choose none.", setting="layer")
            self._features(table)
        if self.color_column is not None:
            table.require(self.color_column, "category", "number", "boolean", setting="color_column")
        for name in self._names():
            refuse_existing(table, name, "prefix")
        made = table.with_columns(dict.fromkeys(self._names(), pl.Float64()))
        return {"table": made.with_rows(None), "figure": FigureSpec("points")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Sample, compute the layer, then the places."""
        import numpy as np

        table = values.table()
        seed = random.SystemRandom().getrandbits(32) if self.seed is None else self.seed
        if table.height > self.most_rows:
            job.warn(f"{self.most_rows} of {table.height} rows are drawn by chance.")
            chosen = np.random.default_rng(seed).choice(table.height, self.most_rows, replace=False)
            table = table.take(np.sort(chosen))
        if "network" in values:
            found = self._activations(values.network(), table, job)
        else:
            features = self._features(table.spec)
            found = matrix(table.frame([f.name for f in features]), features)
        whole = known_rows(np.where(np.isfinite(found), found, np.nan))
        if not whole.all():
            job.warn(left_out(int((~whole).sum()), "with missing or infinite numbers"))
            found, table = found[whole], table.take(np.flatnonzero(whole))
        job.check_cancelled()
        job.progress(None, f"{self.method} of {len(found)} rows of {found.shape[1]} numbers")
        places = self._places(found, seed, job)
        columns = pl.DataFrame({name: places[:, n] for n, name in enumerate(self._names())})
        made = table.with_columns(columns) if table.columns else Table.of(columns)
        return {"table": made, "figure": self._figure(made, (0, 1), job)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the points; of three dimensions, every two."""
        figures = [cast(Figure, outputs["figure"])]
        pairs = list(combinations(range(self.n_components), 2))[1:]
        return figures + [self._figure(outputs.table(), pair, None) for pair in pairs]

    # -- what is compared

    def _names(self) -> list[str]:
        return [f"{self.prefix} {n + 1}" for n in range(self.n_components)]

    def _tensor(self, network: NetworkSpec) -> Tensor:
        """What tells of a row. NodeError if its size is not known."""
        if self.layer:
            tensor = tensor_named(network, self.layer, "layer")
        else:
            weighted = {layer.name for layer in network.layers if layer.weights}
            last = next((call for call in reversed(network.calls) if call.layer in weighted), None)
            if last is None:
                raise NodeError("The network has no layer with weights.", "Choose a layer.", setting="layer")
            tensor = last.inputs[0]
        spec = network.tensor(tensor)
        if None in spec.shape:
            raise NodeError(
                f"The size of '{tensor}' is not fixed ({spec.describe()}), so rows cannot be compared.",
                "Choose a layer behind a global pooling layer, or give the input layer a fixed shape.",
                setting="layer",
            )
        return tensor

    def _features(self, table: TableSpec) -> tuple[Feature, ...]:
        """The columns that rows are compared by, without a network."""
        for column in self.columns:
            table.require(column, *KINDS, setting="columns")
        chosen = self.columns or [
            c
            for c in table.columns_of(*KINDS)
            if c != self.color_column and (not COLUMN_KINDS["array"](table.schema[c]) or leaf_dtype(table.schema[c]).is_numeric())
        ]
        if not chosen:
            raise NodeError("The table has no columns of numbers.", "Choose columns, or connect a network.", setting="columns")
        return features_of(table, chosen)

    def _activations(self, network: Network, table: Table, job: Job) -> NDArray[Any]:
        """(rows, numbers) of the layer, Float32."""
        import math

        import numpy as np
        import tensorflow as tf

        tensor = self._tensor(network.spec)
        needed = subnetwork(network, [tensor])
        by_input = dict(zip(network.spec.inputs, bind_inputs(network.spec, table.spec, self.inputs), strict=True))
        bindings = [by_input[t] for t in needed.spec.inputs]
        width = math.prod(n for n in network.spec.tensor(tensor).shape if n is not None)
        found = np.empty((table.height, width), np.float32)
        if not table.height:
            return found
        call = inference_function(build_model(needed, job), bindings)
        layer = graph_function(lambda tensors: tf.cast(call(tensors)[0], tf.float32))

        def compute(arrays: Arrays, first: int) -> Sequence[Any]:
            return [layer([tf.convert_to_tensor(array) for array in arrays])]

        for first, (made,) in apply_batchwise(needed.spec, bindings, table, self.batch_size, compute, job=job):
            found[first : first + len(made)] = made.reshape(len(made), width)
        return found

    # -- where the points are

    def _places(self, found: NDArray[Any], seed: int, job: Job) -> NDArray[Any]:
        """(rows, dimensions), Float64. What has fewer dimensions than asked for gets 0 in the others."""
        import numpy as np
        from sklearn import decomposition

        count, width = found.shape
        made = np.zeros((count, self.n_components))
        dimensions = min(self.n_components, count, width)
        if count < 2 or not dimensions:
            return made
        if self.standardize:
            from sklearn.preprocessing import StandardScaler

            found = StandardScaler().fit_transform(found)
        with explained(self.method, job):
            if self.method == "PCA":
                made[:, :dimensions] = decomposition.PCA(dimensions, random_state=seed).fit_transform(found)
                return made
            if self.pca_first and width > self.pca_first:
                found = decomposition.PCA(min(self.pca_first, count), random_state=seed).fit_transform(found)
            return self._neighbours(found, seed)

    def _neighbours(self, found: NDArray[Any], seed: int) -> NDArray[Any]:
        """t-SNE of at least two rows."""
        import numpy as np
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        rows, width = found.shape
        reduction = TSNE(
            self.n_components,
            perplexity=min(self.perplexity, max((rows - 1) / 3, 0.5)),
            early_exaggeration=self.early_exaggeration,
            learning_rate="auto" if self.learning_rate is None else self.learning_rate,
            max_iter=self.iterations,
            metric=self.metric,
            init=self.init if min(rows, width) >= self.n_components else "random",
            random_state=seed,
        )
        # Threads that wait for each other, busily, a thousand times cost more than they bring where there is little to do.
        with threadpool_limits(1 if rows < FEW_ROWS else None, user_api="openmp"):
            return np.asarray(reduction.fit_transform(found), np.float64)

    def _figure(self, table: Table, pair: tuple[int, int], job: Job | None) -> PointsFigure:
        """The points by two of their dimensions; `job` is told of groups that are not drawn."""
        import numpy as np

        x_name, y_name = (self._names()[n] for n in pair)
        frame = table.frame(list(dict.fromkeys([x_name, y_name, *([self.color_column] if self.color_column else [])])))
        x, y = frame[x_name].to_numpy(), frame[y_name].to_numpy()
        points: list[Points] = []
        shade_label = ""
        column = self.color_column
        if column is None:
            points.append(Points("", x.tolist(), y.tolist()))
        elif COLUMN_KINDS["number"](frame.schema[column]) and table.spec.class_names(column) is None:
            shade = numbers(frame[column])
            known = np.isfinite(shade)
            points.append(Points("", x[known].tolist(), y[known].tolist(), shade[known].tolist()))
            shade_label = column
        else:
            named = group_names(table.spec, column, frame[column])
            for name in groups_in_order(table.spec, column, named, job or cast(Job, _Silent())):
                rows = (named == name).fill_null(False).to_numpy()
                points.append(Points(name, x[rows].tolist(), y[rows].tolist()))
        return PointsFigure(
            f"{self.method} of {table.height} rows", points, x_name, y_name, self.method == "PCA", False, shade_label
        )


class _Silent:
    """Is told what the person has been told already."""

    def warn(self, message: str) -> None:
        """Say nothing."""
