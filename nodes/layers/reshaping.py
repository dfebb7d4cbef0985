"""Layers that lay numbers out in another shape."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from nodes.base import NodeError, setting
from nodes.kit.layers.base import ONE_OR_SEVERAL, UnaryLayer
from nodes.kit.layers.shape_checks import NUMBER_TYPES, require_rank
from nodes.kit.layers.windows import Size
from nodes.layers.dense import _listed
from nodes.values.network import Shape, TensorSpec


class Flatten(UnaryLayer):
    """Lay all numbers of an example in one row, as dense layers need them.

    It has no options. Where channels come first, they are moved to the end before.

    Example: after the last Max Pooling 2D Layer, feature maps of 5 x 5 x 32 become a row of 800 numbers for a Dense
    Layer.
    """

    id = "keras.flatten"
    title = "Keras Flatten Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.arrow-collapse-vertical"
    keywords = ("Flatten", "vector", "unroll", "reshape")
    kind = "Flatten"
    has_data_format = True
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (product of all,); unknown if one is."""
        return (None if None in shape else math.prod(n for n in shape if n is not None),)


class Reshape(UnaryLayer):
    """Give the numbers of an example another shape, in the same order.

    One dimension may be -1 and is worked out from the others (KNIME takes positive numbers only). To change the order of
    the axes, use the Permute Layer.

    Example: a row of 784 pixels becomes an image with the target shape 28, 28, 1, so that a Convolution 2D Layer can follow.
    """

    id = "keras.reshape"
    title = "Keras Reshape Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.arrow-expand-all"
    keywords = ("Reshape", "target shape", "view")
    kind = "Reshape"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    target_shape: Annotated[tuple[Annotated[int, Field(ge=-1)], ...], ONE_OR_SEVERAL] = setting(
        (-1,), "Target shape", "The new shape, without the batch; one dimension may be -1 and is what is left.", min_length=1
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the target, with -1 replaced where that is known."""
        target = self.target_shape
        if 0 in target or target.count(-1) > 1:
            remedy = "Give every dimension a number from 1 on; one of them may be -1."
            raise NodeError(f"{_listed(target)} is no shape.", remedy, setting="target_shape")
        if None in shape:
            return tuple(None if n == -1 else n for n in target)
        count = math.prod(n for n in shape if n is not None)
        known = math.prod(n for n in target if n != -1)
        if count % known or (-1 not in target and count != known):
            raise NodeError(
                f"The input has {count} numbers ({TensorSpec(shape).describe()}), which do not fill {_listed(target)}.",
                f"The dimensions must multiply to {count}; one of them may be -1, which is what is left.",
                setting="target_shape",
            )
        return tuple(count // known if n == -1 else n for n in target)


class Permute(UnaryLayer):
    """Change the order of an example's dimensions, as transposing a matrix does.

    Dimensions are counted from 1; the batch stays where it is. Each must be named once.

    Example: a sequence of 10 steps with 64 features becomes 64 x 10 with the permutation 2, 1, so that a Dense Layer works
    along the steps.
    """

    id = "keras.permute"
    title = "Keras Permute Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.swap-horizontal"
    keywords = ("Permute", "transpose", "swap axes", "dims")
    kind = "Permute"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    dims: tuple[Size, ...] = setting(
        (2, 1), "Permutation", "Which dimension of the input comes at each place, counted from 1 without the batch.", min_length=1
    )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the dimensions in the new order."""
        if sorted(self.dims) != list(range(1, len(shape) + 1)):
            places = ", ".join(str(n) for n in range(1, len(shape) + 1))
            raise NodeError(
                f"{_listed(self.dims)} is no order of the input's dimensions ({TensorSpec(shape).describe()}).",
                f"Name each of {places} once.",
                setting="dims",
            )
        return tuple(shape[n - 1] for n in self.dims)


class RepeatVector(UnaryLayer):
    """Repeat a row of numbers, so that it becomes a sequence.

    The input must have one dimension. KNIME calls it Repeat Layer and takes 0 repetitions too, of which nothing is left.

    Example: an encoder ends in a vector of 32 numbers; with N = 10 a recurrent decoder sees it at each of ten steps.
    """

    id = "keras.repeat_vector"
    title = "Keras Repeat Layer"
    shelf = "Network / Layers / Core"
    icon = "mdi6.repeat"
    keywords = ("RepeatVector", "Repeat Vector", "copy", "sequence", "decoder")
    kind = "RepeatVector"
    accepts = (*NUMBER_TYPES, "bool")
    keeps_dtype = True

    n: Size = setting(1, "N", "How often the vector is repeated.")

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (n, features)."""
        require_rank(shape, 1, "vectors")
        return (self.n, *shape)
