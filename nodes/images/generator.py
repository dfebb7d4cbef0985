"""Image Generator: images made up, to try a workflow on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.pixels import numpy_dtype, put_unit
from nodes.kit.images.preview import preview
from nodes.kit.settings import seed_setting
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

Content = Literal["constant", "noise", "gradient", "checkerboard", "stripes", "shapes"]
SHAPES = ("circle", "square", "triangle", "cross")


class ImageGenerator(Node):
    """Make images up: plain ones, noise, gradients, patterns, or labelled shapes to be told apart.

    *Shapes* draws a circle, a square, a triangle or a cross at a random place, of random size and brightness, and adds a
    column of labels: the smallest task that a convolutional network can learn. Values are given from 0 to 1 and use the whole
    range of the pixel type. With a seed the images are always the same, and do not depend on how many there are.

    KNIME draws sizes at random, too; here all images of a column have one size.

    Example: 2 000 shapes of 32 x 32 with a little noise, behind it a Partitioning and a small network, show within a minute
    whether a workflow learns.
    """

    id = "images.generator"
    title = "Image Generator"
    shelf = "Images"
    icon = "mdi6.creation"
    keywords = (
        "test data", "synthetic", "random images", "noise", "shapes", "dummy", "gradient", "sample", "toy data",
        "random numbers",
    )  # fmt: skip
    output_ports = (Port("table", "table", "Images", "The images, with a label for shapes."),)

    count: int = setting(100, "Count", "How many images are made.", ge=0, le=10_000_000)
    height: int = setting(32, "Height", "The height of the images, in pixels.", ge=1, le=16_384)
    width: int = setting(32, "Width", "The width of the images, in pixels.", ge=1, le=16_384)
    channels: int = setting(1, "Channels", "1 for grey, 3 for RGB.", ge=1, le=1024)
    pixel_type: Literal["UInt8", "UInt16", "Float32"] = setting("UInt8", "Pixel type", "The type of the pixels.")
    content: Content = setting(
        "shapes",
        "Content",
        "What is in the images.",
        choices={
            "constant": "The value everywhere.",
            "noise": "Random values, evenly spread.",
            "gradient": "From dark to bright, in a random direction.",
            "checkerboard": "Squares, at a random place.",
            "stripes": "Waves of a random direction.",
            "shapes": "A circle, a square, a triangle or a cross, with a label.",
        },
    )
    value: float = setting(0.5, "Value", "From 0, black, to 1, white.", ge=0, le=1, shown_if={"content": "constant"})
    period: int = setting(
        8,
        "Period",
        "After how many pixels the pattern repeats.",
        ge=2,
        le=16_384,
        shown_if={"content": ["checkerboard", "stripes"]},
    )
    noise: float = setting(0.0, "Added noise", "Standard deviation of Gaussian noise.", ge=0, le=1)
    seed: int | None = seed_setting("The same seed gives the same images; empty draws anew in each run.", most=2**32 - 1)

    @property
    def reproducible(self) -> bool:
        """Without a seed only where nothing is random."""
        return self.seed is not None or (self.content == "constant" and not self.noise)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """Images, and labels for shapes."""
        dtype = pl.Array(getattr(pl, self.pixel_type), (self.height, self.width, self.channels))
        if cell_bytes(dtype) > 2**30:
            raise NodeError("An image would have more than a gigabyte.", "Make it smaller.", setting="height")
        labels = {"label": pl.Enum(SHAPES)} if self.content == "shapes" else {}
        return {"table": TableSpec(pl.Schema({"image": dtype, **labels}), self.count)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the images piece by piece."""
        return {"table": job.stream(self._pieces(job))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images."""
        return preview(outputs.table(), "image", "label" if self.content == "shapes" else None)

    def _pieces(self, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        spec = self.configure(Specs({}))["table"]
        assert isinstance(spec, TableSpec)
        dtype = spec.schema["image"]
        assert isinstance(dtype, pl.Array)
        seed = int(np.random.default_rng(self.seed).integers(2**32))
        step = max(1, BATCH_BYTES // (4 * dtype.shape[0] * dtype.shape[1] * dtype.shape[2]))
        for start in range(0, max(self.count, 1), step):
            job.progress(start / max(self.count, 1))
            here = min(step, self.count - start)
            out = np.empty((here, *dtype.shape), numpy_dtype(leaf_dtype(dtype)))
            labels = []
            for number in range(here):
                job.check_cancelled()
                random = np.random.default_rng([seed, start + number])
                image, label = self._image(random)
                labels.append(label)
                if self.noise:
                    image = image + random.normal(0, self.noise, image.shape)
                put_unit(np.clip(image, 0, 1).astype(np.float32), out[number])
            columns = {"image": pl.Series(out, dtype=dtype)}
            if self.content == "shapes":
                columns["label"] = pl.Series(labels, dtype=pl.Enum(SHAPES))
            yield pl.DataFrame(columns)

    def _image(self, random: Generator) -> tuple[NDArray[Any], str]:
        """(h, w, channels) or what can be stretched to it, from 0 to 1, and the shape's name."""
        import numpy as np

        shape = (self.height, self.width, self.channels)
        y, x = np.mgrid[: self.height, : self.width].astype(np.float64)
        if self.content == "constant":
            return np.full(shape, self.value), ""
        if self.content == "noise":
            return random.random(shape), ""
        if self.content == "shapes":
            label = SHAPES[int(random.integers(len(SHAPES)))]
            mask = self._shape(label, y, x, random)[:, :, None]
            dark, bright = random.uniform(0, 0.3, self.channels), random.uniform(0.6, 1, self.channels)
            return np.where(mask, bright, dark), label
        angle = random.uniform(0, 2 * np.pi)
        along = y * np.sin(angle) + x * np.cos(angle)
        if self.content == "gradient":
            spread = along.max() - along.min()
            plane = (along - along.min()) / (spread if spread > 0 else 1)
        elif self.content == "stripes":
            plane = 0.5 + 0.5 * np.sin(2 * np.pi * along / self.period + random.uniform(0, 2 * np.pi))
        else:
            down, across = random.integers(self.period, size=2)
            half = self.period / 2
            plane = (((y + down) // half + (x + across) // half) % 2).astype(np.float64)
        return np.broadcast_to(plane[:, :, None], shape), ""

    def _shape(self, label: str, y: NDArray[Any], x: NDArray[Any], random: Generator) -> NDArray[Any]:
        """Truth values: where the shape is."""
        size = random.uniform(0.2, 0.35) * min(self.height, self.width)
        down = y - random.uniform(size, max(size, self.height - 1 - size))
        across = x - random.uniform(size, max(size, self.width - 1 - size))
        found: NDArray[Any]
        if label == "circle":
            found = down**2 + across**2 <= size**2
        elif label == "square":
            found = (abs(down) <= size * 0.85) & (abs(across) <= size * 0.85)
        elif label == "triangle":
            found = (down <= size) & (down >= 2 * abs(across) - size)
        else:
            bar = size * 0.3
            found = ((abs(down) <= bar) & (abs(across) <= size)) | ((abs(across) <= bar) & (abs(down) <= size))
        return found
