"""Locally connected layers: convolutions whose kernel is another one at every place.

Keras 3 has none, so one node adds several of its layers, which together compute the same and which any Keras can load.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

from nodes.base import NodeError, Specs, setting
from nodes.kit.layers.activations import Activation
from nodes.kit.layers.base import AttachedLayer
from nodes.kit.layers.shape_checks import require_known
from nodes.kit.layers.weighted import KernelLayer, activation_setting
from nodes.kit.layers.windows import Pair, Size, SpatialLayer, each, join, slide
from nodes.layers.cropping import Cropping1D, Cropping2D
from nodes.layers.dense import EinsumDense
from nodes.layers.merge import Concatenate, MergeLayer
from nodes.layers.pooling import AveragePooling1D, AveragePooling2D
from nodes.layers.reshaping import Reshape
from nodes.values.network import NetworkSpec, Shape, Tensor, WeightSpec


class LocallyConnectedLayer(SpatialLayer, KernelLayer):
    """Multiplies the window at every place with a kernel of that place's own.

    Made of layers that move numbers and one that computes: for each offset inside the window, cropping shifts the input by
    it; the shifted copies, side by side along the channels, hold each place's window; pooling with a window of 1 keeps every
    so many places, as the strides say; and an einsum layer has the kernels and the bias. Only that one has weights: kernel
    (*places, window x channels, filters), with the window's places row by row, and bias, as large as the output. They are
    Keras 2's own, but for the shape.
    """

    filters: Size = setting(1, "Filters", "The number of outputs per place.", start=32)
    kernel_size: int | tuple[int, ...]
    strides: int | tuple[int, ...]
    activation: Activation = activation_setting(start="relu")

    @classmethod
    def from_config(cls, config: Mapping[str, Any], name: str) -> NoReturn:
        """Raise NodeError: what Keras 2 stored of such a layer is nothing that Keras 3 could build."""
        raise NodeError(
            f"Layer '{name}' is of the class '{cls.kind}', which Keras 3 no longer has.",
            f"Build the network anew, with the {cls.title}.",
        )

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return the places of the window, with the filters as channels."""
        return join(self._places(shape, channels_first)[0], self.filters, channels_first)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return what the einsum layer has: kernel and bias."""
        product = self._product(self.shape(shape, channels_first), channels_first)
        return product.weights(self._windows(shape, channels_first), channels_first)

    def _places(self, shape: Shape, channels_first: bool) -> tuple[Shape, int]:
        """The places of the window along each dimension, and the number of input channels. All must be known."""
        sizes, channels = self.split(shape, channels_first)
        for size in sizes:
            require_known(size, "size of the input")
        return slide(sizes, each(self.kernel_size), each(self.strides), "valid"), require_known(channels, "number of channels")

    def _windows(self, shape: Shape, channels_first: bool) -> Shape:
        """The shape of what the einsum layer gets: each place has the numbers of its window as channels."""
        places, channels = self._places(shape, channels_first)
        return join(places, channels * math.prod(each(self.kernel_size)), channels_first)

    def _product(self, made: Shape, channels_first: bool) -> EinsumDense:
        """The layer that multiplies windows with kernels, for an output of the shape `made`."""
        places = "bc"[: self.spatial]
        given, output = (f"ap{places}", f"af{places}") if channels_first else (f"a{places}p", f"a{places}f")
        shared = {name: getattr(self, name) for name in type(self).model_fields.keys() & EinsumDense.model_fields.keys()}
        return EinsumDense(
            **shared,
            equation=f"{given},{places}pf->{output}",
            output_shape=made,
            bias_axes=output[1:] if self.use_bias else None,
        )

    def _append(
        self, networks: Sequence[NetworkSpec], node: str, ports: Sequence[str]
    ) -> tuple[NetworkSpec, list[dict[str, str]]]:
        """As `AttachedLayer._append`, with several layers; the last one is called as this one would be."""
        planned, renames = super()._append(networks, node, ports)  # finds every mistake
        (given,) = planned.calls[-1].inputs
        first, shape = planned.channels_first, planned.tensor(given).shape
        as_image = first and self.spatial == 1  # Keras crops sequences with the channels last only
        window, strides = each(self.kernel_size), each(self.strides)
        chain = _Chain(networks[0], given, node, self.dtype)
        if as_image:
            chain.add(Reshape(target_shape=(*shape, 1)), "image")
            window, strides = (*window, 1), (*strides, 1)
        for axis in reversed(range(len(window))):
            chain.add_shifted(axis, window, first)
        if max(strides) > 1:
            chain.add(_every(strides), "strides")
        if as_image:
            chain.add(Reshape(target_shape=self._windows(shape, first)), "windows")
        chain.add(self._product(planned.calls[-1].outputs[0].shape, first))
        outputs = [chain.end if tensor.layer == planned.layers[-1].name else tensor for tensor in planned.outputs]
        return replace(chain.network, outputs=tuple(outputs)), renames


class LocallyConnected1D(LocallyConnectedLayer):
    """Slide along a sequence with other filters at every place: a convolution that shares no weights.

    For sequences where the place matters, such as a day's hours. It has as many kernels as places: many more weights than a
    Convolution 1D Layer, and the length of the input must be known. There is no padding.

    Keras 3 dropped this layer. The node adds an exact substitute of several of Keras's layers: cropping and concatenation
    lay out the window of every place, pooling keeps every so many of them if there are strides, and an Einsum Dense Layer,
    which is called as the node, has the kernels and the bias. So the saved network loads wherever Keras 3 does. Networks of
    Keras 2 with this layer cannot be read. The initializer goes by the einsum layer's axes, so first values have another
    spread than in Keras 2.

    Example: after an Input Layer of shape 24, 2, 4 filters with the kernel size 3 give 22 x 4, with 22 kernels of 3 x 2 x 4
    and 616 weights in all.
    """

    id = "keras.locally_connected_1d"
    title = "Keras Locally Connected 1D Layer"
    shelf = "Network / Layers / Locally Connected"
    icon = "mdi6.puzzle-outline"
    keywords = ("LocallyConnected1D", "unshared", "convolution", "sequence", "place")
    kind = "LocallyConnected1D"
    spatial = 1

    kernel_size: Size = setting(1, "Kernel size", "Length of the window, in steps.", start=3)
    strides: Size = setting(1, "Strides", "Step from window to window.")


class LocallyConnected2D(LocallyConnectedLayer):
    """Slide over an image with other filters at every place: a convolution that shares no weights.

    For images where the place matters, such as faces that are all in the same position. It has as many kernels as places:
    many more weights than a Convolution 2D Layer, and the size of the input must be known. There is no padding.

    Keras 3 dropped this layer. The node adds an exact substitute of several of Keras's layers: cropping and concatenation
    lay out the window of every place, pooling keeps every so many of them if there are strides, and an Einsum Dense Layer,
    which is called as the node, has the kernels and the bias. So the saved network loads wherever Keras 3 does. Networks of
    Keras 2 with this layer cannot be read. The initializer goes by the einsum layer's axes, so first values have another
    spread than in Keras 2.

    Example: after an Input Layer of shape 8, 8, 1, 2 filters of 3 x 3 give 6 x 6 x 2, with 36 kernels and 720 weights in
    all; a Convolution 2D Layer has 20.
    """

    id = "keras.locally_connected_2d"
    title = "Keras Locally Connected 2D Layer"
    shelf = "Network / Layers / Locally Connected"
    icon = "mdi6.puzzle"
    keywords = ("LocallyConnected2D", "unshared", "convolution", "image", "place", "face")
    kind = "LocallyConnected2D"
    spatial = 2

    kernel_size: Pair = setting((1, 1), "Kernel size", "Height and width of the window, in pixels.", start=[3, 3])
    strides: Pair = setting((1, 1), "Strides", "Step from window to window, down and across.")


class _Chain:
    """A network to which the layers of one node are added, one after the other.

    Attributes:
        network: What there is so far.
        end: What the next layer is applied to.
    """

    def __init__(self, network: NetworkSpec, end: Tensor, node: str, dtype: str) -> None:
        self.network, self.end, self._node, self._dtype = network, end, node, dtype

    def add(self, layer: AttachedLayer, part: str | None = None) -> None:
        """Apply a layer to the end. The last one has no part's name, but the node's."""
        self.end = self._apply(layer.model_copy(update={"input_tensor": str(self.end)}), [self.end], part)

    def add_shifted(self, axis: int, window: Sequence[int], channels_first: bool) -> None:
        """Lay copies of the end side by side along the channels, one for each place of the window along one axis."""
        width, name = window[axis], ("rows", "columns")[axis]
        if width == 1:
            return
        shifted = []
        for offset in range(width):
            spans = tuple((offset, width - 1 - offset) if n == axis else (0, 0) for n in range(len(window)))
            crop = Cropping1D(cropping=spans[0]) if len(window) == 1 else Cropping2D(cropping=(spans[0], spans[1]))
            crop = crop.model_copy(update={"input_tensor": str(self.end)})
            shifted.append(self._apply(crop, [self.end], f"{name}_{offset + 1}"))
        join = Concatenate(axis=1 if channels_first else -1, input_tensors=tuple(map(str, shifted)))
        self.end = self._apply(join, shifted, name)

    def _apply(self, layer: AttachedLayer, inputs: Sequence[Tensor], part: str | None) -> Tensor:
        node = f"{self._node}/{part}" if part else self._node
        port = layer.input_ports[0].name
        ports = [f"{port}_{n}" for n in range(1, len(inputs) + 1)] if isinstance(layer, MergeLayer) else [port]
        layer = layer.model_copy(update={"dtype": self._dtype})
        made = layer.configure(Specs(dict.fromkeys(ports, self.network), node))["network"]
        self.network = made
        return Tensor(made.calls[-1].layer)


def _every(strides: Sequence[int]) -> AttachedLayer:
    """The layer that keeps every so many places: the mean of windows of one place."""
    if len(strides) == 1:
        return AveragePooling1D(pool_size=1, strides=strides[0])
    return AveragePooling2D(pool_size=(1, 1), strides=(strides[0], strides[1]))
