"""The architectures of `keras.applications` as nodes: one for each family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from nodes.base import NodeError, setting
from nodes.kit.networks.backbone import BASE_URL, Backbone, Pixels, Place

KERNELS = "_weights_tf_dim_ordering_tf_kernels"
WORDS = ("keras.applications", "pretrained", "backbone", "transfer learning", "ImageNet", "feature extractor", "image classifier")


def _dropout(default: float) -> Any:
    help = "The share of features that the classifier does not see in a step of training."
    return setting(default, "Dropout", help, ge=0, lt=1, shown_if={"include_top": True})


class MobileNet(Backbone):
    """MobileNet, a small network for images (Howard et al., 2017).

    Convolutions are split into one per channel and one across channels, so that few parameters and multiplications are
    needed. It learns from nothing on small tasks too, and runs on a phone. 4.3 million parameters with its classifier.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/ (mobilenet_1_0_224_tf_no_top.h5 without
    classifier), and on a computer where Keras has used them already, in the folder .keras/models at home.

    Example: with the input shape 96, 96, 3, without classifier, pooling "avg" and not trainable, followed by a Dense Layer
    with 10 units and softmax: the start of transfer learning.
    """

    id = "networks.mobilenet"
    title = "Keras MobileNet"
    icon = "mdi6.cellphone"
    keywords = ("MobileNet", "MobileNetV1", *WORDS)
    pixels = "-1 to 1"

    alpha: Literal["0.25", "0.5", "0.75", "1.0"] = setting("1.0", "Width", "The share of the filters of every layer (alpha).")
    depth_multiplier: int = setting(
        1, "Depth multiplier", "Filters per channel of the convolutions of single channels; weights for ImageNet have 1.", ge=1
    )
    dropout: float = _dropout(0.001)

    def architecture_name(self) -> str:
        """Return one name per width."""
        return f"mobilenet_{self.alpha}"

    def official(self) -> str:
        """Return the weights by width, and for the sizes 128, 160, 192 and 224."""
        rows = self.input_shape[0] if self.input_shape[0] in (128, 160, 192) else 224
        width = {"0.25": "2_5", "0.5": "5_0", "0.75": "7_5", "1.0": "1_0"}[self.alpha]
        return f"{BASE_URL}mobilenet/mobilenet_{width}_{rows}_tf{'' if self.include_top else '_no_top'}.h5"

    def settings_of(self, place: Place, *, in_classifier: bool) -> Mapping[str, Any]:
        """Return the multiplier and the dropout."""
        replaced = dict(super().settings_of(place, in_classifier=in_classifier))
        if place.node.kind == "DepthwiseConv2D" and self.depth_multiplier > 1:
            replaced["depth_multiplier"] = self.depth_multiplier
        if place.node.kind == "Dropout" and in_classifier:
            replaced["rate"] = self.dropout
        return replaced


class MobileNetV2(Backbone):
    """MobileNetV2, a small network for images with shortcuts between narrow layers (Sandler et al., 2018).

    More accurate than MobileNet at the same cost. 3.5 million parameters with its classifier.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/.

    Example: with the width 0.35 and the input shape 96, 96, 3 a network with 1.7 million parameters that learns on a
    processor without a graphics card.
    """

    id = "networks.mobilenet_v2"
    title = "Keras MobileNetV2"
    icon = "mdi6.cellphone-link"
    keywords = ("MobileNetV2", "inverted residual", *WORDS)
    pixels = "-1 to 1"

    alpha: Literal["0.35", "0.5", "0.75", "1.0", "1.3", "1.4"] = setting(
        "1.0", "Width", "The share of the filters of every layer (alpha)."
    )

    def architecture_name(self) -> str:
        """Return one name per width."""
        return f"mobilenet_v2_{self.alpha}"

    def official(self) -> str:
        """Return the weights by width, and for the sizes 96, 128, 160, 192 and 224."""
        rows = self.input_shape[0] if self.input_shape[0] in (96, 128, 160, 192) else 224
        name = f"mobilenet_v2{KERNELS}_{self.alpha}_{rows}{'' if self.include_top else '_no_top'}.h5"
        return f"{BASE_URL}mobilenet_v2/{name}"


class MobileNetV3(Backbone):
    """MobileNetV3, a small network for images that was found by search (Howard et al., 2019).

    The small one is for the smallest devices (2.6 million parameters with its classifier), the large one more accurate (5.5
    million). Minimalistic ones have no attention to channels, no hard-swish and no 5 x 5 convolutions: slower on paper,
    faster on some processors.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v3/, the minimalistic ones for the width 1 only.

    Example: the small variant without classifier, pooling "avg", gives 576 features of an image to a classical learner, by a
    Keras Network Executor.
    """

    id = "networks.mobilenet_v3"
    title = "Keras MobileNetV3"
    icon = "mdi6.cellphone-cog"
    keywords = ("MobileNetV3Small", "MobileNetV3Large", "squeeze and excitation", *WORDS)
    pixels = "-1 to 1"

    variant: Literal["small", "large"] = setting(
        "small", "Variant", "How large it is.", choices={"small": "2.6 million parameters.", "large": "5.5 million parameters."}
    )
    alpha: Literal["0.75", "1.0"] = setting("1.0", "Width", "The share of the filters of every layer (alpha).")
    minimalistic: bool = setting(False, "Minimalistic", "Only operations that every device has.")
    dropout_rate: float = _dropout(0.2)

    def architecture_name(self) -> str:
        """Return one name per variant and width."""
        return f"mobilenet_v3_{self.variant}{'_minimalistic' * self.minimalistic}_{self.alpha}"

    def official(self) -> str:
        """Return the weights by variant and width."""
        model = f"{self.variant}{'_minimalistic' * self.minimalistic}_224_{self.alpha}_float"
        return f"{BASE_URL}mobilenet_v3/weights_mobilenet_v3_{model}{'' if self.include_top else '_no_top_v2'}.h5"

    def settings_of(self, place: Place, *, in_classifier: bool) -> Mapping[str, Any]:
        """Return the dropout."""
        replaced = super().settings_of(place, in_classifier=in_classifier)
        return {"rate": self.dropout_rate} if place.node.kind == "Dropout" and in_classifier else replaced


class EfficientNet(Backbone):
    """EfficientNet, a network whose depth, width and image size grow together (Tan & Le, 2019).

    B0 (5.3 million parameters with its classifier) is for images of 224 x 224 pixels; each next one is larger: 240, 260, 300,
    380, 456, 528 and 600 for B7 (66.7 million). Unlike in Keras the pixels' preparation is one layer without parameters, so
    there are 7 parameters less; the outputs are the same.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/keras-applications/ (efficientnetb0_notop.h5 without classifier).

    Example: B0 without classifier, pooling "avg", not trainable, with its weights file, then a Dropout Layer and a Dense
    Layer: transfer learning that is hard to beat on photographs.
    """

    id = "networks.efficientnet"
    title = "Keras EfficientNet"
    icon = "mdi6.scale-balance"
    keywords = ("EfficientNetB0", "EfficientNetB7", "compound scaling", *WORDS)
    pixels = "standardized"

    variant: Literal["B0", "B1", "B2", "B3", "B4", "B5", "B6", "B7"] = setting("B0", "Variant", "How large it is.")

    def architecture_name(self) -> str:
        """Return one name per variant."""
        return f"efficientnet{self.variant.lower()}"

    def official(self) -> str:
        """Return the weights by variant."""
        name = f"efficientnet{self.variant.lower()}{'' if self.include_top else '_notop'}.h5"
        return f"https://storage.googleapis.com/keras-applications/{name}"


class EfficientNetV2(Backbone):
    """EfficientNetV2, which learns faster than the first EfficientNet (Tan & Le, 2021).

    B0 to B3 (7 to 15 million parameters with the classifier) are for images of 224, 240, 260 and 300 pixels, S, M and L (22, 54
    and 119 million) of 384, 480 and 480.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/efficientnet_v2/.

    Example: B0 behind an Input Layer of shape 28, 28, 3 and a Resizing Layer to 64 x 64: small images become large enough.
    """

    id = "networks.efficientnet_v2"
    title = "Keras EfficientNetV2"
    icon = "mdi6.rocket-launch-outline"
    keywords = ("EfficientNetV2B0", "EfficientNetV2S", "fused MBConv", *WORDS)

    variant: Literal["B0", "B1", "B2", "B3", "S", "M", "L"] = setting("B0", "Variant", "How large it is.")

    @property
    def pixels(self) -> Pixels:  # type: ignore[override]
        """The large ones only bring them to -1 to 1."""
        return "standardized" if self.variant.startswith("B") else "-1 to 1, by 128"

    def architecture_name(self) -> str:
        """Return one name per variant."""
        return f"efficientnetv2{self.variant.lower()}"

    def official(self) -> str:
        """Return the weights by variant."""
        name = f"efficientnetv2-{self.variant.lower()}{'' if self.include_top else '_notop'}.h5"
        return f"{BASE_URL}efficientnet_v2/{name}"


class ResNet(Backbone):
    """ResNet, the network that made depth trainable by shortcuts (He et al., 2015).

    50, 101 or 152 layers with weights: 25.6, 44.7 or 60.4 million parameters with the classifier. Its preparation of pixels,
    blue, green and red without their means, is a frozen convolution of single pixels here.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/resnet/ (resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5).

    Example: ResNet-50 with its weights file and without classifier; Keras Freeze Layers up to conv4_block6_out leaves the last
    group of blocks to be trained.
    """

    id = "networks.resnet"
    title = "Keras ResNet"
    icon = "mdi6.stairs-up"
    keywords = ("ResNet50", "ResNet101", "ResNet152", "residual", *WORDS)
    pixels = "BGR minus mean"

    variant: Literal["50", "101", "152"] = setting("50", "Variant", "How many layers with weights it has.")

    def architecture_name(self) -> str:
        """Return one name per depth."""
        return f"resnet{self.variant}"

    def official(self) -> str:
        """Return the weights by depth."""
        return f"{BASE_URL}resnet/resnet{self.variant}{KERNELS}{'' if self.include_top else '_notop'}.h5"


class ResNetV2(Backbone):
    """ResNetV2, whose shortcuts nothing stands in the way of (He et al., 2016).

    As ResNet, with normalization and activation before each convolution instead of after it: 50, 101 or 152 layers with
    weights.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/resnet/ (resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5).

    Example: in place of a Keras ResNet where a very deep network is trained from nothing.
    """

    id = "networks.resnet_v2"
    title = "Keras ResNetV2"
    icon = "mdi6.stairs"
    keywords = ("ResNet50V2", "ResNet101V2", "ResNet152V2", "pre-activation", *WORDS)
    pixels = "-1 to 1"

    variant: Literal["50", "101", "152"] = setting("50", "Variant", "How many layers with weights it has.")

    def architecture_name(self) -> str:
        """Return one name per depth."""
        return f"resnet{self.variant}v2"

    def official(self) -> str:
        """Return the weights by depth."""
        return f"{BASE_URL}resnet/resnet{self.variant}v2{KERNELS}{'' if self.include_top else '_notop'}.h5"


class DenseNet(Backbone):
    """DenseNet, in which every layer sees the outputs of all before it (Huang et al., 2017).

    121, 169 or 201 layers: 8.1, 14.3 or 20.2 million parameters with the classifier.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/densenet/.

    Example: DenseNet-121 without classifier and with pooling "avg" gives 1024 features of an image.
    """

    id = "networks.densenet"
    title = "Keras DenseNet"
    icon = "mdi6.graph-outline"
    keywords = ("DenseNet121", "DenseNet169", "DenseNet201", "dense block", *WORDS)
    pixels = "standardized"

    variant: Literal["121", "169", "201"] = setting("121", "Variant", "How many layers it has.")

    def architecture_name(self) -> str:
        """Return one name per depth."""
        return f"densenet{self.variant}"

    def official(self) -> str:
        """Return the weights by depth."""
        return f"{BASE_URL}densenet/densenet{self.variant}{KERNELS}{'' if self.include_top else '_notop'}.h5"


class VGG(Backbone):
    """VGG, plain stacks of 3 x 3 convolutions (Simonyan & Zisserman, 2014).

    Easy to understand and to look into, but large: 138 and 144 million parameters with the classifier, 15 and 20 million
    without. Its preparation of pixels, blue, green and red without their means, is a frozen convolution of single pixels
    here. The classifier's weights depend on the size of the images, so a file with them is for 224 x 224 only.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/vgg16/ and vgg19/
    (vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5).

    Example: VGG-16 without classifier, to see in the feature maps of its first blocks what edges and colours it looks for.
    """

    id = "networks.vgg"
    title = "Keras VGG"
    icon = "mdi6.layers-triple"
    keywords = ("VGG16", "VGG19", *WORDS)
    pixels = "BGR minus mean"

    variant: Literal["16", "19"] = setting("16", "Variant", "How many layers with weights it has.")

    def architecture_name(self) -> str:
        """Return one name per depth."""
        return f"vgg{self.variant}"

    def official(self) -> str:
        """Return the weights by depth."""
        return f"{BASE_URL}vgg{self.variant}/vgg{self.variant}{KERNELS}{'' if self.include_top else '_notop'}.h5"


class Xception(Backbone):
    """Xception, Inception with convolutions that are split into channels and places (Chollet, 2017).

    22.9 million parameters with the classifier; images are at least 71 x 71 pixels, 299 x 299 for Keras's weights.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/xception/.

    Example: with the input shape 299, 299, 3 and its weights file, as it is: a classifier of photographs.
    """

    id = "networks.xception"
    title = "Keras Xception"
    icon = "mdi6.alpha-x-box-outline"
    keywords = ("Xception", "separable convolution", *WORDS)
    pixels = "-1 to 1"
    least_size = 71

    def architecture_name(self) -> str:
        """Return the only name."""
        return "xception"

    def official(self) -> str:
        """Return the weights with or without classifier."""
        return f"{BASE_URL}xception/xception{KERNELS}{'' if self.include_top else '_notop'}.h5"


class Inception(Backbone):
    """Inception, whose layers look with several sizes of window at once (Szegedy et al., 2015).

    V3 has 23.9 million parameters with its classifier, Inception-ResNet-v2 (2016), with shortcuts, 55.9 million. Images are at
    least 75 x 75 pixels, 299 x 299 for Keras's weights.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/ and inception_resnet_v2/.

    Example: V3 without classifier, followed by Global Average Pooling and a Dense Layer, for images of 299 x 299 pixels.
    """

    id = "networks.inception"
    title = "Keras Inception"
    icon = "mdi6.movie-open-outline"
    keywords = ("InceptionV3", "InceptionResNetV2", "GoogLeNet", *WORDS)
    pixels = "-1 to 1"
    least_size = 75

    variant: Literal["V3", "ResNetV2"] = setting(
        "V3", "Variant", "Which network of the family.", choices={"V3": "Inception v3.", "ResNetV2": "Inception-ResNet-v2."}
    )

    def architecture_name(self) -> str:
        """Return one name per variant."""
        return f"inception{self.variant.lower()}"

    def official(self) -> str:
        """Return the weights by variant."""
        name = {"V3": "inception_v3", "ResNetV2": "inception_resnet_v2"}[self.variant]
        return f"{BASE_URL}{name}/{name}{KERNELS}{'' if self.include_top else '_notop'}.h5"


class NASNet(Backbone):
    """NASNet, whose cells were found by search (Zoph et al., 2018).

    The mobile one has 5.3 million parameters with its classifier, for images of 224 x 224 pixels; the large one 88.9 million,
    for 331 x 331. The size of the images must be known.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/nasnet/ (NASNet-mobile-no-top.h5).

    Example: the mobile variant without classifier, to compare with a Keras MobileNetV2 in a Network Comparison.
    """

    id = "networks.nasnet"
    title = "Keras NASNet"
    icon = "mdi6.robot-outline"
    keywords = ("NASNetMobile", "NASNetLarge", "architecture search", *WORDS)
    pixels = "-1 to 1"

    variant: Literal["mobile", "large"] = setting(
        "mobile",
        "Variant",
        "How large it is.",
        choices={"mobile": "5.3 million parameters.", "large": "88.9 million parameters."},
    )

    def architecture_name(self) -> str:
        """Return one name per variant."""
        return f"nasnet{self.variant}"

    def official(self) -> str:
        """Return the weights by variant."""
        return f"{BASE_URL}nasnet/NASNet-{self.variant}{'' if self.include_top else '-no-top'}.h5"

    def _check(self, image: Any) -> None:
        """The paths through a cell depend on the image's size."""
        super()._check(image)
        if None in image.shape[:2]:
            raise NodeError("NASNet must know the size of the images.", "Give it in the input layer's shape.")


class ConvNeXt(Backbone):
    """ConvNeXt, convolutions with what transformers taught (Liu et al., 2022).

    28.6 (tiny), 50.2 (small), 88.6 (base), 198 (large) or 350 (extra large) million parameters with the classifier. The
    learned factors per channel of Keras's own class LayerScale are convolutions of 1 x 1 pixels per channel here: they have as
    many parameters and compute the same.

    Weights are random unless a file is chosen; Keras's for ImageNet are to be had from
    https://storage.googleapis.com/tensorflow/keras-applications/convnext/ (convnext_tiny_notop.h5).

    Example: the tiny variant without classifier, pooling "avg", with its weights file: 768 features of an image.
    """

    id = "networks.convnext"
    title = "Keras ConvNeXt"
    icon = "mdi6.hexagon-multiple-outline"
    keywords = ("ConvNeXtTiny", "ConvNeXtBase", "ConvNeXtXLarge", "modern convnet", *WORDS)
    pixels = "standardized"
    ends_normalized = True

    variant: Literal["tiny", "small", "base", "large", "xlarge"] = setting("tiny", "Variant", "How large it is.")

    def architecture_name(self) -> str:
        """Return one name per variant."""
        return f"convnext{self.variant}"

    def official(self) -> str:
        """Return the weights by variant."""
        return f"{BASE_URL}convnext/convnext_{self.variant}{'' if self.include_top else '_notop'}.h5"
