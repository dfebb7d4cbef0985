"""Model: what a classical learner has learned, as scikit-learn has it, and how a table becomes the numbers it takes.

On disk it is a skops file: scikit-learn's objects by name and number, never a pickle, and of types on a list only. What
scikit-learn does not know (columns, classes) stands beside, as JSON in the same archive.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nodes.heard_warnings import heard_warnings
from nodes.wording import counted

ModelKind = Literal["classifier", "regressor", "clusterer", "transformer"]
FeatureKind = Literal["number", "category", "array"]
Encoding = Literal["one-hot", "ordinal"]
FORMAT = 1
HEADER = "layerloom.json"
TRUSTED = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.ChebyshevDistance",
    "sklearn.metrics._dist_metrics.ChebyshevDistance64",
    "sklearn.metrics._dist_metrics.EuclideanDistance",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._ball_tree.BallTree64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neighbors._kd_tree.KDTree64",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.tree._tree.Tree",
)
"""Types of scikit-learn beyond those that skops trusts by itself: they hold numbers, and run nothing when they are read."""


class UnreadableModel(ValueError):
    """A file that holds no model of ours, and why."""


@dataclass(frozen=True)
class Feature:
    """A column of a table that a model looks at.

    Attributes:
        name: Of the column.
        kind: Numbers (and true or false), categories, or arrays of numbers, which are laid out flat.
        shape: Of an array.
        categories: Those that the model knows, in order; None where they are not known before running.
        encoding: How categories become numbers.
    """

    name: str
    kind: FeatureKind = "number"
    shape: tuple[int, ...] = ()
    categories: tuple[str, ...] | None = None
    encoding: Encoding = "one-hot"

    def names(self) -> list[str]:
        """Return a name for each number that the column becomes: `x`, `color=red`, `image[0,3,0]`."""
        import numpy as np

        if self.kind == "array":
            return [f"{self.name}[{','.join(map(str, place))}]" for place in np.ndindex(*self.shape)]
        if self.kind == "category" and self.encoding == "one-hot":
            return [f"{self.name}={category}" for category in self.categories or ()]
        return [self.name]


@dataclass(frozen=True)
class Target:
    """What a model predicts.

    Attributes:
        name: Of the column it learned from; of a clustering, what the clusters are called.
        dtype: The name of the polars type of its cells.
        classes: Class names by the number that the model knows them by; None where they are not known before running, and of
            what is no class.
        numbered: Whether cells hold these numbers, and not the names.
    """

    name: str
    dtype: str
    classes: tuple[str, ...] | None = None
    numbered: bool = False


@dataclass(frozen=True)
class ModelSpec:
    """What is known of a model before it has learned.

    Attributes:
        kind: What it is for.
        algorithm: Its name for a person.
        features: The columns it looks at, in order.
        target: What it predicts; None of a transformer.
        probabilities: Whether it can tell how likely each class is.
        takes_missing: Whether it can deal with missing cells.
        components: Of a transformer: how many numbers come out for a row; None where not known.
    """

    kind: ModelKind
    algorithm: str
    features: tuple[Feature, ...]
    target: Target | None = None
    probabilities: bool = False
    takes_missing: bool = False
    components: int | None = None

    @property
    def names(self) -> list[str]:
        """A name for each number that a row becomes."""
        return [name for feature in self.features for name in feature.names()]

    def describe(self) -> str:
        """Return `Random Forest · 4 columns → species`, as an edge shows it."""
        columns = counted(len(self.features), "column")
        goal = f" → {self.target.name}" if self.target else f" → {self.components}" if self.components else ""
        return f"{self.algorithm} · {columns}{goal}"


@dataclass(frozen=True)
class Model:
    """A model that has learned. Immutable: whoever wants to learn anew clones the estimator.

    Attributes:
        spec: What it takes and gives.
        estimator: scikit-learn's object, fitted on a matrix with a column for each of `spec.names`.
    """

    spec: ModelSpec
    estimator: Any

    @property
    def kind(self) -> ModelKind:
        """What it is for."""
        return self.spec.kind

    def parameters(self) -> dict[str, Any]:
        """Return the settings that it learned with, under scikit-learn's names."""
        return {name: value for name, value in self.estimator.get_params(deep=False).items() if not hasattr(value, "get_params")}


def to_bytes(model: Model) -> bytes:
    """Return the model as a skops file."""
    import skops.io

    content = io.BytesIO(skops.io.dumps(model.estimator))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(zipfile.ZipInfo(HEADER), json.dumps({"format": FORMAT, "spec": asdict(model.spec)}))
    return content.getvalue()


def spec_from_bytes(content: bytes) -> ModelSpec:
    """Return what `to_bytes` wrote of the model, without the model.

    Raises:
        UnreadableModel: If it is no such file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            stored = json.loads(archive.read(HEADER))
        spec = _spec(stored["spec"]) if stored["format"] == FORMAT else None
    except KeyError as error:
        raise UnreadableModel("it does not say which columns the model takes") from error
    except (zipfile.BadZipFile, ValueError, TypeError, AttributeError) as error:
        raise UnreadableModel("it is no skops file, or damaged") from error
    if spec is None:
        raise UnreadableModel("it was written by a newer version")
    return spec


def from_bytes(content: bytes, warn: Callable[[str], None] | None = None) -> Model:
    """Return the model that `to_bytes` wrote.

    Args:
        content: The file.
        warn: Is told, in words, where another version of scikit-learn fitted the model; without it, that is an error: what a
            program stores for itself it can make anew.

    Raises:
        UnreadableModel: If it is none, or holds types that are not trusted; nothing of them is run.
    """
    import skops.io
    from sklearn import __version__
    from sklearn.exceptions import InconsistentVersionWarning
    from skops.io.exceptions import UntrustedTypesFoundException

    from nodes.values.tampering import Tampered, check_estimator

    spec = spec_from_bytes(content)
    try:
        with heard_warnings() as caught:
            estimator = skops.io.loads(content, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise UnreadableModel(f"it holds what is no part of scikit-learn: {error}") from error
    except Exception as error:
        raise UnreadableModel(f"it is damaged, or of another version of scikit-learn ({error})") from error
    if not hasattr(estimator, "get_params"):
        raise UnreadableModel("it holds no model of scikit-learn")
    try:
        check_estimator(estimator)
    except Tampered as error:
        raise UnreadableModel(f"it is damaged, or made to do harm: {error}") from error
    except (AttributeError, KeyError, IndexError, ValueError, TypeError, OverflowError) as error:
        raise UnreadableModel(f"it is damaged, or of another version of scikit-learn ({error})") from error
    others = [w.message.original_sklearn_version for w in caught if isinstance(w.message, InconsistentVersionWarning)]
    if others:
        told = f"scikit-learn {others[0]} fitted it, and this is {__version__}"
        if warn is None:
            raise UnreadableModel(told)
        warn(f"The model may predict otherwise than it did: {told}. Learn it anew if you can.")
    return Model(spec, estimator)


def _spec(stored: dict[str, Any]) -> ModelSpec:
    def names(found: Sequence[str] | None) -> tuple[str, ...] | None:
        return None if found is None else tuple(found)

    features = tuple(
        Feature(**{**f, "shape": tuple(f["shape"]), "categories": names(f["categories"])}) for f in stored["features"]
    )
    goal = stored["target"]
    target = None if goal is None else Target(**{**goal, "classes": names(goal["classes"])})
    return ModelSpec(**{**stored, "features": features, "target": target})
