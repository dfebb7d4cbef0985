"""What there is to see of a fitted model: its settings, its tree, what it looks at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nodes.values.figure import BarsFigure, Figure, HeatMapFigure, TextFigure
from nodes.values.model import Model

MOST_BARS = 20
MOST_LEVELS = 8
"""A tree is written down to this depth."""


def model_figures(model: Model) -> list[Figure]:
    """Return the figures of a model: most telling first, its settings last."""
    figures: list[Figure] = []
    names = model.spec.names
    estimator = model.estimator
    importances = getattr(estimator, "feature_importances_", None)
    if importances is not None:
        figures.append(_bars("Feature importance", names, {"importance": importances}))
    if hasattr(estimator, "tree_"):
        from sklearn.tree import export_text

        classes = _class_names(model)
        text = export_text(estimator, feature_names=names, class_names=classes, max_depth=MOST_LEVELS, decimals=4)
        figures.insert(0, TextFigure("Tree", text))
    coefficients = linear_coefficients(model)
    if coefficients:
        figures.append(_bars("Coefficients", names, {name: row for name, row, _ in coefficients}))
    if hasattr(estimator, "explained_variance_ratio_"):
        shares = [float(v) for v in estimator.explained_variance_ratio_]
        figures.append(BarsFigure("Explained variance", [f"{i + 1}" for i in range(len(shares))], {"share": shares}, "share"))
    if hasattr(estimator, "cluster_centers_") and len(names) <= MOST_BARS:
        centers = estimator.cluster_centers_.tolist()
        rows = list((model.spec.target.classes if model.spec.target else None) or ())
        figures.append(HeatMapFigure("Cluster centers", centers, rows, names, "Cluster", "Column", "sequential"))
    return [*figures, TextFigure(model.spec.algorithm, model_text(model))]


def model_text(model: Model) -> str:
    """Return a model in words: what it takes, what it predicts, and its settings."""
    spec = model.spec
    lines = [spec.describe(), ""]
    lines += [f"column     {f.name}{_detail(f.kind, f.shape, f.categories)}" for f in spec.features]
    if spec.target:
        lines.append(f"predicts   {spec.target.name}")
        if spec.target.classes:
            lines.append(f"classes    {', '.join(spec.target.classes[:MOST_BARS])}")
    lines.append("")
    lines += [f"{name:<26} {value}" for name, value in model.parameters().items()]
    for name in ("n_iter_", "n_leaves_", "n_features_in_", "inertia_"):
        value = getattr(model.estimator, name.removesuffix("_"), None) or getattr(model.estimator, name, None)
        if value is not None:
            lines.append(f"{name:<26} {value}")
    return "\n".join(lines)


def linear_coefficients(model: Model) -> list[tuple[str, list[float], float]]:
    """Return, of a linear model, the class (or the target) -> a coefficient for each of the model's numbers, and the intercept.

    With two classes there is one row, for the second class: what speaks for the one speaks against the other.
    """
    import numpy as np

    estimator, target = model.estimator, model.spec.target
    if target is None or not isinstance(getattr(estimator, "coef_", None), np.ndarray):
        return []
    rows = np.atleast_2d(estimator.coef_)
    intercepts = np.broadcast_to(np.atleast_1d(estimator.intercept_), (len(rows),))
    if model.kind == "regressor":
        named = [target.name]
    else:
        codes = [int(code) for code in estimator.classes_]
        classes = target.classes or ()
        named = [classes[code] for code in (codes if len(codes) == len(rows) else codes[1:])]
    return [(n, r.tolist(), float(i)) for n, r, i in zip(named, rows, intercepts, strict=True)]


def _class_names(model: Model) -> list[str] | None:
    target = model.spec.target
    if model.kind != "classifier" or target is None or target.classes is None:
        return None
    return [target.classes[int(code)] for code in model.estimator.classes_]


def _bars(title: str, names: Sequence[str], series: dict[str, Any]) -> BarsFigure:
    """Bars of the largest values, the largest first."""
    import numpy as np

    size = np.max(np.abs(np.array([*series.values()], dtype=float)), axis=0)
    order = np.argsort(-size, kind="stable")[:MOST_BARS]
    return BarsFigure(title, [names[i] for i in order], {s: [float(v[i]) for i in order] for s, v in series.items()})


def _detail(kind: str, shape: tuple[int, ...], categories: tuple[str, ...] | None) -> str:
    if kind == "array":
        return f" ({' x '.join(map(str, shape))})"
    return f" ({len(categories)} categories)" if categories else ""
