"""Architecture Picture: the layers of a network as boxes and arrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from nodes.base import Job, Node, Port, Spec, Specs, Value, Values, setting
from nodes.kit.networks.layer_families import Family, family
from nodes.kit.networks.repeats import LayerFold, folded, main_kind
from nodes.values.figure import DiagramBox, DiagramEdge, DiagramFigure, Figure, FigureSpec
from nodes.values.network import Call, LayerSpec, NetworkSpec
from nodes.wording import counted

_HUES: Mapping[Family, int | None] = {
    "convolution": 0, "pooling": 1, "dense": 2, "merge": 3, "shape": 4, "sequence": 5, "noise": 6, "input": None, "other": None,
}  # fmt: skip


class ArchitecturePicture(Node):
    """Draw a network: a box for each layer, coloured by its kind, and arrows with the shapes that flow along them.

    The picture is in the run's report, and is saved from the window as PNG or SVG. A layer that is used twice has two boxes.
    Shapes are without the batch; ? is a size that is not fixed. The window draws every network that way when its node is
    selected; this node is for runs without a window, and for what should stand in a report. In a network of twenty layers or
    more, blocks that repeat are one box each, which says how often, how many layers that are, and how many parameters. The
    other settings are those of `keras.utils.plot_model`.

    Example: behind a Keras Concatenate Layer, to see where the branches of a network with two inputs meet, and in the run's
    report (`--report`).
    """

    id = "networks.architecture_picture"
    title = "Architecture Picture"
    shelf = "Network / Inspection"
    icon = "mdi6.sitemap"
    keywords = (
        "plot_model", "model_to_dot", "graph", "diagram", "draw network", "structure", "layers", "view", "graphviz", "netron",
    )  # fmt: skip
    input_ports = (Port("network", "network", "Network", "The network to draw."),)
    output_ports = (Port("figure", "figure", "Picture", "The drawing."),)

    show_layer_names: bool = setting(True, "Names", "Whether boxes say what the layers are called.")
    show_parameters: bool = setting(
        True, "Parameters", "Whether boxes say how many numbers a layer has learned, or is going to learn, and which are frozen."
    )
    show_layer_activations: bool = setting(True, "Layers' activations", "Whether boxes name the activation function.")
    show_shapes: bool = setting(True, "Shapes", "Whether arrows say what flows along them.")
    show_dtype: bool = setting(False, "Data types", "Whether arrows say of which type the numbers are, such as float32.")
    fold_repeats: bool = setting(
        True, "Fold repeated blocks", "Whether blocks of layers that repeat are one box in networks of twenty layers or more."
    )
    picture_title: str = setting("Architecture", "Title", "What stands above the picture.")

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Promise a diagram."""
        specs.network()
        return {"figure": FigureSpec("diagram")}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Give boxes for the calls of layers, arrows for the tensors between them."""
        network = values.network().spec
        layers = {layer.name: layer for layer in network.layers}
        boxes = [self._box(layers[call.layer]) for call in network.calls]
        edges = list(self._edges(network))
        if self.fold_repeats:
            boxes, edges = self._folded([layers[call.layer] for call in network.calls], boxes, edges)
        return {"figure": DiagramFigure(self.picture_title, boxes, edges)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Show the picture."""
        return (cast(Figure, outputs["figure"]),)

    def _box(self, layer: LayerSpec) -> DiagramBox:
        said: list[str] = []
        activation = _activation(layer.config)
        if self.show_parameters and layer.parameters:
            said.append(counted(layer.parameters, "parameter") + ("" if layer.trainable_parameters else ", frozen"))
        if self.show_layer_activations and activation:
            said.append(activation)
        lines = ([layer.name] if self.show_layer_names else []) + ([" · ".join(said)] if said else [])
        return DiagramBox(layer.kind, lines, _HUES[family(layer.kind)])

    def _folded(
        self, layers: Sequence[LayerSpec], boxes: Sequence[DiagramBox], edges: Sequence[DiagramEdge]
    ) -> tuple[list[DiagramBox], list[DiagramEdge]]:
        """The boxes with one for each repeated block, and the arrows that are left between them."""
        parts = folded([layer.kind for layer in layers], [(e.source, e.target) for e in edges if e.target is not None])
        place: dict[int, int] = {}
        made = []
        for number, part in enumerate(parts):
            inside = part.layers if isinstance(part, LayerFold) else (part,)
            place |= dict.fromkeys(inside, number)
            made.append(boxes[part] if isinstance(part, int) else self._block(part, [layers[n] for n in part.layers]))
        labels: dict[tuple[int, int | None], list[str]] = {}
        for edge in edges:
            ends = place[edge.source], None if edge.target is None else place[edge.target]
            if ends[0] != ends[1]:
                labels.setdefault(ends, []).append(edge.label)
        arrows = [DiagramEdge(*ends, ", ".join(dict.fromkeys(filter(None, said)))) for ends, said in labels.items()]
        return made, arrows

    def _block(self, fold: LayerFold, layers: Sequence[LayerSpec]) -> DiagramBox:
        parameters = sum({layer.name: layer.parameters for layer in layers}.values())
        said = [counted(len(layers), "layer")]
        said += [counted(parameters, "parameter")] if self.show_parameters and parameters else []
        lines = ([f"{layers[0].name} … {layers[-1].name}"] if self.show_layer_names else []) + [" · ".join(said)]
        main = main_kind(range(len(layers)), [layer.kind for layer in layers])
        return DiagramBox(fold.title, lines, _HUES[family(main)])

    def _edges(self, network: NetworkSpec) -> Iterator[DiagramEdge]:
        """An arrow from a call to each that takes one of its tensors, and one from each call with an output of the network."""
        place = {(call.layer, call.index): number for number, call in enumerate(network.calls)}
        for number, call in enumerate(network.calls):
            sources: dict[int, list[str]] = {}
            for tensor in call.inputs:
                source = place[tensor.layer, tensor.call]
                sources.setdefault(source, []).append(self._label(network.calls[source], tensor.output))
            for source, labels in sources.items():
                yield DiagramEdge(source, number, ", ".join(dict.fromkeys(filter(None, labels))))
        for tensor in network.outputs:
            source = place[tensor.layer, tensor.call]
            yield DiagramEdge(source, None, self._label(network.calls[source], tensor.output))

    def _label(self, call: Call, output: int) -> str:
        tensor = call.outputs[output]
        said = ([tensor.describe().replace(" x ", " × ")] if self.show_shapes else []) + (
            [tensor.dtype] if self.show_dtype else []
        )
        return " ".join(said)


def _activation(config: Mapping[str, Any]) -> str:
    """The name of a layer's activation function; none where it passes everything on."""
    given = config.get("activation")
    name = given.get("class_name", "") if isinstance(given, Mapping) else str(given or "")
    return "" if name == "linear" else name
