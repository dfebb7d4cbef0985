"""Sample Data: small sets of data that are there without a file, to try things with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import polars as pl

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.preview import preview
from nodes.kit.settings import seed_setting
from nodes.values.figure import Figure
from nodes.values.table import Table, TableSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

DataSet = Literal[
    "digits", "iris", "wine", "breast cancer", "diabetes", "blobs", "moons", "circles", "spirals", "regression", "seasons"
]

CHOICES: Mapping[str, str] = {
    "digits": "1 797 handwritten digits, images of 8 x 8 grey pixels from 0 to 255 (Alpaydin & Kaynak, UCI; there from 0 to 16).",
    "iris": "150 flowers of three kinds, measured in four ways, in centimetres (Fisher, 1936).",
    "wine": "178 wines of three growers, with 13 chemical measurements (UCI).",
    "breast cancer": "569 tumours, malignant or benign, with 30 measurements of their cells (Wisconsin, UCI).",
    "diabetes": "442 patients, 10 measurements, and how the illness went on after a year (Efron et al., 2004).",
    "blobs": "Made up: three round clouds of points in the plane.",
    "moons": "Made up: two half moons that reach into each other.",
    "circles": "Made up: a ring around a ring.",
    "spirals": "Made up: two spirals that turn around each other; no straight line parts them.",
    "regression": "Made up: five numbers, of which three matter, and a target that depends on them and on chance.",
    "seasons": "Made up: a daily temperature over some years, with seasons, a slow warming and weather that lasts some days.",
}

FIXED_ROWS: Mapping[DataSet, int] = {"digits": 1797, "iris": 150, "wine": 178, "breast cancer": 569, "diabetes": 442}
"""The sets that are what they are; the others are drawn anew, as many rows as one wants."""

IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids", "nonflavanoid_phenols",
    "proanthocyanins", "color_intensity", "hue", "od280_od315_of_diluted_wines", "proline",
)  # fmt: skip
CELLS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points", "symmetry",
    "fractal_dimension",
)  # fmt: skip
DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


@dataclass(frozen=True)
class Content:
    """What a set of data consists of.

    Attributes:
        columns: The columns of numbers (Float64), before the target.
        target: The last column's name.
        classes: The target's classes; none where it is a number (Float64).
        image: Shape of the one image column that takes the place of `columns` (UInt8).
    """

    columns: tuple[str, ...]
    target: str
    classes: tuple[str, ...] = ()
    image: tuple[int, ...] = ()

    def schema(self) -> dict[str, pl.DataType]:
        """Names and dtypes of all columns."""
        given: dict[str, pl.DataType] = {"image": pl.Array(pl.UInt8(), self.image)} if self.image else {}
        given |= dict.fromkeys(self.columns, pl.Float64())
        return {**given, self.target: pl.Enum(self.classes) if self.classes else pl.Float64()}


CONTENTS: Mapping[DataSet, Content] = {
    "digits": Content((), "digit", tuple("0123456789"), (8, 8, 1)),
    "iris": Content(IRIS, "species", ("setosa", "versicolor", "virginica")),
    "wine": Content(WINE, "grower", ("class_0", "class_1", "class_2")),
    "breast cancer": Content(
        tuple(f"{kind}_{name}" for kind in ("mean", "error", "worst") for name in CELLS), "diagnosis", ("malignant", "benign")
    ),
    "diabetes": Content(DIABETES, "progression"),
    "blobs": Content(("x", "y"), "class", ("a", "b", "c")),
    "moons": Content(("x", "y"), "class", ("a", "b")),
    "circles": Content(("x", "y"), "class", ("a", "b")),
    "spirals": Content(("x", "y"), "class", ("a", "b")),
    "regression": Content(("x1", "x2", "x3", "x4", "x5"), "target"),
    "seasons": Content((), "temperature"),
}


class SampleData(Node):
    """Give a small set of data that needs no file: real ones to learn with, and made-up ones with a known answer.

    The real ones come with scikit-learn. The made-up ones are drawn anew for every seed, with as many rows and as much noise
    as asked for: what a method can and cannot learn shows best where the truth is known.

    The rows of iris, wine and digits lie in the order in which they were collected, which is by class or by writer: let the
    Partitioning node choose at random.

    Example: choose `digits`, wire it to a Partitioning node (80 %, stratified by `digit`), and train a network with an Input
    Layer of shape 8,8,1 on it; it takes seconds, not minutes.
    """

    id = "readers.sample_data"
    title = "Sample Data"
    shelf = "Readers"
    icon = "mdi6.flask-outline"
    keywords = (
        "Data Generator", "toy data", "sklearn datasets", "digits", "iris", "wine", "make_moons", "make_blobs", "make_circles",
        "example", "demo",
    )  # fmt: skip
    output_ports = (Port("table", "table", "Data", "The measurements and, last, the target."),)

    data: DataSet = setting("digits", "Data", "Which set of data.", choices=CHOICES)
    rows: int = setting(
        1000,
        "Rows",
        "How many rows are made up.",
        ge=0,
        le=10_000_000,
        shown_if={"data": [name for name in CHOICES if name not in FIXED_ROWS]},
    )
    noise: float = setting(
        0.1,
        "Noise",
        "How far chance moves the values; 0: not at all. For seasons, in units of 10 degrees.",
        ge=0,
        le=100,
        shown_if={"data": [name for name in CHOICES if name not in FIXED_ROWS]},
    )
    seed: int | None = seed_setting(
        "Makes the same rows every time; empty: others in every run.",
        most=2**32 - 1,
        shown_if={"data": [name for name in CHOICES if name not in FIXED_ROWS]},
    )

    @property
    def reproducible(self) -> bool:
        """What is drawn without a seed is not."""
        return self.data in FIXED_ROWS or self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The columns, and how many rows."""
        return {"table": TableSpec(pl.Schema(self._schema()), FIXED_ROWS.get(self.data, self.rows))}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Unpacks what scikit-learn brings along, or draws."""
        if self.data == "seasons":
            return {"table": Table.of(self._seasons())}
        numbers, target = _collected(self.data) if self.data in FIXED_ROWS else self._drawn()
        content, schema = CONTENTS[self.data], self._schema()
        if content.image:
            pixels = (numbers * (255 / 16)).round().astype("uint8").reshape(-1, *content.image)
            given = [pl.Series("image", pixels, dtype=schema["image"])]
        else:
            given = [pl.Series(name, numbers[:, place], pl.Float64) for place, name in enumerate(content.columns)]
        if content.classes:
            last = pl.Series(
                content.target, pl.Series(content.classes, dtype=pl.String).gather(pl.Series(target, dtype=pl.UInt32))
            )
        else:
            last = pl.Series(content.target, target)
        return {"table": Table.of(pl.DataFrame([*given, last.cast(schema[content.target])]))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images, where there are images."""
        return preview(outputs.table(), "image", captions="digit") if self.data == "digits" else ()

    def _schema(self) -> dict[str, pl.DataType]:
        first: dict[str, pl.DataType] = {"day": pl.Date()} if self.data == "seasons" else {}
        return first | CONTENTS[self.data].schema()

    def _drawn(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Numbers (rows, columns) and target (rows)."""
        import numpy as np

        generator = np.random.default_rng(self.seed)
        if self.data == "regression":
            x = generator.normal(size=(self.rows, 5))
            # Two that act alone and two that act together; the last two do nothing.
            return x, 3 * x[:, 0] - 2 * x[:, 1] + x[:, 0] * x[:, 2] + self.noise * generator.normal(size=self.rows)
        classes = np.arange(self.rows) % len(CONTENTS[self.data].classes)
        along = generator.uniform(0, 1, self.rows)
        place = np.stack(SHAPES[self.data](classes, along), axis=1)
        return place + self.noise * generator.normal(size=(self.rows, 2)), classes

    def _seasons(self) -> pl.DataFrame:
        """A day per row from 2000 on: the year's seasons, 0.5 degrees more per ten years, weather that fades by a third a day."""
        import numpy as np

        generator = np.random.default_rng(self.seed)
        day = np.arange(self.rows)
        shocks = generator.normal(size=self.rows) * self.noise * 10
        weather = np.empty(self.rows)
        last = 0.0
        for n, shock in enumerate(shocks):
            last = 2 / 3 * last + shock
            weather[n] = last
        degrees = 10 - 9 * np.cos(2 * np.pi * day / 365.2425) + 0.5 * day / 3652.425 + weather
        start = pl.Series("day", day, pl.Int64).cast(pl.Int32) + 10957  # days from 1970 to 2000
        return pl.DataFrame([start.cast(pl.Date), pl.Series("temperature", degrees, pl.Float64)])


# ---------------------------------------------------------------------------------------------------------- what is drawn


def _blobs(classes: NDArray[Any], along: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    angle = classes * 2 * np.pi / 3
    return np.cos(angle), np.sin(angle)


def _moons(classes: NDArray[Any], along: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    angle = along * np.pi
    upper = classes == 0
    return np.where(upper, np.cos(angle), 1 - np.cos(angle)), np.where(upper, np.sin(angle), 0.5 - np.sin(angle))


def _circles(classes: NDArray[Any], along: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    angle, radius = along * 2 * np.pi, np.where(classes == 0, 1.0, 0.5)
    return radius * np.cos(angle), radius * np.sin(angle)


def _spirals(classes: NDArray[Any], along: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    import numpy as np

    radius = np.sqrt(along) * 3
    angle = radius * np.pi + classes * np.pi
    return radius * np.cos(angle), radius * np.sin(angle)


SHAPES: Mapping[DataSet, Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]] = {
    "blobs": _blobs, "moons": _moons, "circles": _circles, "spirals": _spirals,
}  # fmt: skip
"""Where a point of a class lies, before noise: from its class (rows) and how far along its curve it is, from 0 to 1 (rows)."""


def _collected(name: DataSet) -> tuple[NDArray[Any], NDArray[Any]]:
    """Numbers (rows, columns) and target (rows) of a set that scikit-learn brings along."""
    from sklearn import datasets

    load = {
        "digits": datasets.load_digits,
        "iris": datasets.load_iris,
        "wine": datasets.load_wine,
        "breast cancer": datasets.load_breast_cancer,
        "diabetes": datasets.load_diabetes,
    }[name]
    return cast("tuple[NDArray[Any], NDArray[Any]]", load(return_X_y=True))
