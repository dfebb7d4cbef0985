"""What scikit-learn takes on trust in a model that was read from a file: its C code follows the numbers in it wherever they lead.

A tree of a file may send a row to a node that is not there, in a circle, or to a column that is not there; support vectors may
be of another width than the rows. Nothing of that is found by scikit-learn, and all of it ends the process or never ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

_LEAF = -1


class Tampered(ValueError):
    """A model whose numbers lead nowhere, and which they are."""


def check_estimator(estimator: Any) -> None:
    """See to it that nothing in a fitted estimator of scikit-learn leads outside of it.

    Raises:
        Tampered: If something does.
    """
    width = getattr(estimator, "n_features_in_", None)
    if not isinstance(width, int) or width < 1:
        raise Tampered("it does not say how many columns it looks at")
    for part in _parts(estimator):
        for base in type(part).__mro__:
            learned, check = _CHECKS.get(f"{base.__module__}.{base.__qualname__}", ("", None))
            if check is not None and hasattr(part, learned):
                check(part, width)
                break


def _parts(estimator: Any) -> Iterator[Any]:
    """All objects of scikit-learn that a model is made of, each once."""
    waiting, seen = [estimator], set()
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, (str, bytes, int, float, type(None))):
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            waiting.extend(part.values())
        elif isinstance(part, (list, tuple, set, frozenset)):
            waiting.extend(part)
        elif isinstance(part, np.ndarray):
            waiting.extend(part.ravel().tolist() if part.dtype == object else ())
        elif type(part).__module__.startswith("sklearn."):
            yield part
            waiting.extend(getattr(part, "__dict__", {}).values())


def _within(numbers: Any, end: int, what: str) -> None:
    """Refuse numbers that are not from 0 to (without) `end`."""
    numbers = np.asarray(numbers)
    if numbers.size and not (int(numbers.min()) >= 0 and int(numbers.max()) < end):
        raise Tampered(f"{what} are out of range")


def _shaped(array: Any, shape: Iterable[int], what: str) -> None:
    if not isinstance(array, np.ndarray) or array.shape != tuple(shape):
        raise Tampered(f"{what} are of shape {getattr(array, 'shape', None)}, not {tuple(shape)}")


def _later(children: Any, count: int) -> None:
    """Refuse children that do not come after their node, as all trees are stored: there is no circle then."""
    nodes = np.arange(count)
    if len(children[0]) and not all((side[0] > nodes[side[1]]).all() and (side[0] < count).all() for side in children):
        raise Tampered("branches of a tree lead to no node, or back")


def _check_tree(tree: Any, width: int) -> None:
    if not 1 <= tree.n_features <= width:
        raise Tampered(f"a tree looks at {tree.n_features} columns, and the model at {width}")
    left, right = tree.children_left, tree.children_right
    if tree.node_count < 1 or len(left) != tree.node_count:
        raise Tampered("a tree has another number of nodes than it says")
    inner = np.flatnonzero(left != _LEAF)
    _later([(left[inner], inner), (right[inner], inner)], tree.node_count)
    if (right[left == _LEAF] != _LEAF).any():
        raise Tampered("branches of a tree lead to no node, or back")
    _within(tree.feature[inner], tree.n_features, "columns of a tree")


def _check_boosted_tree(tree: Any, width: int) -> None:
    nodes = tree.nodes
    if not isinstance(nodes, np.ndarray) or nodes.ndim != 1 or not len(nodes):
        raise Tampered("a tree has no nodes")
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    _later([(nodes["left"][inner].astype(np.int64), inner), (nodes["right"][inner].astype(np.int64), inner)], len(nodes))
    _within(nodes["feature_idx"][inner], width, "columns of a tree")
    chosen = inner[nodes["is_categorical"][inner] != 0]
    _shaped(tree.raw_left_cat_bitsets, (len(tree.raw_left_cat_bitsets), 8), "categories of a tree")
    _within(nodes["bitset_idx"][chosen], len(tree.raw_left_cat_bitsets), "categories of a tree")


def _check_bins(bins: Any, width: int) -> None:
    _shaped(np.asarray(bins.is_categorical_), (width,), "kinds of columns")
    for known in bins.known_categories or ():
        if known is not None:
            _within(known, 256, "categories")


def _check_neighbor_tree(tree: Any, width: int) -> None:
    state = tree.__getstate__()
    data, places, nodes, bounds = state[:4]
    if data.ndim != 2 or data.shape[1] != width:
        raise Tampered("the rows of a search tree have another number of columns than the model")
    _shaped(places, (len(data),), "rows of a search tree")
    _within(places, len(data), "rows of a search tree")
    count = len(nodes)
    if not count or state[6] != count or 2 ** state[5] - 1 != count:
        raise Tampered("a search tree has another number of nodes than it says")
    _shaped(bounds, (bounds.shape[0], count, width), "bounds of a search tree")
    if bounds.shape[0] != (2 if "KDTree" in type(tree).__name__ else 1):
        raise Tampered("bounds of a search tree are missing")
    metric = state[11]
    if "Minkowski" in type(metric).__name__ and metric.__getstate__()[1].size not in (0, width):
        raise Tampered("weights of a distance are missing")
    _within(nodes["idx_start"], len(data) + 1, "rows of a search tree")
    _within(nodes["idx_end"], len(data) + 1, "rows of a search tree")
    inner = np.flatnonzero(nodes["is_leaf"] == 0)
    if (nodes["idx_start"] > nodes["idx_end"]).any() or (inner * 2 + 2 >= count).any():
        raise Tampered("branches of a search tree lead to no node")


def _check_support_vectors(machine: Any, width: int) -> None:
    if machine._sparse:
        raise Tampered("it is of sparse rows")
    vectors, classes = machine.support_vectors_, len(machine._n_support)
    pairs = classes * (classes - 1) // 2
    _shaped(vectors, (len(vectors), width), "support vectors")
    _shaped(machine.support_, (len(vectors),), "support vectors")
    _within(machine.support_, machine.shape_fit_[0], "support vectors")
    for weights in (machine.dual_coef_, machine._dual_coef_):
        _shaped(weights, (classes - 1, len(vectors)), "weights of support vectors")
    for offsets in (machine.intercept_, machine._intercept_):
        _shaped(offsets, (pairs,), "intercepts")
    if hasattr(machine, "classes_"):
        _within(machine._n_support, len(vectors) + 1, "numbers of support vectors")
        if int(machine._n_support.sum()) != len(vectors) or len(machine.classes_) != classes:
            raise Tampered("there is another number of support vectors than it says")
    for likely in (machine._probA, machine._probB):
        if likely.size:
            _shaped(likely, (pairs,), "probabilities")


def _check_clusters(clusters: Any, width: int) -> None:
    centers = clusters.cluster_centers_
    _shaped(centers, (clusters.n_clusters, width), "centers of clusters")
    if not 1 <= clusters._n_threads <= 1024:
        raise Tampered("the number of its threads is out of range")


_CHECKS: dict[str, tuple[str, Callable[[Any, int], None]]] = {
    "sklearn.tree._tree.Tree": ("node_count", _check_tree),
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor": ("nodes", _check_boosted_tree),
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper": ("is_categorical_", _check_bins),
    "sklearn.neighbors._kd_tree.BinaryTree64": ("data", _check_neighbor_tree),
    "sklearn.neighbors._ball_tree.BinaryTree64": ("data", _check_neighbor_tree),
    "sklearn.svm._base.BaseLibSVM": ("support_vectors_", _check_support_vectors),
    "sklearn.cluster._kmeans._BaseKMeans": ("cluster_centers_", _check_clusters),
}
"""By the classes that the parts are of: what such a part has once it has learned (without it scikit-learn refuses it), and what
is checked then."""
