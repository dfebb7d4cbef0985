"""Keras's metrics as settings: what is reported of a training beside its loss.

The `kind` of each is the Keras class. Only metrics that are a single number are offered, as they are drawn as curves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from nodes.base import Settings, setting
from nodes.kit.training.losses import TargetForm

if TYPE_CHECKING:
    import keras


_KNOWN = "It is known: what the network puts out, and what the loss compares it with, say it."
_WRITING = "It is for writing metrics of one's own, and no metric of a target."
LEFT_OUT: Mapping[str, str] = {
    **dict.fromkeys(("Mean", "Sum", "MeanMetricWrapper"), _WRITING),
    **dict.fromkeys(
        ("AUC.num_labels", "IoU.num_classes", "IoU.sparse_y_true", "IoU.sparse_y_pred", "MeanIoU.num_classes",
         "MeanIoU.sparse_y_true", "MeanIoU.sparse_y_pred", "OneHotIoU.num_classes", "OneHotIoU.sparse_y_pred",
         "OneHotMeanIoU.num_classes", "OneHotMeanIoU.sparse_y_pred"), _KNOWN),
    "SparseTopKCategoricalAccuracy.from_sorted_ids": "A network of layers puts out probabilities, not sorted class numbers.",
    "F1Score.average=None": "A metric is drawn as a curve, so it is one number: the Scorer gives the scores of each class.",
    "Precision.thresholds=[...]": "A metric is drawn as a curve, so it has one threshold: the ROC Curve shows all of them.",
    "Metric.dtype": "Metrics are computed in 32 bits, as Keras does it unless it is told otherwise.",
}  # fmt: skip
"""What Keras's metrics take and ours do not -> why."""

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
ClassNumber = Annotated[int, Field(ge=0)]


def _label_smoothing() -> Any:
    help = "Moves targets from 0 and 1 this far towards an even distribution."
    return setting(0.0, "Label smoothing", help, ge=0, le=1, advanced=True)


def _axis(help: str = "The dimension of the output that the classes are along; -1 is the last.") -> Any:
    return setting(-1, "Axis", help, advanced=True)


def _ignore_class() -> Any:
    return setting(None, "Ignored class", "Targets of this class number do not count.", advanced=True)


def _class_ids() -> Any:
    return setting([1], "Class numbers", "The classes to average over.", min_length=1)


class Metric(Settings):
    """A figure that tells how good the network is."""

    higher_is_better: ClassVar[bool] = False
    forms: ClassVar[tuple[TargetForm, ...]] = ("values", "one-hot", "class number", "sequence")
    """The forms of target that it makes sense for."""
    flat: ClassVar[bool] = False
    """Whether it is only for outputs that are numbers in one dimension, not for sequences or images."""

    kind: str

    @property
    def name(self) -> str:
        """As the history calls it: `top_k_categorical_accuracy`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.kind.replace("IoU", "Iou")).lower()

    def build(self, name: str, classes: int) -> keras.Metric | str:
        """Return the Keras metric.

        Args:
            name: What to call it.
            classes: Size of the output's last dimension.
        """
        import keras

        return cast("keras.Metric", getattr(keras.metrics, self.kind)(**self.arguments(classes), name=name))

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return arguments of the Keras class."""
        return self.model_dump(exclude={"kind"})

    def problems(self, classes: int) -> Iterator[str]:
        """Find what does not fit an output of so many values or classes: clauses without a full stop."""
        ids = {getattr(self, "class_id", None), *getattr(self, "target_class_ids", ())} - {None}
        for number in sorted(n for n in ids if n >= classes):
            yield f"there is no class {number}: the output has {classes}, counted from 0"


class HigherIsBetter(Metric):
    """A metric that training should make large."""

    higher_is_better = True


class ForNumbers(Metric):
    """A metric of differences between numbers, or between one-hot targets and probabilities."""

    forms = ("values", "one-hot")


class Accuracy(HigherIsBetter):
    """The share of right predictions: binary, categorical or sparse as loss and output have it."""

    forms = ("values", "one-hot", "class number")
    kind: Literal["Accuracy"] = "Accuracy"

    def build(self, name: str, classes: int) -> keras.Metric | str:
        """Return Keras's word for the accuracy that fits."""
        return "accuracy"


class BinaryAccuracy(HigherIsBetter, ForNumbers):
    """The share of right answers to yes or no."""

    kind: Literal["BinaryAccuracy"] = "BinaryAccuracy"
    threshold: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


class CategoricalAccuracy(HigherIsBetter, ForNumbers):
    """The share of rows whose class (one-hot) is the most probable one."""

    kind: Literal["CategoricalAccuracy"] = "CategoricalAccuracy"


class SparseCategoricalAccuracy(HigherIsBetter):
    """The share of rows whose class (a number) is the most probable one."""

    forms = ("class number",)
    kind: Literal["SparseCategoricalAccuracy"] = "SparseCategoricalAccuracy"


class TopKCategoricalAccuracy(HigherIsBetter, ForNumbers):
    """The share of rows whose class (one-hot) is among the k most probable ones."""

    kind: Literal["TopKCategoricalAccuracy"] = "TopKCategoricalAccuracy"
    k: int = setting(5, "k", "A row counts as right if its class is among so many most probable ones.", ge=1)


class SparseTopKCategoricalAccuracy(HigherIsBetter):
    """The share of rows whose class (a number) is among the k most probable ones."""

    forms = ("class number",)
    kind: Literal["SparseTopKCategoricalAccuracy"] = "SparseTopKCategoricalAccuracy"
    k: int = setting(5, "k", "A row counts as right if its class is among so many most probable ones.", ge=1)


class Thresholded(ForNumbers):
    """A metric that counts outputs above a threshold as yes."""

    thresholds: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


class OfOneClass(HigherIsBetter, Thresholded):
    """Precision and recall, of all classes together or of one."""

    class_id: int | None = setting(None, "Class number", "Count this class only; empty: all together.", ge=0)
    top_k: int | None = setting(None, "Top k", "Count the k most probable classes as yes, whatever the threshold.", ge=1)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments, which are either a threshold or top k."""
        return super().arguments(classes) | ({"thresholds": None} if self.top_k else {})


class Precision(OfOneClass):
    """The share of right ones among those predicted as yes."""

    kind: Literal["Precision"] = "Precision"


class Recall(OfOneClass):
    """The share of the true ones that were predicted as yes."""

    kind: Literal["Recall"] = "Recall"


class Averaged(HigherIsBetter, ForNumbers):
    """F scores: harmonic means of precision and recall, averaged over the classes."""

    flat = True

    average: Literal["macro", "micro", "weighted"] = setting(
        "macro",
        "Average",
        "How the classes' scores become one.",
        choices={"macro": "Their mean.", "micro": "Counted over all together.", "weighted": "Their mean, by frequency."},
    )
    threshold: float | None = setting(None, "Threshold", "Outputs above it mean yes; empty: the largest one.", gt=0, le=1)

    def problems(self, classes: int) -> Iterator[str]:
        """Find an output of a single value, whose largest says nothing."""
        if classes == 1 and self.threshold is None:
            yield "of a single output the largest is always right, so it needs a threshold"


class F1Score(Averaged):
    """The harmonic mean of precision and recall."""

    kind: Literal["F1Score"] = "F1Score"


class FBetaScore(Averaged):
    """The harmonic mean of precision and recall, with weights."""

    kind: Literal["FBetaScore"] = "FBetaScore"
    beta: float = setting(1.0, "Beta", "How many times more recall counts than precision.", gt=0)


class AUC(HigherIsBetter, ForNumbers):
    """The area under the curve of true against false positives, or of precision against recall."""

    kind: Literal["AUC"] = "AUC"
    curve: Literal["ROC", "PR"] = setting(
        "ROC",
        "Curve",
        "The curve whose area is measured.",
        choices={"ROC": "True against false positives.", "PR": "Precision against recall."},
    )
    num_thresholds: int = setting(200, "Thresholds", "How many points the curve has.", ge=2, advanced=True)
    thresholds: list[Share] = setting(
        [], "Given thresholds", "The points of the curve, instead of so many at equal distances.", advanced=True
    )
    summation_method: Literal["interpolation", "minoring", "majoring"] = setting(
        "interpolation",
        "Summation",
        "How the area between two points is taken.",
        advanced=True,
        choices={
            "interpolation": "By the trapezium between them (for PR: as Davis & Goadrich, 2006).",
            "minoring": "The smaller rectangle.",
            "majoring": "The larger rectangle.",
        },
    )
    multi_label: bool = setting(False, "Per class", "The mean over the classes instead of all together.")
    label_weights: list[Weight] = setting(
        [],
        "Weights of classes",
        "How much each class counts in the mean, in order; empty: all the same.",
        shown_if={"multi_label": True},
        advanced=True,
    )
    from_logits: bool = setting(False, "From logits", "The output has no sigmoid.", advanced=True)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments; per class, it must know how many there are."""
        per_class = {"num_labels": classes} if self.multi_label else {}
        weights = self.label_weights if self.multi_label else []
        return super().arguments(classes) | per_class | {"thresholds": self.thresholds or None, "label_weights": weights or None}

    def problems(self, classes: int) -> Iterator[str]:
        """Find a wrong number of weights: there must be one per class."""
        if self.multi_label and self.label_weights and len(self.label_weights) != classes:
            yield f"{len(self.label_weights)} weights are given for {classes} classes"


class TruePositives(HigherIsBetter, Thresholded):
    """The number of right yeses."""

    kind: Literal["TruePositives"] = "TruePositives"


class TrueNegatives(HigherIsBetter, Thresholded):
    """The number of right noes."""

    kind: Literal["TrueNegatives"] = "TrueNegatives"


class FalsePositives(Thresholded):
    """The number of wrong yeses."""

    kind: Literal["FalsePositives"] = "FalsePositives"


class FalseNegatives(Thresholded):
    """The number of wrong noes."""

    kind: Literal["FalseNegatives"] = "FalseNegatives"


class AtPoint(HigherIsBetter, ForNumbers):
    """One figure at the threshold where another one has a given value."""

    num_thresholds: int = setting(200, "Thresholds", "How many thresholds are tried.", ge=1, advanced=True)
    class_id: int | None = setting(None, "Class number", "Count this class only; empty: all together.", ge=0)


class PrecisionAtRecall(AtPoint):
    """The best precision where recall is at least as given."""

    kind: Literal["PrecisionAtRecall"] = "PrecisionAtRecall"
    recall: float = setting(0.9, "Recall", "The recall to reach.", ge=0, le=1)


class RecallAtPrecision(AtPoint):
    """The best recall where precision is at least as given."""

    kind: Literal["RecallAtPrecision"] = "RecallAtPrecision"
    precision: float = setting(0.9, "Precision", "The precision to reach.", ge=0, le=1)


class SensitivityAtSpecificity(AtPoint):
    """The best sensitivity where specificity is at least as given."""

    kind: Literal["SensitivityAtSpecificity"] = "SensitivityAtSpecificity"
    specificity: float = setting(0.9, "Specificity", "The specificity to reach.", ge=0, le=1)


class SpecificityAtSensitivity(AtPoint):
    """The best specificity where sensitivity is at least as given."""

    kind: Literal["SpecificityAtSensitivity"] = "SpecificityAtSensitivity"
    sensitivity: float = setting(0.9, "Sensitivity", "The sensitivity to reach.", ge=0, le=1)


class BinaryCrossentropyMetric(ForNumbers):
    """The binary cross-entropy, where the loss is another one."""

    kind: Literal["BinaryCrossentropy"] = "BinaryCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no sigmoid.", advanced=True)
    label_smoothing: float = _label_smoothing()


class CategoricalCrossentropyMetric(ForNumbers):
    """The categorical cross-entropy, where the loss is another one."""

    kind: Literal["CategoricalCrossentropy"] = "CategoricalCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no softmax.", advanced=True)
    label_smoothing: float = _label_smoothing()
    axis: int = _axis()


class SparseCategoricalCrossentropyMetric(Metric):
    """The sparse categorical cross-entropy, where the loss is another one."""

    forms = ("class number",)
    kind: Literal["SparseCategoricalCrossentropy"] = "SparseCategoricalCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no softmax.", advanced=True)
    ignore_class: int | None = _ignore_class()
    axis: int = _axis()


class Error(ForNumbers):
    """A mean of differences."""

    kind: Literal[
        "MeanSquaredError",
        "RootMeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError",
        "LogCoshError",
        "KLDivergence",
        "Poisson",
        "Hinge",
        "SquaredHinge",
        "CategoricalHinge",
    ] = setting(..., "Error", "Which difference, as Keras calls it.")


class Agreement(HigherIsBetter, ForNumbers):
    """How well target and output go together."""

    kind: Literal["CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"] = setting(
        ..., "Agreement", "Which measure, as Keras calls it."
    )
    axis: int = _axis("The dimension of the output that is compared; -1 is the last, 0 the rows of a batch.")

    def problems(self, classes: int) -> Iterator[str]:
        """Find an output of a single value, which has no correlation."""
        if self.kind == "PearsonCorrelation" and self.axis == -1 and classes == 1:
            yield "there is no correlation over a single value; over the rows of a batch, with axis 0, there is"


class R2Score(HigherIsBetter, ForNumbers):
    """The share of the targets' variance that is explained: 1 is perfect, 0 no better than their mean."""

    flat = True

    kind: Literal["R2Score"] = "R2Score"
    class_aggregation: Literal["uniform_average", "variance_weighted_average"] = setting(
        "uniform_average",
        "Several values",
        "How the scores of several output values become one.",
        choices={"uniform_average": "Their mean.", "variance_weighted_average": "Their mean, by the variance of the targets."},
    )
    num_regressors: int = setting(
        0, "Regressors", "The number of independent variables; 0 is R2, otherwise it is adjusted for them.", ge=0, advanced=True
    )


class MeanIoU(HigherIsBetter):
    """For segmentation with class numbers: overlap / union, averaged over the classes."""

    forms = ("class number",)
    kind: Literal["MeanIoU"] = "MeanIoU"
    ignore_class: int | None = _ignore_class()
    axis: int = _axis()

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments: also how many classes there are, and that the output holds their probabilities."""
        return super().arguments(classes) | {"num_classes": classes, "sparse_y_pred": False}


class IoU(HigherIsBetter):
    """For segmentation with class numbers: overlap / union, averaged over some classes."""

    forms = ("class number",)
    kind: Literal["IoU"] = "IoU"
    target_class_ids: list[ClassNumber] = _class_ids()
    ignore_class: int | None = _ignore_class()
    axis: int = _axis()

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments, as for `MeanIoU`."""
        return super().arguments(classes) | {"num_classes": classes, "sparse_y_pred": False}


class OneHotIoU(HigherIsBetter, ForNumbers):
    """For segmentation with one-hot targets: overlap / union, averaged over some classes."""

    kind: Literal["OneHotIoU"] = "OneHotIoU"
    target_class_ids: list[ClassNumber] = _class_ids()
    ignore_class: int | None = _ignore_class()
    axis: int = _axis()

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments: also how many classes there are."""
        return super().arguments(classes) | {"num_classes": classes}


class OneHotMeanIoU(HigherIsBetter, ForNumbers):
    """For segmentation with one-hot targets: overlap / union, averaged over the classes."""

    kind: Literal["OneHotMeanIoU"] = "OneHotMeanIoU"
    ignore_class: int | None = _ignore_class()
    axis: int = _axis()

    def arguments(self, classes: int) -> dict[str, Any]:
        """Return Keras's arguments: also how many classes there are."""
        return super().arguments(classes) | {"num_classes": classes}


class BinaryIoU(HigherIsBetter, ForNumbers):
    """For segmentation of one thing: overlap / union, averaged over thing and background."""

    kind: Literal["BinaryIoU"] = "BinaryIoU"
    target_class_ids: list[Literal[0, 1]] = setting(
        [0, 1], "Class numbers", "What to average over: 1 is the thing, 0 the background.", min_length=1
    )
    threshold: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


AnyMetric = Annotated[
    Accuracy | BinaryAccuracy | CategoricalAccuracy | SparseCategoricalAccuracy
    | TopKCategoricalAccuracy | SparseTopKCategoricalAccuracy | Precision | Recall | F1Score
    | FBetaScore | AUC | TruePositives | TrueNegatives | FalsePositives | FalseNegatives | PrecisionAtRecall
    | RecallAtPrecision | SensitivityAtSpecificity | SpecificityAtSensitivity | BinaryCrossentropyMetric
    | CategoricalCrossentropyMetric | SparseCategoricalCrossentropyMetric | Error | Agreement | R2Score | IoU | MeanIoU
    | OneHotIoU | OneHotMeanIoU | BinaryIoU,
    Field(discriminator="kind"),
]  # fmt: skip
