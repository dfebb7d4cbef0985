"""The Python nodes for networks: create one, change one, train one, apply one. In the script a network is a `keras.Model`.

What a script gives back is translated, layer by layer, into a network of our own, as a model file is: from then on it is like
any other, and nothing behind it needs the script.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nodes.base import Job, NodeError, Port, Value, Values
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.kit.networks.stored_parts import StoredPart
from nodes.kit.networks.translation import translate
from nodes.kit.scripts import scripting
from nodes.kit.scripts.script_node import ScriptNode, script_setting
from nodes.kit.settings import SEEDS_32, seed_setting
from nodes.values.network import LayerSpec, Network, NetworkSpec

if TYPE_CHECKING:
    import keras

A_MODEL = "a keras.Model, functional or sequential"
OUTPUT = "output_network"
NETWORK_IN = Port("network", "network", "Network", "The script finds it as input_network, a keras.Model.")
NETWORK_OUT = Port("network", "network", "Network", "What the script assigned to output_network.")
TABLE_IN = Port("table", "table", "Table", "The script finds it as input_table, a polars DataFrame.")
CREATOR = """\
# output_network:  assign a keras.Model, functional or sequential, of layers that the node repository has
import keras
from keras import layers

inputs = keras.Input((28, 28, 1), name="image")
x = layers.Conv2D(16, 3, activation="relu", name="conv")(inputs)
x = layers.GlobalAveragePooling2D(name="pool")(x)
outputs = layers.Dense(10, activation="softmax", name="classes")(x)
output_network = keras.Model(inputs, outputs)
"""
EDITOR = """\
# input_network:   a keras.Model with its weights
# output_network:  assign the changed one, or another
import keras

# A new end on the layer before the last one:
#     body = input_network.layers[-2].output
#     output_network = keras.Model(input_network.inputs, keras.layers.Dense(5, name="new_end")(body))
output_network = input_network
"""
LEARNER = """\
# input_network:   a keras.Model with its weights
# input_table:     a polars DataFrame; input_table["image"].to_numpy() has the shape (rows, height, width, channels)
# live:            a Keras callback: draws the learning curves, lets Cancel and Stop work
# output_network:  assign the trained network
import keras

# x = input_table["image"].to_numpy().astype("float32") / 255
# y = input_table["label"].to_physical().to_numpy()
# input_network.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
# input_network.fit(x, y, epochs=5, batch_size=128, validation_split=0.1, verbose=0, callbacks=[live])
output_network = input_network
"""
EXECUTOR = """\
# input_network:  a keras.Model with its weights
# input_table:    a polars DataFrame; input_table["image"].to_numpy() has the shape (rows, height, width, channels)
# output_table:   assign the result, a polars DataFrame
import polars as pl

# x = input_table["image"].to_numpy().astype("float32") / 255
# p = input_network.predict(x, batch_size=256, verbose=0)
# output_table = input_table.with_columns(pl.Series("probabilities", p, dtype=pl.Array(pl.Float32, p.shape[1])))
output_table = input_table
"""


class NetworkScript(ScriptNode):
    """A script that has Keras to work with."""

    needs_keras = True
    seed: int | None = seed_setting(
        "Keras, numpy and random begin with it, so that the script draws the same random numbers each time; empty: others in "
        "every run, and the result is not used again.",
        most=SEEDS_32,
    )

    @property
    def reproducible(self) -> bool:
        """With a seed, unless the person says that it is not."""
        return super().reproducible and self.seed is not None

    def with_keras(self, job: Job, variables: Mapping[str, Any], network: Network | None = None) -> dict[str, Any]:
        """Run the script, with the network as a Keras model."""
        keras = import_keras()
        if self.seed is not None:
            keras.utils.set_random_seed(self.seed)
        given = {} if network is None else {"input_network": to_keras(network)}
        return self.run_script(job, {**given, **variables})


class NetworkMaker(NetworkScript):
    """A script that gives a network."""

    uses_node_id = True
    gives = (OUTPUT,)

    def network_of(self, model: Any, job: Job, before: NetworkSpec | None = None, *, same_layers: bool = False) -> Network:
        """Return a model of Keras as a network of our own.

        Args:
            model: What the script assigned.
            job: The node's job.
            before: The network that went in: its class names hold for outputs that are still there.
            same_layers: Whether layers of the same name and settings count as those that went in.

        Raises:
            NodeError: If it is no model, or has a layer that is not in the node repository.
        """
        keras = import_keras()
        if not isinstance(model, keras.Model):
            raise scripting.wrong_result(OUTPUT, model, A_MODEL, "script")
        if not model.built:
            raise NodeError(
                f"{OUTPUT} does not know what goes into it.",
                "Begin it with keras.Input, which tells the shape.",
                setting="script",
            )
        try:
            config = json.loads(model.to_json())
            translation = translate(config, job.node)
        except NodeError as error:
            remedy = "Build it of layers that are in the node repository, with settings that their nodes have."
            raise NodeError(f"{OUTPUT} cannot be used: {error.message}", remedy, setting="script") from error
        except (NotImplementedError, TypeError, ValueError) as error:
            message = f"{OUTPUT} cannot be described by its layers: {error}"
            raise NodeError(message, "Use the functional API: keras.Model(inputs, outputs).", setting="script") from error
        spec = translation.spec
        weights = dict(_weights_in(model, translation.parts))
        if before is not None:
            spec = _with_classes(spec, before)
        if before is not None and same_layers:
            spec = _with_uids(spec, before)
        return Network(spec, {layer.name: weights[layer.name] for layer in spec.layers if layer.name in weights})


class PythonNetworkCreator(NetworkMaker):
    """Create a network with Python and Keras.

    In the script a network is a `keras.Model`, functional or sequential. It becomes a network of Layerloom's own, with the
    weights that it has: layers can be added to it, it can be trained, saved, looked into. Every layer must be one that the
    node repository has; Lambda layers and layers of your own classes are refused, since nothing but this script could read
    them again.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: a loop that adds twenty residual blocks of Conv2D and Add makes a network that would take a hundred layer nodes; a
    Keras Network Learner behind it trains it.
    """

    id = "scripts.python_network_creator"
    title = "Python Network Creator"
    icon = "mdi6.script-text-outline"
    keywords = (
        "DL Python Network Creator",
        "keras.Model",
        "code",
        "Sequential",
        "functional",
        "custom",
    )
    output_ports = (NETWORK_OUT,)

    script: str = script_setting(CREATOR, "The script must assign a keras.Model to output_network.")

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script, and translate its network."""
        return {"network": self.network_of(self.with_keras(job, {})[OUTPUT], job)}


class PythonNetworkEditor(NetworkMaker):
    """Change a network with Python and Keras.

    The script finds the network as `input_network`, a `keras.Model` with its weights, and assigns the changed one to
    `output_network`. Layers that stay keep their weights. The result must be made of layers that the node repository has.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: `for layer in input_network.layers[:10]: layer.trainable = False` and `output_network = input_network` freeze the
    first ten layers of a network from a Keras Network Reader.
    """

    id = "scripts.python_network_editor"
    title = "Python Network Editor"
    icon = "mdi6.script-text-key-outline"
    keywords = (
        "DL Python Network Editor",
        "keras.Model",
        "code",
        "change layers",
        "surgery",
        "custom",
    )
    input_ports = (NETWORK_IN,)
    output_ports = (NETWORK_OUT,)

    script: str = script_setting(
        EDITOR, "The script finds the network as input_network and must assign a keras.Model to output_network."
    )

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script, and translate its network."""
        network = values.network()
        return {"network": self.network_of(self.with_keras(job, {}, network)[OUTPUT], job, network.spec)}


class PythonNetworkLearner(NetworkMaker):
    """Train a network with Python and Keras, in a loop of your own.

    For what Keras Network Learner does not offer: a training of several phases, a loss over two networks, augmentation by
    your own code. Pass the callback `live` to `fit`, and the learning curves, Cancel, and Stop and keep work as ever; in a
    loop of your own, call `job.metrics(epoch, {"loss": loss}, epoch=True)` and `job.check_cancelled()`.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: train the new end of a pretrained network for three epochs, then unfreeze the rest and train all of it for two
    more with a tenth of the learning rate, in one script.
    """

    id = "scripts.python_network_learner"
    title = "Python Network Learner"
    icon = "mdi6.script-text-play-outline"
    keywords = (
        "DL Python Network Learner",
        "fit",
        "train",
        "custom training loop",
        "code",
        "GradientTape",
    )
    input_ports = (NETWORK_IN, TABLE_IN)
    output_ports = (NETWORK_OUT,)

    script: str = script_setting(
        LEARNER,
        "The script finds the network as input_network, the table as input_table and a callback for fit as live; it must assign "
        "the trained keras.Model to output_network.",
    )

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script, and translate its network."""
        network = values.network()
        import_keras()
        variables = {"input_table": values.table().frame(), "live": live_callback(job)}
        found = self.with_keras(job, variables, network)
        return {"network": self.network_of(found[OUTPUT], job, network.spec, same_layers=True)}


class PythonNetworkExecutor(NetworkScript):
    """Apply a network to a table with Python and Keras.

    For what Keras Network Executor does not offer: averaging over shifted images, beam search, feeding an output back in.

    A script that came with a workflow does not run before you trust it; the editor shows it and asks, and a run without a
    window needs `--allow-scripts`.

    Example: predict every image as it is and mirrored, and put the mean of both into a column `probabilities`; a Class
    Extractor behind it names the classes.
    """

    id = "scripts.python_network_executor"
    title = "Python Network Executor"
    icon = "mdi6.code-parentheses-box"
    keywords = ("DL Python Network Executor", "predict", "apply", "inference", "code", "custom")
    input_ports = (NETWORK_IN, TABLE_IN)
    output_ports = (Port("table", "table", "Table", "What the script assigned to output_table."),)
    gives = ("output_table",)

    script: str = script_setting(
        EXECUTOR, "The script finds the network as input_network and the table as input_table; it must assign output_table."
    )

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Run the script."""
        table = values.table()
        found = self.with_keras(job, {"input_table": table.frame()}, values.network())
        return {"table": self.table_of("output_table", found["output_table"], job, table.spec)}


def live_callback(job: Job) -> keras.callbacks.Callback:
    """Return a Keras callback through which a training in a script shows its curves and can be stopped."""
    keras = import_keras()

    class Live(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        """Curves, progress, cancel and stop."""

        epoch = 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            job.check_cancelled()
            steps = self.params.get("steps")
            if steps:
                self._tell(self.epoch + (batch + 1) / steps, logs, epoch=False)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            epochs = self.params.get("epochs") or epoch + 1
            self._tell(epoch + 1, logs, epoch=True)
            job.progress(min(1.0, (epoch + 1) / epochs), f"epoch {epoch + 1} of {epochs}")
            if job.stop_requested:
                self.model.stop_training = True

        def _tell(self, step: float, logs: Any, *, epoch: bool) -> None:
            job.metrics(step, {name: float(value) for name, value in (logs or {}).items()}, epoch=epoch)

    return Live()


def _weights_in(model: Any, parts: Sequence[StoredPart]) -> Iterator[tuple[str, list[Any]]]:
    """Our layers' names and weights, from a model and the models inside of it."""
    for part in parts:
        if part.layer is not None:
            if part.layer.weights:
                yield part.layer.name, _weights(model.get_layer(part.name), part.layer)
        elif part.parts:
            inner = model.get_layer(part.name)
            yield from _weights_in(inner.layer if part.each_step else inner, part.parts)


def _weights(layer: Any, ours: LayerSpec) -> list[Any]:
    """A layer's weights, in the order of its spec."""
    arrays = list(layer.get_weights())
    if [array.shape for array in arrays] != [weight.shape for weight in ours.weights]:
        raise NodeError(
            f"{OUTPUT} cannot be used: layer '{ours.name}' has weights of other shapes than its settings say.",
            "Build it of layers as Keras has them, unchanged.",
            setting="script",
        )
    return arrays


def _with_classes(spec: NetworkSpec, before: NetworkSpec) -> NetworkSpec:
    """The network with the class names that its outputs had before."""
    outputs = {str(tensor): spec.tensor(tensor).shape for tensor in spec.outputs}
    classes = {t: names for t, names in before.classes.items() if t in outputs and outputs[t][-1:] == (len(names),)}
    return replace(spec, classes=classes)


def _with_uids(spec: NetworkSpec, before: NetworkSpec) -> NetworkSpec:
    """The network whose layers are known to be those that went in, where name and settings are the same."""
    known = {layer.name: layer for layer in before.layers}
    same = [
        replace(layer, uid=known[layer.name].uid)
        for layer in spec.layers
        if layer.name in known and known[layer.name].kind == layer.kind and known[layer.name].config == layer.config
    ]
    return spec.with_layers(same)
