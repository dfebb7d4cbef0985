"""Keras's metrics as settings: what is reported of a training beside its loss.

The `kind` of each is the Keras class. Only metrics that are a single number are offered, as they are drawn as curves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from nodes.base import Settings, setting
from nodes.networks.losses import TargetForm

if TYPE_CHECKING:
    import keras


class Metric(Settings):
    """A figure that tells how good the network is."""

    higher_is_better: ClassVar[bool] = False
    forms: ClassVar[tuple[TargetForm, ...]] = ("values", "one-hot", "class number", "sequence")
    """The forms of target that it makes sense for."""

    kind: str

    @property
    def name(self) -> str:
        """As the history calls it: `top_k_categorical_accuracy`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.kind.replace("IoU", "Iou")).lower()

    def build(self, name: str, classes: int) -> keras.Metric | str:
        """The Keras metric.

        Args:
            name: What to call it.
            classes: Size of the output's last dimension.
        """
        import keras

        return cast("keras.Metric", getattr(keras.metrics, self.kind)(**self.arguments(classes), name=name))

    def arguments(self, classes: int) -> dict[str, Any]:
        """Arguments of the Keras class."""
        return self.model_dump(exclude={"kind"})


class HigherIsBetter(Metric):
    """A metric that training should make large."""

    higher_is_better: ClassVar[bool] = True


class ForNumbers(Metric):
    """A metric of differences between numbers, or between one-hot targets and probabilities."""

    forms: ClassVar[tuple[TargetForm, ...]] = ("values", "one-hot")


class Accuracy(HigherIsBetter):
    """The share of right predictions: binary, categorical or sparse as loss and output have it."""

    forms: ClassVar[tuple[TargetForm, ...]] = ("values", "one-hot", "class number")
    kind: Literal["Accuracy"] = "Accuracy"

    def build(self, name: str, classes: int) -> keras.Metric | str:
        """Keras's word for the accuracy that fits."""
        return "accuracy"


class BinaryAccuracy(HigherIsBetter, ForNumbers):
    """The share of right answers to yes or no."""

    kind: Literal["BinaryAccuracy"] = "BinaryAccuracy"
    threshold: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


class TopKCategoricalAccuracy(HigherIsBetter, ForNumbers):
    """The share of rows whose class (one-hot) is among the k most probable ones."""

    kind: Literal["TopKCategoricalAccuracy"] = "TopKCategoricalAccuracy"
    k: int = setting(5, "k", "How many classes count.", ge=1)


class SparseTopKCategoricalAccuracy(HigherIsBetter):
    """The share of rows whose class (a number) is among the k most probable ones."""

    forms: ClassVar[tuple[TargetForm, ...]] = ("class number",)
    kind: Literal["SparseTopKCategoricalAccuracy"] = "SparseTopKCategoricalAccuracy"
    k: int = setting(5, "k", "How many classes count.", ge=1)


class Thresholded(ForNumbers):
    """A metric that counts outputs above a threshold as yes."""

    thresholds: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


class OfOneClass(HigherIsBetter, Thresholded):
    """Precision and recall, of all classes together or of one."""

    class_id: int | None = setting(None, "Class number", "Count this class only; empty: all together.", ge=0)
    top_k: int | None = setting(None, "Top k", "Count the k most probable classes as yes, whatever the threshold.", ge=1)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Keras takes either a threshold or top k."""
        return super().arguments(classes) | ({"thresholds": None} if self.top_k else {})


class Precision(OfOneClass):
    """The share of right ones among those predicted as yes."""

    kind: Literal["Precision"] = "Precision"


class Recall(OfOneClass):
    """The share of the true ones that were predicted as yes."""

    kind: Literal["Recall"] = "Recall"


class Averaged(HigherIsBetter, ForNumbers):
    """F scores: harmonic means of precision and recall, averaged over the classes."""

    average: Literal["macro", "micro", "weighted"] = setting(
        "macro",
        "Average",
        "How the classes' scores become one.",
        choices={"macro": "Their mean.", "micro": "Counted over all together.", "weighted": "Their mean, by frequency."},
    )
    threshold: float | None = setting(None, "Threshold", "Outputs above it mean yes; empty: the largest one.", gt=0, le=1)


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
        "ROC", "Curve", "Which curve.", choices={"ROC": "True against false positives.", "PR": "Precision against recall."}
    )
    num_thresholds: int = setting(200, "Thresholds", "How many points the curve has.", ge=2, advanced=True)
    multi_label: bool = setting(False, "Per class", "The mean over the classes instead of all together.")
    from_logits: bool = setting(False, "From logits", "The output has no sigmoid.", advanced=True)

    def arguments(self, classes: int) -> dict[str, Any]:
        """Per class, Keras must know how many there are."""
        return super().arguments(classes) | ({"num_labels": classes} if self.multi_label else {})


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


class BinaryCrossentropy(ForNumbers):
    """The binary cross-entropy, where the loss is another one."""

    kind: Literal["BinaryCrossentropy"] = "BinaryCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no sigmoid.", advanced=True)


class CategoricalCrossentropy(ForNumbers):
    """The categorical cross-entropy, where the loss is another one."""

    kind: Literal["CategoricalCrossentropy"] = "CategoricalCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no softmax.", advanced=True)


class SparseCategoricalCrossentropy(Metric):
    """The sparse categorical cross-entropy, where the loss is another one."""

    forms: ClassVar[tuple[TargetForm, ...]] = ("class number",)
    kind: Literal["SparseCategoricalCrossentropy"] = "SparseCategoricalCrossentropy"
    from_logits: bool = setting(False, "From logits", "The output has no softmax.", advanced=True)


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

    kind: Literal["R2Score", "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation"] = setting(
        ..., "Agreement", "Which measure, as Keras calls it."
    )


class MeanIoU(HigherIsBetter):
    """For segmentation with class numbers: overlap / union, averaged over the classes."""

    forms: ClassVar[tuple[TargetForm, ...]] = ("class number",)
    kind: Literal["MeanIoU"] = "MeanIoU"

    def arguments(self, classes: int) -> dict[str, Any]:
        """Keras must know how many classes there are, and that the output holds their probabilities."""
        return {"num_classes": classes, "sparse_y_pred": False}


class OneHotMeanIoU(HigherIsBetter, ForNumbers):
    """For segmentation with one-hot targets: overlap / union, averaged over the classes."""

    kind: Literal["OneHotMeanIoU"] = "OneHotMeanIoU"

    def arguments(self, classes: int) -> dict[str, Any]:
        """Keras must know how many classes there are."""
        return {"num_classes": classes}


class BinaryIoU(HigherIsBetter, ForNumbers):
    """For segmentation of one thing: overlap / union, averaged over thing and background."""

    kind: Literal["BinaryIoU"] = "BinaryIoU"
    threshold: float = setting(0.5, "Threshold", "Outputs above it mean yes.", ge=0, le=1)


AnyMetric = Annotated[
    Accuracy | BinaryAccuracy | TopKCategoricalAccuracy | SparseTopKCategoricalAccuracy | Precision | Recall | F1Score
    | FBetaScore | AUC | TruePositives | TrueNegatives | FalsePositives | FalseNegatives | PrecisionAtRecall
    | RecallAtPrecision | SensitivityAtSpecificity | SpecificityAtSensitivity | BinaryCrossentropy
    | CategoricalCrossentropy | SparseCategoricalCrossentropy | Error | Agreement | MeanIoU | OneHotMeanIoU | BinaryIoU,
    Field(discriminator="kind"),
]  # fmt: skip
