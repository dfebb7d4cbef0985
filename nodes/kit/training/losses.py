"""Keras's losses as settings: every option, with Keras's defaults, and what a target must look like for each.

A loss of one's own is a script (`CustomLoss`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from nodes.base import NodeError, Settings, setting
from nodes.kit.scripts import scripting
from nodes.wording import counted

if TYPE_CHECKING:
    import keras

LEFT_OUT: Mapping[str, str] = {
    'Loss.reduction="none"': "A training needs one number to make small.",
    "Loss.dtype": "Losses are computed in 32 bits, as Keras does it unless it is told otherwise.",
}
"""What Keras's losses take and ours do not -> why."""

TargetForm = Literal["values", "one-hot", "class number", "sequence"]
"""What a loss compares with: as many values as the network puts out; the same, with 1 for the true class and 0 for the
others; the number of the true class; a sequence of class numbers."""


class Loss(Settings):
    """How far the network's output is from the target; training makes it small."""

    form: ClassVar[TargetForm] = "values"
    shares: ClassVar[bool] = False
    """Whether targets are probabilities: what is far from 0 to 1 would make the loss fall for ever, and nothing learned."""
    dimensions: ClassVar[int | None] = None
    """How many dimensions an output must have, without the batch's; None: any number."""

    kind: str
    reduction: Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"] = setting(
        "sum_over_batch_size",
        "Reduction",
        "How the losses of a batch become one number.",
        advanced=True,
        choices={
            "sum_over_batch_size": "Their sum, divided by their number.",
            "sum": "Their sum.",
            "mean": "Their mean; the same as the sum divided by their number.",
            "mean_with_sample_weight": "Their sum, divided by the sum of the weights of classes and rows.",
        },
    )

    def build(self, job: Any, where: str) -> keras.losses.Loss:
        """Return the Keras loss.

        Args:
            job: The node's job, where the loss is a script.
            where: The setting that holds the loss, for its errors.
        """
        import keras

        return cast("keras.losses.Loss", getattr(keras.losses, self.kind)(**self.model_dump(exclude={"kind"})))


def _from_logits() -> Any:
    return setting(
        False, "From logits", "The network's last layer has no softmax or sigmoid: the loss applies it.", advanced=True
    )


def _label_smoothing() -> Any:
    return setting(0.0, "Label smoothing", "Moves targets from 0 and 1 this far towards an even distribution.", ge=0, le=1)


def _axis(default: int) -> Any:
    return setting(default, "Axis", "The dimension of the output that the classes are along; -1 is the last.", advanced=True)


def _alpha() -> Any:
    return setting(0.25, "Alpha", "The weight of the classes in the loss.", ge=0, le=1)


def _gamma() -> Any:
    return setting(2.0, "Gamma", "How much less easy examples count; 0: all the same.", ge=0)


class CategoricalCrossentropyLoss(Loss):
    """For one of several classes: -log of the true class's probability; the target is one-hot."""

    form = "one-hot"
    shares = True
    kind: Literal["CategoricalCrossentropy"] = "CategoricalCrossentropy"
    from_logits: bool = _from_logits()
    label_smoothing: float = _label_smoothing()
    axis: int = _axis(-1)


class SparseCategoricalCrossentropyLoss(Loss):
    """For one of several classes: -log of the true class's probability; the target is the class's number."""

    form = "class number"
    kind: Literal["SparseCategoricalCrossentropy"] = "SparseCategoricalCrossentropy"
    from_logits: bool = _from_logits()
    ignore_class: int | None = setting(
        None, "Ignored class", "Targets of this number do not count, be it a class or none.", advanced=True
    )
    axis: int = _axis(-1)


class BinaryCrossentropyLoss(Loss):
    """For yes or no (one sigmoid unit), or several of them that do not exclude each other."""

    shares = True
    kind: Literal["BinaryCrossentropy"] = "BinaryCrossentropy"
    from_logits: bool = _from_logits()
    label_smoothing: float = _label_smoothing()
    axis: int = _axis(-1)


class BinaryFocalCrossentropy(Loss):
    """Binary cross-entropy in which easy examples count less (Lin et al., 2017)."""

    shares = True
    kind: Literal["BinaryFocalCrossentropy"] = "BinaryFocalCrossentropy"
    apply_class_balancing: bool = setting(False, "Class balancing", "Weight the two classes by alpha and 1 - alpha.")
    alpha: float = _alpha()
    gamma: float = _gamma()
    from_logits: bool = _from_logits()
    label_smoothing: float = _label_smoothing()
    axis: int = _axis(-1)


class CategoricalFocalCrossentropy(Loss):
    """Categorical cross-entropy in which easy examples count less (Lin et al., 2017); the target is one-hot."""

    form = "one-hot"
    shares = True
    kind: Literal["CategoricalFocalCrossentropy"] = "CategoricalFocalCrossentropy"
    alpha: float = _alpha()
    gamma: float = _gamma()
    from_logits: bool = _from_logits()
    label_smoothing: float = _label_smoothing()
    axis: int = _axis(-1)


class CategoricalGeneralizedCrossEntropy(Loss):
    """Cross-entropy for labels that are partly wrong (Zhang & Sabuncu, 2018); the target is the class's number."""

    form = "class number"
    kind: Literal["CategoricalGeneralizedCrossEntropy"] = "CategoricalGeneralizedCrossEntropy"
    q: float = setting(0.5, "q", "Near 0 it is the cross-entropy, near 1 the more forgiving mean absolute error.", gt=0, lt=1)


class CategoricalHinge(Loss):
    """The margin between the true class and the best of the others; the target is one-hot."""

    form = "one-hot"
    kind: Literal["CategoricalHinge"] = "CategoricalHinge"


class Hinge(Loss):
    """max(1 - target x output, 0), for targets -1 and 1 (0 is taken as -1)."""

    kind: Literal["Hinge"] = "Hinge"


class SquaredHinge(Loss):
    """The square of the hinge loss."""

    kind: Literal["SquaredHinge"] = "SquaredHinge"


class KLDivergence(Loss):
    """How far one distribution over the classes is from another (Kullback-Leibler)."""

    form = "one-hot"
    shares = True
    kind: Literal["KLDivergence"] = "KLDivergence"


class MeanSquaredError(Loss):
    """For numbers: the mean square of the differences."""

    kind: Literal["MeanSquaredError"] = "MeanSquaredError"


class MeanAbsoluteError(Loss):
    """For numbers: the mean of the absolute differences."""

    kind: Literal["MeanAbsoluteError"] = "MeanAbsoluteError"


class MeanAbsolutePercentageError(Loss):
    """For numbers: the mean of the differences, as a percentage of the target."""

    kind: Literal["MeanAbsolutePercentageError"] = "MeanAbsolutePercentageError"


class MeanSquaredLogarithmicError(Loss):
    """For positive numbers: the mean square of the differences of log(1 + value)."""

    kind: Literal["MeanSquaredLogarithmicError"] = "MeanSquaredLogarithmicError"


class Huber(Loss):
    """For numbers with outliers: squared below delta, linear above."""

    kind: Literal["Huber"] = "Huber"
    delta: float = setting(1.0, "Delta", "The difference from which on it is linear.", gt=0)


class LogCosh(Loss):
    """For numbers with outliers: log(cosh(difference))."""

    kind: Literal["LogCosh"] = "LogCosh"


class Poisson(Loss):
    """For counts: output - target x log(output)."""

    kind: Literal["Poisson"] = "Poisson"


class CosineSimilarity(Loss):
    """For directions: minus the cosine of the angle between target and output."""

    kind: Literal["CosineSimilarity"] = "CosineSimilarity"
    axis: int = _axis(-1)


class Dice(Loss):
    """For segmentation: 1 - 2 x overlap / (size of target + size of output)."""

    kind: Literal["Dice"] = "Dice"
    axis: tuple[int, ...] | None = setting(None, "Axes", "Dimensions the overlap is taken over; empty: all.", advanced=True)


class Tversky(Loss):
    """For segmentation: Dice with weights of their own for false positives and false negatives (Salehi et al., 2017)."""

    kind: Literal["Tversky"] = "Tversky"
    alpha: float = setting(0.5, "Alpha", "The weight of false positives.", ge=0)
    beta: float = setting(0.5, "Beta", "The weight of false negatives.", ge=0)
    axis: tuple[int, ...] | None = setting(None, "Axes", "Dimensions the overlap is taken over; empty: all.", advanced=True)


class Circle(Loss):
    """For embeddings: examples of one class are drawn together (Sun et al., 2020); the target is the class's number."""

    form = "class number"
    dimensions = 1
    kind: Literal["Circle"] = "Circle"
    gamma: float = setting(80.0, "Gamma", "The scale of the similarities.", gt=0)
    margin: float = setting(0.4, "Margin", "How far the classes are to be apart.", ge=0, le=1)
    remove_diagonal: bool = setting(True, "Without itself", "Do not compare an example with itself.", advanced=True)


class CTC(Loss):
    """For sequences without alignment, such as speech (Graves et al., 2006); the target is a sequence of class numbers."""

    form = "sequence"
    dimensions = 2
    kind: Literal["CTC"] = "CTC"


CUSTOM_LOSS = """\
from keras import ops


def custom_loss(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)
"""


class CustomLoss(Loss):
    """A loss of one's own: a script that defines custom_loss(y_true, y_pred), trusted before it runs."""

    kind: Literal["Custom"] = "Custom"
    script: str = setting(
        CUSTOM_LOSS,
        "Custom loss function",
        "Python that defines custom_loss(y_true, y_pred): a loss per row, or per value, of two tensors. keras, ops and tf are "
        "there; only their operations can be used, as TensorFlow turns the function into a graph.",
        code="python",
        lines=True,
    )
    target: TargetForm = setting(
        "values",
        "Targets are",
        "What y_true is; all of it comes as Float32.",
        choices={
            "values": "As many values as the network puts out.",
            "one-hot": "1 for the true class and 0 for the others.",
            "class number": "The number of the true class.",
            "sequence": "A sequence of class numbers.",
        },
    )

    def build(self, job: Any, where: str) -> keras.losses.Loss:
        """Return a Keras loss that calls the script's function.

        Raises:
            NodeError: If the script fails, or defines no function.
        """
        import keras
        import tensorflow as tf

        setting = f"{where}.script"
        names = {"keras": keras, "ops": keras.ops, "tf": tf}
        function: Any = scripting.run(self.script, setting, job, names, needs="custom_loss")["custom_loss"]
        if not callable(function):
            raise scripting.wrong_result("custom_loss", function, "a function", setting)
        return _of_function(function, self.reduction, setting)


def _of_function(function: Callable[[Any, Any], Any], reduction: str, setting: str) -> keras.losses.Loss:
    import keras

    class Custom(keras.losses.Loss):  # type: ignore[misc]  # Keras is not annotated
        def call(self, y_true: Any, y_pred: Any) -> Any:
            made = function(y_true, y_pred)
            if not keras.ops.is_tensor(made):
                raise scripting.wrong_result(
                    "custom_loss(y_true, y_pred)", made, "a tensor: a loss per row, or per value", setting
                )
            return made

    return Custom(name="custom_loss", reduction=reduction)


def target_form(loss: Loss) -> TargetForm:
    """Return what the targets of a loss must look like."""
    return loss.target if isinstance(loss, CustomLoss) else loss.form


def check_dimensions(loss: Loss, dimensions: int, where: str) -> None:
    """Raise NodeError if a loss cannot compare outputs of so many dimensions (without the batch's)."""
    if loss.dimensions not in (None, dimensions):
        is_ctc = loss.dimensions == 2
        shape = "a sequence of probabilities (steps, classes)" if is_ctc else "one embedding a row (numbers in one dimension)"
        raise NodeError(
            f"{loss.kind} takes {shape}, but the network's output has {counted(dimensions, 'dimension')}.",
            "Choose another loss, or a network that ends so" + ("." if is_ctc else ", such as by a Flatten Layer."),
            setting=f"{where}.loss",
        )


def check_places(loss: Loss, shape: tuple[int | None, ...], where: str) -> None:
    """Raise NodeError if the classes of every pixel or step (shape without the batch's dimension) have one place only.

    Keras drops a last dimension of 1 there, and then fails on the first batch.
    """
    if isinstance(loss, SparseCategoricalCrossentropyLoss) and len(shape) > 1 and shape[-1] == 1:
        raise NodeError(
            "SparseCategoricalCrossentropy tells several classes apart, but the network's output has one number at each place.",
            "Give the last layer a filter or unit per class, or choose BinaryCrossentropy.",
            setting=f"{where}.loss",
        )


def check_axis(loss: Loss, dimensions: int, where: str) -> None:
    """Raise NodeError if a loss is taken along a dimension that an output (with so many, without the batch's) does not have."""
    axes = getattr(loss, "axis", None)
    for axis in axes if isinstance(axes, tuple) else () if axes is None else (axes,):
        if not -dimensions - 1 <= axis <= dimensions or (axis in (0, -dimensions - 1) and not isinstance(axes, tuple)):
            raise NodeError(
                f"{loss.kind} is to be taken along dimension {axis}, which the network's output does not have.",
                f"Choose from 1 to {dimensions}, or -1 for the last one; 0 are the rows of a batch.",
                setting=f"{where}.axis",
            )


AnyLoss = Annotated[
    CategoricalCrossentropyLoss | SparseCategoricalCrossentropyLoss | BinaryCrossentropyLoss | MeanSquaredError
    | MeanAbsoluteError | MeanAbsolutePercentageError | MeanSquaredLogarithmicError | Huber | LogCosh | BinaryFocalCrossentropy
    | CategoricalFocalCrossentropy | CategoricalGeneralizedCrossEntropy | CategoricalHinge | Hinge | SquaredHinge
    | KLDivergence | Poisson | CosineSimilarity | Dice | Tversky | Circle | CTC | CustomLoss,
    Field(discriminator="kind"),
]  # fmt: skip
