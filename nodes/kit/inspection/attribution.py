"""What Saliency, Grad-CAM and Occlusion share: for which class, from which columns, and what becomes of the heat maps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import polars as pl

from nodes.base import Columns, Job, Layers, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.inspection.class_scores import Scores, check_classes, class_numbers, scores_of
from nodes.kit.inspection.heat_maps import colored, in_color, overlaid, side_by_side
from nodes.kit.inspection.inference import (
    FLOATS,
    Arrays,
    apply_batchwise,
    build_model,
    graph_function,
    inference_function,
    subnetwork,
)
from nodes.kit.networks.binding import Binding
from nodes.kit.networks.device import device_setting, use_device
from nodes.kit.networks.inputs import (
    InputColumns,
    batch_size_setting,
    bind_inputs,
    check_batch_size,
    inputs_setting,
    resolve_tensor,
)
from nodes.values.figure import Figure, FigureSpec, HeatMapFigure, ImagesFigure
from nodes.values.network import Network, NetworkSpec, Tensor
from nodes.values.table import Table, TableSpec
from nodes.wording import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class AttributionTask:
    """What is to be explained.

    Attributes:
        scores: The scores of the classes.
        bindings: How the inputs that the scores need are fed, in the order of the network of the scores.
        explained: Which of them is explained.
        shape: The shape of a map: (height, width, 1) for images.
        image: Whether the explained input is a column of images, which a map can be laid over.
    """

    scores: Scores
    bindings: tuple[Binding, ...]
    explained: int
    shape: tuple[int, ...]
    image: bool

    @property
    def binding(self) -> Binding:
        """That of the explained input."""
        return self.bindings[self.explained]


Score = Literal["before softmax", "probability"]


def score_setting(source: str = "papers") -> Any:
    """Declare which number of a class is explained, for methods that use its gradient.

    Args:
        source: Where it is before the softmax too.
    """
    return setting(
        "before softmax",
        "Score",
        "What is explained. Probabilities near 1 hardly change, so their gradients are nearly 0.",
        choices={
            "before softmax": f"The score without the softmax or sigmoid at the end, as in the {source}.",
            "probability": "What the network puts out.",
        },
    )


def map_column_setting(default: str) -> Any:
    """Declare the name of the column of maps."""
    return setting(default, "Map column", "What the column of maps is called.", min_length=1, group="Output")


class AttributionNode(Node):
    """A node that tells, for each row, what in an input decides about the score of a class."""

    shelf = "Network / Inspection"
    needs_keras = True
    images_only: ClassVar[bool] = True
    """Whether the explained input must be images."""
    input_ports = (
        Port("network", "network", "Network", "The network whose decisions are explained."),
        Port("table", "table", "Table", "The rows whose classes are explained."),
    )
    output_ports = (
        Port("table", "table", "Table with maps", "The table with a heat map for each row."),
        Port("figure", "figure", "Figure", "The first rows: image, map, and map over the image."),
    )

    explain: Literal["predicted", "actual", "chosen"] = setting(
        "predicted",
        "Class",
        "The class whose score is explained.",
        choices={
            "predicted": "The one with the highest score in each row.",
            "actual": "The one that a column gives.",
            "chosen": "One for all rows.",
        },
    )
    class_column: str | None = setting(
        None,
        "Class column",
        "The actual class of each row.",
        columns=Columns("table", ("category", "integer", "boolean")),
        shown_if={"explain": "actual"},
    )
    class_name: str = setting("", "Class name", "The class, by its name or its number from 0 on.", shown_if={"explain": "chosen"})
    score: Score = score_setting()
    inputs: list[InputColumns] = inputs_setting("Network")
    explained_input: str | None = setting(
        None,
        "Explained input",
        "Which input the maps are of; empty: the first one of images, or else the first.",
        layers=Layers("network", "tensors"),
        group="Network",
    )
    output: str | None = setting(
        None,
        "Output",
        "The tensor with a score per class; empty: the network's first output.",
        layers=Layers("network", "tensors"),
        group="Network",
    )
    batch_size: int = batch_size_setting(32, group="Network")
    column: str = map_column_setting("map")
    scaled: bool = setting(
        False, "Scale", "Divide each map by its largest absolute value, so that all are between -1 and 1.", group="Output"
    )
    overlay: bool = setting(
        False, "Append overlays", "Adds a column of the grey images with the maps over them, in colours.", group="Output"
    )
    overlay_column: str = setting(
        "overlay",
        "Overlay column",
        "What the column of overlays is called.",
        min_length=1,
        group="Output",
        shown_if={"overlay": True},
    )
    opacity: float = setting(
        0.5, "Opacity", "Of the map over the image: 0 shows the image, 1 the map.", ge=0, le=1, group="Output"
    )
    append_class: bool = setting(
        False,
        "Append class",
        "Adds the class that is explained and its probability, named as the map's column with 'class' and 'probability'.",
        group="Output",
    )
    shown: int = setting(
        8, "Rows in the figure", "How many rows the figure shows, from the first on.", ge=1, le=200, group="Output"
    )
    device: str = device_setting("Network")

    # -- what a subclass says

    @abstractmethod
    def explainer(self, network: Network, task: AttributionTask, job: Job) -> Explainer:
        """Return what computes the maps, on the device in use.

        Raises:
            NodeError: If the settings do not fit the network.
        """

    def check(self, task: AttributionTask, specs: Specs) -> None:
        """Look for mistakes in the settings of the subclass; raises NodeError."""

    # -- the node

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise the table with the new columns, and a figure."""
        table = specs.table()
        task = self._task(specs.network(), table)
        check_batch_size(specs.network(), self.batch_size, "batch_size")
        self.check(task, specs)
        for name, column in {"column": self.column, "overlay_column": self.overlay_column}.items():
            if column in table.schema and (name == "column" or self.overlay):
                raise NodeError(f"There is already a column '{column}'.", "Choose another name.", setting=name)
        made = self._schema(task)
        clash = next((column for column in made if column in table.schema), None)
        if clash is not None or len(made) < 1 + self.overlay + 2 * self.append_class:
            raise NodeError(f"There would be two columns '{clash or self.column}'.", "Choose another name.", setting="column")
        kind: Literal["images", "heat map"] = "images" if len(task.shape) == 3 else "heat map"
        return {"table": table.with_columns(made), "figure": FigureSpec(kind)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Explain batch by batch; what is done is on disk already."""
        network, table = values.network(), values.table()
        task = self._task(network.spec, table.spec)
        actual: NDArray[Any] | None = None
        if self.explain == "actual":
            actual = class_numbers(table, cast(str, self.class_column), task.scores)
        with use_device(self.device):
            maps = job.stream(self._frames(network, task, actual, table, job))
        made = table.with_columns(maps)
        return {"table": made, "figure": self._figure(task, table, maps)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the first rows."""
        return (cast(Figure, outputs["figure"]),)

    # -- planning

    def _task(self, network: NetworkSpec, table: TableSpec) -> AttributionTask:
        scores = scores_of(network, self.output, before_activation=self.score == "before softmax")
        by_input = dict(zip(network.inputs, bind_inputs(network, table, self.inputs), strict=True))
        if self.explain == "actual":
            check_classes(table, self.class_column, scores)
        if self.explain == "chosen":
            scores.number(self.class_name, "class_name")
        needed = scores.network.inputs
        tensor = self._explained(network, needed)
        binding = by_input[tensor]
        image = len(binding.shape) == 3
        if self.images_only and not image:
            raise NodeError(
                f"The network's input '{tensor.layer}' takes {network.tensor(tensor).describe()}, which are no images.",
                "Choose an input of height, width and channels; Saliency explains others too.",
                setting="explained_input",
            )
        if len(binding.shape) > 3:
            raise NodeError(
                f"The network's input '{tensor.layer}' has {len(binding.shape)} dimensions; images have three.",
                "Choose another input.",
                setting="explained_input",
            )
        shape = binding.shape
        if image:
            height, width = shape[1:] if network.channels_first else shape[:2]
            shape = (height, width, 1)
        elif len(shape) == 2:
            shape = (*shape, 1)
        if self.overlay and not image:
            raise NodeError("Only images can have maps laid over them.", "Switch the overlays off.", setting="overlay")
        return AttributionTask(scores, tuple(by_input[t] for t in needed), needed.index(tensor), shape, image)

    def _explained(self, network: NetworkSpec, needed: Sequence[Tensor]) -> Tensor:
        """The input that is explained, of those that the scores need."""
        if self.explained_input:
            tensor = resolve_tensor(network, self.explained_input, "explained_input")
            if tensor not in needed:
                named = ", ".join(f"'{t.layer}'" for t in needed)
                raise NodeError(
                    f"'{self.explained_input}' is no input that the output depends on.",
                    f"Choose one of: {named}.",
                    setting="explained_input",
                )
            return tensor
        if not needed:
            raise NodeError("The output depends on no input.", "Choose another output.", setting="output")
        return next((t for t in needed if len(network.tensor(t).shape) == 3), needed[0])

    def _schema(self, task: AttributionTask) -> dict[str, pl.DataType]:
        made: dict[str, pl.DataType] = {self.column: pl.Array(pl.Float32, task.shape)}
        if self.overlay:
            made[self.overlay_column] = pl.Array(pl.UInt8, (*task.shape[:2], 3))
        if self.append_class:
            names = task.scores.names
            made[f"{self.column} class"] = pl.Enum(list(names)) if names else pl.Int64()
            made[f"{self.column} probability"] = pl.Float32()
        return made

    # -- computing

    def _frames(
        self, network: Network, task: AttributionTask, actual: NDArray[Any] | None, table: Table, job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        schema = self._schema(task)
        yield pl.DataFrame(schema=schema)
        if not table.height:
            return
        job.progress(0.0, "preparing")
        explainer = self.explainer(Network(task.scores.network, network.weights), task, job)
        chosen = task.scores.number(self.class_name, "class_name") if self.explain == "chosen" else None

        def explain(arrays: Arrays, first: int) -> list[NDArray[Any]]:
            shares = task.scores.probabilities(explainer.predict(arrays))
            numbers = shares.argmax(axis=1)
            if chosen is not None:
                numbers = np.full(len(shares), chosen)
            elif actual is not None:
                numbers = actual[first : first + len(shares)]
                numbers = np.concatenate([numbers, np.repeat(numbers[-1:], len(shares) - len(numbers))])
            maps = explainer.maps(arrays, numbers.astype(np.int32))
            maps = _scaled(maps) if self.scaled else maps
            return [np.asarray(maps, np.float32), numbers, np.take_along_axis(shares, numbers[:, None], axis=1)[:, 0]]

        source = task.binding.open(table) if self.overlay else None
        for first, (maps, numbers, shares) in apply_batchwise(
            task.scores.network, task.bindings, table, self.batch_size, explain, job=job
        ):
            made = [pl.Series(self.column, maps.reshape(-1, *task.shape), dtype=schema[self.column])]
            if source is not None:
                images = _channels_last(source.read(slice(first, first + len(maps))), task)
                # Each image for itself, so that it does not matter which other rows are computed beside it.
                laid = [overlaid(images[n : n + 1], maps[n : n + 1, ..., 0], self.opacity) for n in range(len(maps))]
                made.append(pl.Series(self.overlay_column, np.concatenate(laid), dtype=schema[self.overlay_column]))
            if self.append_class:
                names = task.scores.names
                called = pl.Series([names[n] for n in numbers] if names else numbers)
                made.append(called.cast(schema[f"{self.column} class"]).alias(f"{self.column} class"))
                made.append(pl.Series(f"{self.column} probability", shares, dtype=pl.Float32))
            yield pl.DataFrame(made)
        explainer.finish()

    def _figure(self, task: AttributionTask, table: Table, maps: Table) -> Figure:
        """Image, map and overlay of the first rows; of lists of numbers, a heat map with a line for each row."""
        import numpy as np

        rows = min(self.shown, table.height)
        title = self.title
        drawn = maps.slice(0, rows).frame([self.column])[self.column].to_numpy()
        if len(task.shape) < 3:
            names = [column for part in task.binding.parts for column in [part.column] * (part.elements or 1)]
            if len(names) != drawn.shape[1] or len(set(names)) < len(names):
                names = [str(n) for n in range(drawn.shape[1])]
            lines = [[float(number) for number in line] for line in drawn]
            return HeatMapFigure(title, lines, [f"row {n + 1}" for n in range(rows)], names, "", "input", "diverging")
        if not rows:
            return ImagesFigure(title, np.empty((0, *task.shape[:2], 3), np.uint8))
        pictures = [colored(drawn[..., 0])]
        if task.image:
            images = _channels_last(task.binding.open(table).read(slice(0, rows)), task)
            pictures = [in_color(images), *pictures, overlaid(images, drawn[..., 0], self.opacity)]
        captions = [f"row {n + 1}" for n in range(rows)]
        if self.append_class:
            told = maps.slice(0, rows).frame([f"{self.column} class", f"{self.column} probability"])
            captions = [f"{n}: {name} {percent(share, 0)}" for n, (name, share) in enumerate(told.iter_rows(), start=1)]
        return ImagesFigure(title, side_by_side(pictures), captions)


class Explainer:
    """Computes predictions and maps for batches.

    Args:
        network: The network, read at the scores and perhaps at other tensors.
        plan: What is to be explained.
        job: Is warned where weights are random.
        tensors: Further tensors that `call` gives, after the scores.
    """

    def __init__(self, network: Network, task: AttributionTask, job: Job, tensors: Sequence[Tensor] = ()) -> None:

        self.task = task
        self.job = job
        needed = subnetwork(network, [task.scores.tensor, *tensors])
        bound = dict(zip(task.scores.network.inputs, task.bindings, strict=True))
        self._call = inference_function(build_model(needed, job), [bound[tensor] for tensor in needed.spec.inputs])
        self._places = [task.scores.network.inputs.index(tensor) for tensor in needed.spec.inputs]
        self._predict = graph_function(lambda tensors: self.call(tensors)[0])

    def call(self, tensors: Sequence[Any]) -> list[Any]:
        """Return scores, and further tensors, of one tensor per input."""
        return self._call([tensors[place] for place in self._places])

    def predict(self, arrays: Sequence[Any]) -> NDArray[Any]:
        """Return what the network puts out, (rows, units)."""
        import numpy as np

        return np.asarray(self._predict([self.as_tensor(array) for array in arrays]))

    def as_tensor(self, array: Any) -> Any:
        """Return an array as a tensor."""
        import tensorflow as tf

        return tf.convert_to_tensor(array)

    def maps(self, arrays: Arrays, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return a map (rows, *shape of the task) for the score of a class (rows,) Int32 in each row."""
        raise TypeError(f"{type(self).__name__} computes no maps")

    def finish(self) -> None:
        """Tell what became known while all rows were explained."""

    def per_place(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in the order of the explained input, with the channels last."""
        return _channels_last(values, self.task)


def _channels_last(images: NDArray[Any], task: AttributionTask) -> NDArray[Any]:
    """(rows, height, width, channels), where the explained input is images."""
    return images.transpose(0, 2, 3, 1) if task.image and task.binding.moves_channels else images


def _scaled(maps: NDArray[Any]) -> NDArray[Any]:
    """Each map divided by its largest absolute value."""
    import numpy as np

    most = np.abs(maps).reshape(len(maps), -1).max(axis=1).reshape(-1, *[1] * (maps.ndim - 1))
    made: NDArray[Any] = np.divide(maps, most, out=np.zeros_like(maps), where=most > 0)
    return made


def check_differentiable(task: AttributionTask, network: NetworkSpec) -> None:
    """Raise NodeError if the explained input takes whole numbers, of which there are no gradients."""
    tensor = task.scores.network.inputs[task.explained]
    dtype = network.tensor(tensor).dtype
    if dtype not in FLOATS:
        raise NodeError(
            f"The network's input '{tensor.layer}' takes whole numbers ({dtype}), which have no gradient.",
            "Give the input layer the type float32, or use Occlusion.",
            setting="explained_input",
        )
