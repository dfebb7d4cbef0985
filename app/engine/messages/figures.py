"""What views ask about figures, networks, trainings and scores, and what the engine answers (`app.engine.inspection.figures`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.engine.messages.base import Answer, EngineMessage, ResultQuestion
from app.engine.messages.tables import Thumbnails

# ------------------------------------------------------------------------------------------ figures, networks, learning


class FiguresAnswer(Answer, frozen=True, kw_only=True):
    """Figures as `app.engine.inspection.figures.figures_from` reads them; the payload has the pixels of images."""

    figures: tuple[dict[str, Any], ...]


class FiguresQuestion(ResultQuestion[FiguresAnswer], frozen=True, kw_only=True):
    """Which figures does a node show: those its class makes for viewing, and those at its figure ports?"""


class LayerSummary(EngineMessage, frozen=True, kw_only=True):
    """A layer of a network.

    Attributes:
        name: Unique in the network.
        kind: Its Keras class.
        config: Its settings.
        shapes: Of the outputs of all its calls.
        dtype: Of its first output.
        parameters: How many values its weights have.
        trainable_parameters: How many of those training changes.
        trainable: Whether training changes any.
        inputs: Names of the tensors it takes.
        calls: How often it is used.
    """

    name: str
    kind: str
    config: Mapping[str, Any] = {}
    shapes: tuple[str, ...] = ()
    dtype: str = ""
    parameters: int = 0
    trainable_parameters: int = 0
    trainable: bool = False
    inputs: tuple[str, ...] = ()
    calls: int = 0


class NetworkEdge(EngineMessage, frozen=True, kw_only=True):
    """A tensor that goes from a layer to a layer."""

    source: str
    target: str
    shape: str


class NetworkEnd(EngineMessage, frozen=True, kw_only=True):
    """A tensor at the beginning or the end of a network."""

    name: str
    layer: str
    shape: str
    dtype: str
    classes: tuple[str, ...] = ()


class NetworkAnswer(Answer, frozen=True, kw_only=True):
    """A network.

    Attributes:
        layers: In the order of their first call.
        edges: What flows between them.
        inputs: The tensors to feed.
        outputs: The tensors to read.
        parameters: How many values all weights have.
        trainable_parameters: How many of those training changes.
        text: As its edge shows it.
        trained: Whether all layers that have weights have values for them; None where that is not known.
    """

    layers: tuple[LayerSummary, ...]
    edges: tuple[NetworkEdge, ...]
    inputs: tuple[NetworkEnd, ...]
    outputs: tuple[NetworkEnd, ...]
    parameters: int
    trainable_parameters: int
    text: str
    trained: bool | None = None


class NetworkQuestion(ResultQuestion[NetworkAnswer], frozen=True, kw_only=True):
    """What is the network at a port like?"""


class LearningAnswer(Answer, frozen=True, kw_only=True):
    """A Learner's history: a list of values per epoch for each quantity; None where missing."""

    columns: Mapping[str, tuple[float | None, ...]]


class LearningQuestion(ResultQuestion[LearningAnswer], frozen=True, kw_only=True):
    """What is the history of a training, at its port?"""


# -------------------------------------------------------------------------------------------------------------- scoring


class ConfusionAnswer(Answer, frozen=True, kw_only=True):
    """A Scorer's result; the payload has the counts as 64-bit integers, a row per actual class, a column per predicted one.

    Attributes:
        classes: In the order of the matrix.
        statistics: Per class: its counts and measures; None where not defined.
        overall: Accuracy, error, kappa, correct, wrong; None where not defined.
        rows_known: Whether the rows behind a cell can be found now.
    """

    classes: tuple[str, ...]
    statistics: tuple[Mapping[str, str | int | float | None], ...] = ()
    overall: Mapping[str, int | float | None] = {}
    rows_known: bool = False


class ConfusionQuestion(ResultQuestion[ConfusionAnswer], frozen=True, kw_only=True):
    """What is a Scorer's result?"""


class RowsBehindAnswer(Answer, frozen=True, kw_only=True):
    """Rows that were counted in a cell of a confusion matrix.

    Attributes:
        total: How many were found.
        rows: Their numbers in the scored table.
        columns: What is neither image nor array.
        cells: A list of texts per row.
        images: Their pictures, if there are any.
    """

    total: int
    rows: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    cells: tuple[tuple[str | None, ...], ...] = ()
    images: Thumbnails | None = None


class RowsBehindQuestion(ResultQuestion[RowsBehindAnswer], frozen=True, kw_only=True):
    """Which rows of the scored table were counted in a cell?

    Attributes:
        actual: The actual class; None: any.
        predicted: The predicted class; None: any.
        first: How many of the found rows to pass over.
        count: How many to give.
    """

    actual: str | None = None
    predicted: str | None = None
    first: int = 0
    count: int = 60
