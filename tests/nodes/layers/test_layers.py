"""Layer nodes as a person uses them: names, branches, merges, and the mistakes that are found on the canvas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from nodes.base import NodeError, Specs, Values
from nodes.catalog import Catalog
from nodes.kit.layers.base import Layer
from nodes.kit.layers.constraints import MaxNorm
from nodes.kit.layers.initializers import IdentityInitializer, Orthogonal
from nodes.kit.layers.kinds import layer_class
from nodes.kit.layers.regularizers import OrthogonalRegularizer
from nodes.layers.activations import LeakyReLU, ReLU, Softmax
from nodes.layers.collect import Collect
from nodes.layers.convolution import Conv1D, Conv2D, DepthwiseConv2D, SeparableConv2D
from nodes.layers.core import Activation, Dropout
from nodes.layers.dense import Dense
from nodes.layers.global_pooling import GlobalAveragePooling2D
from nodes.layers.input import Input
from nodes.layers.merge import Add, Concatenate, Subtract
from nodes.layers.normalization import BatchNormalization
from nodes.layers.padding import ZeroPadding2D
from nodes.layers.pooling import AveragePooling2D, MaxPooling2D
from nodes.layers.reshaping import Flatten, Reshape
from nodes.values.network import Network, Tensor, TensorSpec
from tests.nodes.layers.building import add, chain, image
from tests.support import RecordingJob

# ------------------------------------------------------------------------------------------------------------------- shapes


def test_the_network_of_the_main_job_has_the_shapes_and_parameters_worked_out_by_hand():
    network = chain(
        Input(shape=(28, 28, 1)),
        Conv2D(filters=16, kernel_size=(2, 2)),
        Conv2D(filters=16, kernel_size=(2, 2)),
        MaxPooling2D(),
        Conv2D(filters=32, kernel_size=(2, 2)),
        Conv2D(filters=32, kernel_size=(2, 2)),
        MaxPooling2D(strides=(2, 2)),
        Flatten(),
        Dense(units=100, activation="relu"),
        Dense(units=10, activation="softmax"),
    ).spec

    assert [call.outputs[0].shape for call in network.calls] == [
        (28, 28, 1), (27, 27, 16), (26, 26, 16), (13, 13, 16), (12, 12, 32), (11, 11, 32), (5, 5, 32), (800,), (100,), (10,)
    ]  # fmt: skip
    assert [layer.parameters for layer in network.layers] == [0, 80, 1040, 0, 2080, 4128, 0, 0, 80_100, 1010]
    assert network.describe() == "10 · 88\u202f438 parameters"


def test_channels_first_is_chosen_at_the_input_and_kept_by_all_layers():
    network = chain(
        Input(shape=(3, 8, 10), data_format="channels_first"),
        Conv2D(filters=4, kernel_size=(3, 3)),
        ZeroPadding2D(padding=((1, 0), (2, 3))),
        MaxPooling2D(),
        GlobalAveragePooling2D(keepdims=True),
    ).spec

    assert [c.outputs[0].shape for c in network.calls] == [(3, 8, 10), (4, 6, 8), (4, 7, 13), (4, 3, 6), (4, 1, 1)]
    assert [layer.config.get("data_format") for layer in network.layers[1:]] == ["channels_first"] * 4


def test_sizes_that_are_left_open_stay_open_and_a_fixed_batch_stays_fixed():
    network = chain(Input(shape=(None, None, 3), batch_size=4), Conv2D(filters=2), MaxPooling2D(), GlobalAveragePooling2D()).spec

    assert [c.outputs[0].shape for c in network.calls] == [(None, None, 3), (None, None, 2), (None, None, 2), (2,)]
    assert network.tensor(network.outputs[0]).batch == 4


# -------------------------------------------------------------------------------------------------------------------- names


def test_a_layer_is_called_as_its_node_unless_it_has_a_prefix():
    network = chain(Input(shape=(4,)), Dense(name_prefix="fc"), Dense(name_prefix="fc"), Dense())

    assert [layer.name for layer in network.spec.layers] == ["node_1", "fc_1", "fc_2", "node_4"]


def test_a_node_inside_a_component_gives_its_layer_a_name_without_slashes():
    network = add("block/dense", Dense(), add("block/input", Input(shape=(4,))))

    assert [layer.name for layer in network.spec.layers] == ["block_input", "block_dense"]
    assert [layer.uid for layer in network.spec.layers] == ["block/input", "block/dense"]


def test_a_node_that_is_called_like_a_layer_in_the_network_gives_way():
    network = add("dense_1", Dense(), add("x", Dense(name_prefix="dense"), image(4)))

    assert [layer.name for layer in network.spec.layers] == ["input", "dense_1", "dense_1_1"]


# ----------------------------------------------------------------------------------------------------------------- branches


def test_branches_share_what_they_have_in_common_and_the_merge_consumes_both():
    stem = add("stem", Dense(units=3), image(4))
    left, right = add("left", Dense(units=3), stem), add("right", Dense(units=3), stem)
    network = add("sum", Add(), left, right).spec

    assert [layer.name for layer in network.layers] == ["input", "stem", "left", "right", "sum"]
    assert network.calls[-1].inputs == (Tensor("left"), Tensor("right"))
    assert network.outputs == (Tensor("sum"),)


def test_branches_whose_layers_have_the_same_names_are_told_apart():
    stem = image(4)
    left, right = add("a", Dense(name_prefix="fc"), stem), add("b", Dense(name_prefix="fc"), stem)
    network = add("sum", Add(), left, right).spec

    assert [layer.name for layer in network.layers] == ["input", "fc_1", "fc_2", "sum"]
    assert network.calls[-1].inputs == (Tensor("fc_1"), Tensor("fc_2"))


def test_a_network_may_be_merged_with_its_own_beginning():
    start = image(4, 4, 2)
    body = add("conv", Conv2D(filters=2, padding="same"), start)
    network = add("skip", Add(), start, body).spec

    assert network.calls[-1].inputs == (Tensor("input"), Tensor("conv"))
    assert network.outputs == (Tensor("skip"),)


def test_a_layer_may_hang_on_an_inner_tensor_and_the_next_goes_on_from_there():
    network = add(
        "head", Dense(units=2, input_tensor="first"), add("second", Dense(units=6), add("first", Dense(units=5), image(4)))
    )
    assert network.spec.outputs == (Tensor("head"), Tensor("second"))

    longer = add("next", Dense(units=1), network).spec
    assert longer.outputs == (Tensor("next"), Tensor("second"))
    assert longer.calls[-1].inputs == (Tensor("head"),)


def test_a_merge_chooses_a_tensor_for_each_input():
    network = add("b", Dense(units=3), add("a", Dense(units=3), image(4)))
    merged = add("both", Concatenate(input_tensors=("a_0:0", "")), network, network).spec

    assert merged.calls[-1].inputs == (Tensor("a"), Tensor("b"))
    assert merged.tensor(merged.outputs[0]).shape == (6,)


def test_a_wrong_tensor_is_named_with_its_input_and_those_that_there_are():
    network = add("b", Dense(units=3), add("a", Dense(units=3), image(4)))
    for node in (Concatenate(input_tensors=("", "c")), Collect(input_tensors=("", "c"))):
        with pytest.raises(NodeError, match="The network at input 2 has no tensor 'c'") as caught:
            add("both", node, network, network)  # type: ignore[arg-type]
        assert caught.value.remedy == "Choose one of: input_0:0, a_0:0, b_0:0."
        assert caught.value.setting == "input_tensors"
    for node in (Concatenate(input_tensors=("", "", "b_0:0")), Collect(input_tensors=("", "", "b_0:0"))):
        with pytest.raises(NodeError, match="'b_0:0' is chosen for input 3, where nothing is connected") as caught:
            add("both", node, network, network)  # type: ignore[arg-type]
        assert caught.value.setting == "input_tensors"
    with pytest.raises(NodeError, match="no tensor 'b_0:1'"):
        add("next", Dense(input_tensor="b_0:1"), network)


def test_a_choice_stays_with_its_wire_when_one_before_it_is_removed():
    network = add("b", Dense(units=2), add("a", Dense(units=3), image(4))).spec
    specs = Specs({"network_10": network, "network_1": network, "network_3": network}, "both")
    chosen = ("", "", "a_0:0", *[""] * 6, "input")

    joined = Concatenate(input_tensors=chosen).configure(specs)["network"]
    assert joined.calls[-1].inputs == (Tensor("b"), Tensor("a"), Tensor("input"))
    collected = Collect(input_tensors=chosen).configure(specs)["network"]
    assert collected.outputs == (Tensor("b"), Tensor("a"), Tensor("input"))


def test_of_a_large_network_those_tensors_are_told_that_are_most_like_the_wrong_one():
    network = chain(Input(shape=(4,)), *[Dense(units=3, name_prefix="fc") for _ in range(30)])
    with pytest.raises(NodeError) as caught:
        add("next", Dense(input_tensor="fc_12_0:1"), network)

    assert caught.value.remedy.startswith("Choose one of its 31 tensors, such as fc_12_0:0, ")
    assert len(caught.value.remedy) < 200


def test_weights_come_along_and_branches_trained_apart_do_not_fit():
    stem = add("stem", Dense(units=1), image(1))
    weights = {"stem": [np.ones((1, 1), np.float32), np.zeros(1, np.float32)]}
    trained = Network(stem.spec, weights)
    assert add("next", Dense(), trained).weights == weights

    other = Network(stem.spec, {"stem": [np.zeros((1, 1), np.float32), np.zeros(1, np.float32)]})
    with pytest.raises(NodeError, match="different sets of weights"):
        Add().execute(Values({"network_1": trained, "network_2": other}), RecordingJob(Path()))


# ----------------------------------------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("shape", "layer", "message", "setting"),
    [
        ((4, 4, 1), Conv2D(kernel_size=(5, 2)), "window of 5 x 2 is larger than its input of 4 x 4", "kernel_size"),
        ((4, 4, 1), Conv2D(kernel_size=(3, 3), dilation_rate=(2, 2)), "window of 5 x 5 is larger", "kernel_size"),
        ((4, 4, 1), MaxPooling2D(pool_size=(2, 6)), "window of 2 x 6 is larger", "pool_size"),
        ((4, 4), Conv2D(), r"works on images \(height, width, channels\), but gets 4 x 4", None),
        ((7,), MaxPooling2D(), "works on images", None),
        ((4, 4, 1), Conv1D(), r"works on sequences \(steps, channels\)", None),
        ((4, 4, None), Conv2D(), "number of channels must be known", None),
        ((4, 4, None), DepthwiseConv2D(), "number of channels must be known", None),
        ((None,), Dense(), "last dimension of the input must be known", None),
        ((4, None), BatchNormalization(), "must be known", None),
        ((4, 4, 1), Conv2D(strides=(2, 1), dilation_rate=(1, 2)), "both above 1", "dilation_rate"),
        ((4, 4, 3), Conv2D(filters=2, groups=2), "3 channels cannot be split into 2 groups", "groups"),
        ((4, 4, 2), Conv2D(filters=3, groups=2), "3 filters cannot be split into 2 groups", "groups"),
        ((4, 4, 2), SeparableConv2D(strides=(1, 2)), "needs equal ones", "strides"),
        ((4, 3), Reshape(target_shape=(5, 2)), "12 numbers", "target_shape"),
        ((4, 3), Reshape(target_shape=(5, -1)), "12 numbers", "target_shape"),
        ((4, 3), Reshape(target_shape=(-1, -1)), "is no shape", "target_shape"),
        ((4, 3), Reshape(target_shape=(0, 12)), "is no shape", "target_shape"),
        ((4, 3), Dropout(rate=0.5, noise_shape=(None, 2, 3)), "noise shape does not fit", "noise_shape"),
        ((4, 3), Softmax(axis=3), "Axis 3 does not exist", "axis"),
        ((4, 3), BatchNormalization(axis=0), "Axis 0 is the batch", "axis"),
        ((4,), Dense(input_tensor="nowhere"), "no tensor 'nowhere'", "input_tensor"),
        ((4, 4, 1), Conv2D(kernel_initializer=IdentityInitializer()), "works on matrices only", "kernel_initializer"),
        ((4,), Dense(bias_initializer=Orthogonal()), "cannot be used on a vector", "bias_initializer"),
        ((4,), Dense(bias_regularizer=OrthogonalRegularizer()), "works on matrices only", "bias_regularizer"),
        ((4,), Dense(bias_constraint=MaxNorm(axis=1)), "along axis 1", "bias_constraint.axis"),
        ((1,), Dense(units=3, kernel_regularizer=OrthogonalRegularizer()), "compares rows .* one only", "kernel_regularizer"),
        ((3,), Dense(kernel_regularizer=OrthogonalRegularizer(mode="columns")), "compares columns", "kernel_regularizer"),
        (
            (3,), Dense(units=3, kernel_regularizer=OrthogonalRegularizer(), dtype="float64"), "not in float64",
            "kernel_regularizer",
        ),
        (
            (3,), Dense(units=3, activity_regularizer=OrthogonalRegularizer(), dtype="mixed_float16"), "not in float16",
            "activity_regularizer",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_found_before_anything_runs(shape: tuple[int | None, ...], layer: Layer, message: str, setting: str | None):
    with pytest.raises(NodeError, match=message) as caught:
        add("layer", layer, image(*shape))

    assert caught.value.remedy
    assert caught.value.setting == setting


def test_merges_of_what_does_not_fit_are_refused():
    left, right = image(4, 4, 2), add("other", Input(shape=(4, 3, 2)))
    with pytest.raises(NodeError, match="different shapes: 4 x 4 x 2 and 4 x 3 x 2"):
        add("sum", Add(), left, right)
    with pytest.raises(NodeError, match="differ in more than the axis"):
        add("join", Concatenate(), left, right)
    assert add("join", Concatenate(axis=2), left, right).spec.describe().startswith("4 x 7 x 2")
    with pytest.raises(NodeError, match="takes two inputs, not 3"):
        add("minus", Subtract(), left, left, left)
    with pytest.raises(NodeError, match="at least two"):
        add("sum", Add(), left)
    with pytest.raises(NodeError, match="channels first, another one last"):
        add("sum", Add(), left, add("first", Input(shape=(4, 4, 2), data_format="channels_first")))
    with pytest.raises(NodeError, match="different batch sizes: 2 and 3"):
        add("sum", Add(), add("a", Input(batch_size=2)), add("b", Input(batch_size=3)))
    with pytest.raises(NodeError, match="different types: int32, int8"):
        add("sum", Add(), add("a", Input(dtype="int8")), add("b", Input(dtype="int32")))


def test_a_softmax_over_one_number_is_pointed_out():
    specs = Specs({"network": image(4).spec})
    Dense(units=1, activation="softmax").configure(specs)

    assert "always 1" in specs.warnings[0]


# ------------------------------------------------------------------------------------------------------------------- dtypes

KEPT = (Flatten, Reshape, MaxPooling2D, ZeroPadding2D)
COMPUTED = (Dense, BatchNormalization, GlobalAveragePooling2D)
FLOATS_ONLY = (Conv2D, DepthwiseConv2D, SeparableConv2D, AveragePooling2D, Activation, Dropout, ReLU, LeakyReLU, Softmax)


@pytest.mark.parametrize("cls", KEPT + COMPUTED + FLOATS_ONLY)
def test_whole_numbers_go_through_what_moves_them_and_are_refused_where_tensorflow_cannot_compute(cls: type[Layer]):
    whole = TensorSpec((4, 4, 2), "int32")
    if cls in FLOATS_ONLY:
        with pytest.raises(NodeError, match="floating-point") as caught:
            cls().infer([whole], False)
        assert "float32" in caught.value.remedy
    else:
        assert cls().infer([whole], False).outputs[0].dtype == ("int32" if cls in KEPT else "float32")
        assert cls().infer([TensorSpec((4, 4, 2), "float64")], False).outputs[0].dtype == "float32"


# ------------------------------------------------------------------------------------------------- one number for several


def test_one_number_stands_for_all_dimensions_as_in_keras():
    whole = Conv2D.model_validate({"kernel_size": 3, "strides": 2})
    assert (whole.kernel_size, whole.strides, whole.dilation_rate) == ((3, 3), (2, 2), (1, 1))
    assert MaxPooling2D.model_validate({"pool_size": 3, "strides": None}).strides is None
    assert Conv2D.from_config({"filters": 1, "kernel_size": 3}, "c").kernel_size == (3, 3)
    assert Input.model_validate({"shape": 784}) == Input(shape=(784,))
    assert Reshape.model_validate({"target_shape": -1}) == Reshape(target_shape=(-1,))
    for wrong in (True, "3", [3], [3, 3, 3], 2.5):
        with pytest.raises(ValidationError, match="give one whole number, or 2: one for each dimension"):
            Conv2D.model_validate({"kernel_size": wrong})
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Conv2D.model_validate({"kernel_size": 0})
    with pytest.raises(ValidationError, match="give a number, or a list of numbers"):
        Input.model_validate({"shape": "28 x 28"})


# -------------------------------------------------------------------------------------------------------------- allow-list


def test_every_layer_node_is_known_by_its_keras_class():
    layers = [cls for cls in Catalog.load(plugins=False).values() if issubclass(cls, Layer)]

    others = {cls.id for cls in layers if layer_class(cls.kind) is not cls}
    assert all(layer_class(cls.kind).kind == cls.kind for cls in layers)
    assert "keras.thresholded_relu" in others, "it is built as another layer, which is read as that"


@pytest.mark.parametrize("kind", ["Lambda", "TFSMLayer", "Layer", "__class__", "deserialize", ""])
def test_other_classes_are_refused(kind: str):
    with pytest.raises(NodeError, match="not one of the layers"):
        layer_class(kind, "evil")


def test_a_config_with_an_argument_that_matters_and_is_not_known_is_refused():
    assert Dense.from_config({"units": 3, "quantization_config": None, "name": "d", "trainable": True}, "d") == Dense(units=3)
    with pytest.raises(NodeError, match=r"'d' .Dense. has the argument 'lora_rank' = 4"):
        Dense.from_config({"units": 3, "lora_rank": 4}, "d")
    with pytest.raises(NodeError, match="wrong argument: units: 0 is not a whole number from 1"):
        Dense.from_config({"units": 0}, "d")
    with pytest.raises(NodeError, match=r"activation: the activation 'my\.relu' is not one of Keras's"):
        Dense.from_config({"units": 1, "activation": {"module": "my", "class_name": "relu"}}, "d")
