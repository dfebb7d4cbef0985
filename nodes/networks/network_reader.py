"""Keras Network Reader: a model that was saved by Keras, translated layer by layer into a network of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nodes.base import Job, Node, NodeError, Port, Specs, Values, setting
from nodes.kit.networks.model_files import ModelFile, look_into, stored_weights
from nodes.kit.networks.stored_calls import TRAINING
from nodes.kit.networks.translation import Translation, translate
from nodes.values.network import Network, NetworkSpec


class NetworkReader(Node):
    """Read a network that was saved by Keras or by the Keras Network Writer.

    It reads `.keras` and `.h5` files with their weights, and `.json` files without, as Keras 1, 2 and 3 write them:
    sequential and functional models. Every layer becomes one of Layerloom's own, so layers can be added, frozen and trained
    on; those of models inside of the model stand among the others, and operators (`x + y`, `x[:, -1]`, `keras.ops`, `tf`)
    become layers too. What mixes the rows of a batch is refused. Keras 2's hard sigmoid, which had another slope, computes
    what it did there: its weights are 1.2 times those in the file. A layer that the node repository does not have is refused;
    Lambda layers and others that bring code of their own are among them, and nothing of them is ever run.

    A file of weights alone (`.weights.h5`) goes onto a network with Keras Load Weights. The file itself stays where it is, and
    is read again when it has changed: there is no copy of it in the workflow, as in KNIME.

    Example: choose a .keras file that was saved in Python by `model.save`, set "Keras Freeze Layers" behind it, and train its
    last layer on your own images.
    """

    id = "networks.reader"
    title = "Keras Network Reader"
    shelf = "Network"
    icon = "mdi6.folder-open-outline"
    keywords = (
        "DL Keras Network Reader", "TensorFlow Network Reader", "TensorFlow 2 Network Reader", "load_model", "import", "keras",
        "h5", "hdf5", "json", "open", "pretrained", "model",
    )  # fmt: skip
    opens = (".keras", ".h5", ".hdf5")
    left_out = {
        "back end": "TensorFlow is the only one: Theano and CNTK do not exist any more.",
        "YAML": "Keras 3 neither writes nor reads it: save the network as .keras or .json.",
        **dict.fromkeys(
            ("SavedModel", "tags", "signature"),
            "A SavedModel holds TensorFlow's operations, no longer the layers they come from: save the Keras model instead.",
        ),
        "training configuration": "Loss and optimizer are the Learner's settings, which are there to be seen.",
        "custom_objects": "Layers with code of their own are never run: build them in a Python Network Creator.",
        "safe_mode": "It is always safe: nothing of a file is run, only numbers and settings are read.",
        "compile": "The Learner compiles.",
    }
    output_ports = (Port("network", "network", "Network", "The network, with its weights."),)
    uses_node_id = True

    path: str = setting("", "File", "The model: a .keras, .h5 or .json file.", path="read file")

    def configure(self, specs: Specs) -> Mapping[str, NetworkSpec]:
        """Promise the network, from the file's config alone."""
        stored, translation = self._translated(specs.resolve(self._chosen()), specs.node)
        always = [call.layer for call in translation.spec.calls if call.options.get(TRAINING)] if stored.is_keras_2 else []
        if always:
            specs.warn(
                f"'{always[0]}' is in training always, as Keras 2 was told. Keras 3 has layers do what the whole network does:"
                " outside of training it does nothing here, unless the Executor is asked for samples of dropout."
            )
        return {"network": translation.spec}

    def execute(self, values: Values, job: Job) -> Mapping[str, Network]:
        """Give the network with its weights."""
        job.progress(None, "reading the model")
        stored, translation = self._translated(job.resolve(self._chosen()), job.node)
        weights = stored_weights(stored, translation.parts)
        return {
            "network": Network(
                translation.spec, {layer.name: weights[layer.name] for layer in translation.spec.layers if layer.name in weights}
            )
        }

    def _chosen(self) -> str:
        if not self.path:
            raise NodeError("No file is chosen.", "Choose a .keras, .h5 or .json file.", setting="path")
        return self.path

    @staticmethod
    def _translated(path: Path, node: str) -> tuple[ModelFile, Translation]:
        """The file, and what its config means; class names that we noted in it belong to its outputs."""
        stored = look_into(path)
        translation = translate(stored.config, node, keras_2=stored.is_keras_2)
        outputs = {str(tensor): translation.spec.tensor(tensor) for tensor in translation.spec.outputs}
        classes = {
            name: names for name, names in stored.classes.items() if name in outputs and outputs[name].shape[-1:] == (len(names),)
        }
        return stored, replace(translation, spec=replace(translation.spec, classes=classes))
