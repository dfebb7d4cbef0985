"""Architectures of keras.applications in our own layers compute what Keras's compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from nodes.base import NodeError
from nodes.kit.networks.architecture_files import FOLDER, MODELS, describe
from nodes.kit.networks.backbone import Backbone, architecture
from nodes.kit.networks.keras_model import import_keras, to_keras
from nodes.layers.input import Input
from nodes.networks import backbones
from nodes.networks.backbones import (
    VGG,
    ConvNeXt,
    DenseNet,
    EfficientNet,
    Inception,
    MobileNet,
    MobileNetV2,
    MobileNetV3,
    NASNet,
    ResNet,
    ResNetV2,
    Xception,
)
from nodes.values.network import Network, Tensor
from tests.nodes.layers.building import add
from tests.support import RecordingJob, configure, run

FAMILIES = [
    cls for cls in vars(backbones).values() if isinstance(cls, type) and issubclass(cls, Backbone) and cls is not Backbone
]


def shaken(model: Any) -> Any:
    """The model with random weights that keep numbers moderate, whatever the depth."""
    rng = np.random.default_rng(2)

    def spread(array: Any) -> float:
        fan_in = array.size // array.shape[2] if array.shape[-1] == 1 else array.size // array.shape[-1]
        return float(np.sqrt(2 / fan_in))

    for layer in model.layers:
        layer.set_weights(
            [spread(a) * rng.standard_normal(a.shape, np.float32) if a.ndim > 1 else a + 0.1 for a in layer.get_weights()]
        )
    return model


def computed(model: Any, x: Any) -> Any:
    """What a model makes of a batch, without tracing it first: it is used once."""
    return model(x, training=False).numpy()


def written(model: Any, path: Path) -> Path:
    """The model's weights as Keras 2 wrote them, and its own files are: a group per layer, in the order of the model."""
    with h5py.File(path, "w") as h5:
        h5.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = h5.create_group(layer.name)
            group.attrs["weight_names"] = [f"{layer.name}/{n}".encode() for n, _ in enumerate(layer.weights)]
            for n, array in enumerate(layer.get_weights()):
                group[f"{layer.name}/{n}"] = array
    return path


def test_every_description_is_there_and_is_what_the_installed_keras_has():
    assert {path.name.removesuffix(".json.gz") for path in FOLDER.glob("*.json.gz")} == set(MODELS)
    for name in ("mobilenet_v3_small_0.75",):
        described, stored = describe(name), architecture(name)
        assert (described["size"], described["parameters"], described["body"]) == (stored.size, stored.parameters, stored.body)
        assert [row[0] for row in described["layers"]] == [place.name for place in stored.layers]
        assert [tuple(row[2]) for row in described["layers"]] == [place.inputs for place in stored.layers]
        assert [described["kinds"][row[1]][0] for row in described["layers"]] == [place.node.kind for place in stored.layers]


@pytest.mark.parametrize("cls", FAMILIES, ids=lambda cls: cls.__name__)
def test_parameters_and_shapes_are_keras_s(cls: type[Backbone]):
    plan = architecture(cls().architecture_name())
    spec = configure(cls(input_shape=(plan.size, plan.size, 3), preprocessing=False))["network"]
    away = 7 if cls is EfficientNet else 0  # its preparation of pixels has parameters in Keras
    assert spec.parameters == plan.parameters - away
    assert spec.tensor(spec.outputs[0]).shape == (1000,)


@pytest.mark.parametrize(
    ("node", "features"),
    [
        (MobileNet(), 1024), (MobileNetV2(), 1280), (MobileNetV3(), 576), (MobileNetV3(variant="large"), 960),
        (EfficientNet(), 1280), (EfficientNet(variant="B7"), 2560), (DenseNet(), 1024), (VGG(), 512), (ResNet(), 2048),
        (ResNetV2(variant="101"), 2048), (Xception(), 2048), (Inception(), 2048), (Inception(variant="ResNetV2"), 1536),
        (NASNet(), 1056), (NASNet(variant="large"), 4032), (ConvNeXt(), 768), (ConvNeXt(variant="xlarge"), 2048),
    ],
)  # fmt: skip
def test_without_classifier_the_features_come_out(node: Backbone, features: int):
    size = max(node.least_size, 33)
    update = {"include_top": False, "pooling": "avg", "input_shape": (size, size, 3), "trainable": False}
    spec = configure(node.model_copy(update=update))["network"]
    assert spec.tensor(spec.outputs[0]).shape == (features,)
    assert spec.trainable_parameters == 0
    assert spec.parameters == sum(layer.parameters for layer in spec.layers if not layer.trainable)


SAME = [
    ("MobileNetV3Small", {"alpha": 0.75}, MobileNetV3(alpha="0.75"), "mobilenet_v3", 37),
    ("VGG16", {}, VGG(), "vgg16", 32),
]


@pytest.mark.parametrize(("function", "given", "node", "module", "size"), SAME, ids=[row[0] for row in SAME])
def test_the_weights_of_a_file_give_keras_s_outputs(
    function: str, given: dict[str, Any], node: Backbone, module: str, size: int, tmp_path: Path
):
    keras = import_keras()
    shape = (size, size + 1, 3)  # odd and even: paddings differ
    theirs = shaken(
        getattr(keras.applications, function)(weights=None, include_top=False, pooling="avg", input_shape=shape, **given)
    )
    path = written(theirs, tmp_path / "weights.h5")
    ours = node.model_copy(update={"include_top": False, "pooling": "avg", "input_shape": shape, "weights": str(path)})
    network = run(ours)["network"]
    x = np.random.default_rng(1).uniform(0, 255, (2, *shape)).astype(np.float32)
    prepared = getattr(keras.applications, module).preprocess_input(x.copy())

    expected = computed(theirs, prepared)
    assert expected.std() > 1e-6
    np.testing.assert_allclose(computed(to_keras(network), x), expected, rtol=2e-3, atol=2e-4 * np.abs(expected).max())


MODULES = {
    MobileNet: "mobilenet", MobileNetV2: "mobilenet_v2", DenseNet: "densenet", VGG: "vgg16", ResNet: "resnet",
    ResNetV2: "resnet_v2", Xception: "xception", Inception: "inception_v3", NASNet: "nasnet",
}  # fmt: skip
BLOCK = {"kernel_size": 3, "num_repeat": 1, "input_filters": 8, "output_filters": 8, "expand_ratio": 1, "strides": 1,
         "se_ratio": 0.25, "conv_type": 1}  # fmt: skip
BARE = {"include_top": False, "weights": None, "input_shape": (32, 32, 3)}


def own_preparation(cls: type[Backbone], variant: str) -> Any:
    """What the models of Keras do to pixels that have the preparation inside: a model as small as its function makes them."""
    applications = import_keras().src.applications
    if cls is MobileNetV3:
        made = applications.mobilenet_v3.MobileNetV3(lambda x, *_: x, 8, name="small", **BARE)
    elif cls is ConvNeXt:
        made = applications.convnext.ConvNeXt([1] * 4, [4] * 4, name="convnext_tiny", **BARE)
    else:
        made = applications.efficientnet_v2.EfficientNetV2(
            1.0, 1.0, 32, blocks_args=[BLOCK], name=f"efficientnetv2-{variant.lower()}", **BARE
        )
    first = next(n for n, layer in enumerate(made.layers) if layer.name.endswith(("stem_conv", "stem_conv_pad", "_stem", "conv")))
    return import_keras().Model(made.inputs[0], made.layers[first - 1].output)


CASES = [(cls(), cls) for cls in FAMILIES if cls is not EfficientNet] + [
    (backbones.EfficientNetV2(variant="S"), backbones.EfficientNetV2), (Inception(variant="ResNetV2"), Inception),
]  # fmt: skip


def test_efficientnet_prepares_pixels_as_imagenet_needs_it():
    """Keras has these numbers in its weights for ImageNet, so that a model without them is no measure."""
    spec = configure(EfficientNet(input_shape=(32, 32, 3)))["network"]
    scale, offset = (np.array(spec.layer("preprocessing").config[name]) for name in ("scale", "offset"))
    np.testing.assert_allclose(np.array([0.485, 0.456, 0.406]) * 255 * scale + offset, 0, atol=1e-9)
    np.testing.assert_allclose(np.array([0.229, 0.224, 0.225]) * 255 * scale, 1)


@pytest.mark.parametrize(("node", "cls"), CASES, ids=[f"{cls.__name__}-{n}" for n, (_, cls) in enumerate(CASES)])
def test_pixels_are_prepared_as_keras_does_it(node: Backbone, cls: type[Backbone]):
    """The layers that every family puts first, against its own `preprocess_input` or the beginning of its model."""
    x = np.random.default_rng(3).uniform(0, 255, (2, 32, 32, 3)).astype(np.float32)
    if cls in MODULES:
        theirs = getattr(import_keras().applications, MODULES[cls]).preprocess_input(x.copy())
    else:
        theirs = computed(own_preparation(cls, getattr(node, "variant", "")), x)
    size = node.least_size
    made = run(node.model_copy(update={"include_top": False, "input_shape": (size, size, 3)}))["network"]
    # An input of its own size: the smallest of Inception's images are larger than x.
    prepared = made.spec.with_outputs([Tensor("preprocessing")])
    weights = {name: arrays for name, arrays in made.weights.items() if name in {layer.name for layer in prepared.layers}}
    bigger = np.pad(x, [(0, 0), (0, size - 32), (0, size - 32), (0, 0)])
    ours = computed(to_keras(Network(prepared, weights)), bigger)[:, :32, :32]
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-3)


def test_settings_change_the_classifier_and_the_body():
    spec = configure(MobileNet(input_shape=(64, 64, 1), classes=7, classifier_activation="linear", dropout=0.5, alpha="0.25"))[
        "network"
    ]
    assert spec.tensor(spec.outputs[0]).shape == (7,)
    assert spec.layer("predictions").config["activation"] == "linear"
    assert spec.layer("dropout").config["rate"] == 0.5
    thick = configure(MobileNet(depth_multiplier=2, alpha="0.25"))["network"]
    assert thick.layer("conv_dw_1").config["depth_multiplier"] == 2
    theirs = import_keras().applications.MobileNet(alpha=0.25, depth_multiplier=2, weights=None)
    assert thick.parameters == theirs.count_params()


def test_a_backbone_goes_on_from_a_network():
    before = add("image", Input(shape=(40, 40, 3), dtype="uint8"))
    node = ResNet(include_top=False, trainable=False)
    made = run(node, {"network": before}, job=RecordingJob(Path.cwd()))["network"]
    assert isinstance(made, Network)
    assert [str(t) for t in made.spec.inputs] == ["image_0:0"]
    assert made.spec.tensor(made.spec.outputs[0]).shape == (2, 2, 2048)
    assert [array.shape for array in made.weights["preprocessing"]] == [(1, 1, 3, 3), (3,)]
    twice = configure(MobileNet(include_top=False), {"network": Network(before.spec)})["network"]
    again = configure(VGG(include_top=False), {"network": before})["network"]
    assert len({layer.name for layer in twice.layers}) == len(twice.layers)
    assert again.tensor(again.outputs[0]).shape == (1, 1, 512)


def test_what_does_not_fit_is_said(tmp_path: Path):
    url = "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/mobilenet_1_0_224_tf_no_top.h5"
    body = MobileNet(include_top=False)
    for update, message in (
        ({"input_shape": (31, 64, 3)}, "at least 32 x 32"),
        ({"weights": "gone.h5"}, f"no file .*Download Keras's own from {url}"),
        ({"weights": "gone.h5", "input_shape": (64, 64, 1)}, "3 channels"),
    ):
        with pytest.raises(NodeError, match=message):
            configure(body.model_copy(update=update), folder=tmp_path)
    theirs = import_keras().applications.MobileNet(alpha=0.25, weights=None, include_top=False, input_shape=(32, 32, 3))
    theirs.save_weights(tmp_path / "quarter.weights.h5")
    with pytest.raises(NodeError, match="'kernel' of layer 'conv1' is 3 x 3 x 3 x 32, stored in 'conv2d' is 3 x 3 x 3 x 8"):
        configure(body.model_copy(update={"weights": "quarter.weights.h5"}), folder=tmp_path)
    fits = body.model_copy(update={"weights": "quarter.weights.h5", "alpha": "0.25"})
    network = run(fits, folder=tmp_path)["network"]
    assert np.array_equal(network.weights["conv1"][0], theirs.get_layer("conv1").get_weights()[0])
    with pytest.raises(NodeError, match="arrays of weights"):
        configure(fits.model_copy(update={"include_top": True}), folder=tmp_path)
    with pytest.raises(NodeError, match="NASNet must know"):
        configure(NASNet(), {"network": add("image", Input(shape=(None, None, 3)))})


@pytest.mark.parametrize(
    "node", [MobileNet(alpha="0.25", input_shape=(128, 128, 3)), MobileNetV2(alpha="0.35"), MobileNetV3(alpha="0.75")]
)
def test_official_files_are_those_that_keras_would_load(node: Backbone, monkeypatch: pytest.MonkeyPatch):
    keras = import_keras()
    from keras.src.utils import file_utils

    asked: list[str] = []

    def get_file(_name: str, origin: str, **_: Any) -> str:
        asked.append(origin)
        raise InterruptedError

    monkeypatch.setattr(file_utils, "get_file", get_file)
    function, given = MODELS[node.architecture_name()]
    with pytest.raises(InterruptedError):
        getattr(keras.applications, function)(weights="imagenet", input_shape=node.input_shape, **given)
    assert asked == [node.official()]
