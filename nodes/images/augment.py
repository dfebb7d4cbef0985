"""Augment Images: random variants of images, so that a network sees more than there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, refuse_existing, spread, spread_where
from nodes.kit.images.pairs import Shares
from nodes.kit.images.pixels import as_unit, check_numbers, for_parts, put_unit
from nodes.kit.images.preview import as_pixels
from nodes.kit.images.warping import INTERPOLATIONS, Interpolation, WarpFill, turning, warp
from nodes.kit.settings import seed_setting
from nodes.values.figure import Figure, ImagesFigure
from nodes.values.table import Table, TableSpec, cell_bytes

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

PREVIEWED = 5
"""How many images the preview shows, and how many variants of each."""


class AugmentImages(Node):
    """Make random variants of images: turned, moved, zoomed, lighter, noisier, with a part erased.

    Each change happens with the probability below, by an amount drawn evenly between the ends that are set; what is set to 0
    never happens. First the image is mirrored, turned, moved and zoomed in one step, then its colours change, then a
    rectangle is erased. Brightness and noise count in shares of the pixel type's range (floats: 0 to 1); values beyond it are
    cut off, and the pixel type stays.

    *In place* changes each image once; *copies* adds rows: the other columns are repeated, and *variant* is 0 for the image
    as it was and 1, 2, ... for its variants. With a seed the result is always the same, and a row's variants do not depend on
    the rows before it. Use it on training data only; layers of Layers / Augmentation draw anew in every epoch instead.

    The second output, and the view, show the first images beside some of their variants.

    Example: between Partitioning and Keras Network Learner, 4 copies with rotation 10 and shift 0.1 make five rows of every
    digit.
    """

    id = "images.augment"
    title = "Augment Images"
    shelf = "Images"
    icon = "mdi6.auto-fix"
    keywords = (
        "augmentation", "data augmentation", "RandomFlip", "RandomRotation", "RandomZoom", "RandomErasing", "Cutout", "noise",
        "ImageDataGenerator", "random", "variants", "overfitting",
    )  # fmt: skip
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (
        Port("table", "table", "Images", "The table with the variants."),
        Port("preview", "table", "Preview", "The first images, and some variants of each."),
    )

    column: str = setting("image", "Image column", "The images to change.", columns=Columns("table", IMAGES))
    output: Literal["in place", "copies"] = setting(
        "copies",
        "Result",
        "Where the variants go.",
        choices={"in place": "Each image is changed.", "copies": "Rows are added."},
    )
    copies: int = setting(1, "Copies", "Variants per image.", ge=1, le=1000, shown_if={"output": "copies"})
    keep_original: bool = setting(
        True, "Keep the originals", "Whether the images stay beside their variants.", shown_if={"output": "copies"}
    )
    probability: float = setting(1.0, "Probability", "Of each change that is not 0 below.", ge=0, le=1)
    seed: int | None = seed_setting("The same seed gives the same variants; empty draws anew in each run.", most=2**32 - 1)

    flip_horizontal: float = setting(
        0.5, "Mirror left-right", "How probable it is that an image is mirrored.", ge=0, le=1, group="Geometry"
    )
    flip_vertical: float = setting(
        0.0, "Mirror upside down", "How probable it is that an image is mirrored.", ge=0, le=1, group="Geometry"
    )
    rotation: float = setting(10.0, "Rotation", "At most so many degrees to either side.", ge=0, le=180, group="Geometry")
    shift: float = setting(0.1, "Shift", "At most this share of height and width, to all sides.", ge=0, le=1, group="Geometry")
    zoom: float = setting(0.1, "Zoom", "At most this share larger or smaller.", ge=0, le=0.9, group="Geometry")
    interpolation: Interpolation = setting(
        "bilinear",
        "Interpolation",
        "How values between pixels are found.",
        choices=INTERPOLATIONS,
        group="Geometry",
        advanced=True,
    )
    fill_mode: WarpFill = setting(
        "edge", "Fill with", "What stands beyond the edges; constant is 0.", group="Geometry", advanced=True
    )

    brightness: float = setting(
        0.0, "Brightness", "At most this share of the range is added or taken away.", ge=0, le=1, group="Color"
    )
    contrast: float = setting(
        0.0, "Contrast", "At most this share stronger or weaker, around the image's mean.", ge=0, le=1, group="Color"
    )
    noise: float = setting(0.0, "Noise", "At most this standard deviation of Gaussian noise.", ge=0, le=1, group="Color")
    erase: float = setting(0.0, "Erase", "Probability that a rectangle is erased.", ge=0, le=1, group="Erase")
    erase_area: Shares = setting((0.02, 0.2), "Erased area", "Its least and greatest share of the image.", group="Erase")
    erase_with: Literal["zero", "mean", "noise"] = setting(
        "noise",
        "Erase with",
        "What stands in its place.",
        choices={"zero": "0.", "mean": "The image's mean.", "noise": "Random values."},
        group="Erase",
    )

    @property
    def reproducible(self) -> bool:
        """Only with a seed."""
        return self.seed is not None

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The schema; with copies, the column that numbers them."""
        table = specs.table()
        if self.output == "copies":
            refuse_existing(table, "variant", "output")
        if self.erase_area[0] > self.erase_area[1]:
            raise NodeError("The least erased area is above the greatest.", "Exchange them.", setting="erase_area")
        if image_dtype(table, self.column) is None:
            return {"table": None, "preview": None}
        return {"table": self._spec(table), "preview": self._preview_spec(table)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Make the variants piece by piece, in several threads."""
        import numpy as np

        table = values.table()
        source = ImageColumns(table, [self.column])
        self._spec(source.spec)
        seed = int(np.random.default_rng(self.seed).integers(2**63))
        made = job.stream(self._pieces(source, seed, job))
        if self.output == "in place":
            whole = table.with_columns(made)
        else:
            whole = table.take(np.repeat(np.arange(table.height), self._each)).with_columns(made)
        return {"table": whole, "preview": Table.of(self._preview(source, seed))}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """Originals beside variants."""
        import numpy as np

        shown = outputs.table("preview").frame()
        dtype = shown.schema["original"]
        if shown.drop_nulls().is_empty() or dtype.shape[2] not in (1, 3, 4):  # type: ignore[attr-defined]
            return ()
        whole = shown.drop_nulls()
        images = np.stack([whole[c].to_numpy() for c in whole.columns], axis=1)
        flat = as_pixels(images.reshape(-1, *images.shape[2:]))
        captions = [c for _ in range(whole.height) for c in whole.columns]
        return (ImagesFigure("Originals and variants", flat, captions),)

    @property
    def _each(self) -> int:
        """Rows that come of one."""
        return 1 if self.output == "in place" else self.copies + self.keep_original

    def _spec(self, table: TableSpec) -> TableSpec:
        dtype = table.schema[self.column]
        check_numbers(dtype, self.column)  # type: ignore[arg-type]
        if self.output == "in place":
            return table.with_columns({self.column: dtype})
        new = {self.column: dtype, "variant": pl.UInt32()}
        return table.with_columns(new).with_rows(None if table.rows is None else table.rows * self._each)

    def _preview_spec(self, table: TableSpec) -> TableSpec:
        names = ["original", *(f"variant {n}" for n in range(1, PREVIEWED))]
        return TableSpec(pl.Schema(dict.fromkeys(names, table.schema[self.column])))

    def _pieces(self, source: ImageColumns, seed: int, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        dtype = source.dtype(self.column)
        first = 0 if self.output == "copies" and self.keep_original else 1
        done = 0
        for piece in source.pieces(beside=cell_bytes(dtype) * self._each):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            images = piece[self.column].drop_nulls().to_numpy()
            rows = done + np.flatnonzero(piece[self.column].is_not_null().to_numpy())
            out = np.empty((len(images), self._each, *dtype.shape), images.dtype)

            def work(part: slice, images: Any = images, rows: Any = rows, out: Any = out) -> None:
                for number in range(part.start, part.stop):
                    for place in range(self._each):
                        out[number, place] = self.variant(images[number], seed, int(rows[number]), first + place)

            for_parts(len(images), cell_bytes(dtype) * self._each * 8, work, job)
            there = pl.Series(np.repeat(piece[self.column].is_not_null().to_numpy(), self._each))
            made = spread_where(pl.Series(self.column, out.reshape(-1, *dtype.shape), dtype=dtype), there).to_frame()
            if self.output == "copies":
                numbers = np.tile(np.arange(first, first + self._each, dtype=np.uint32), piece.height)
                made = made.with_columns(pl.Series("variant", numbers))
            yield made
            done += piece.height

    def _preview(self, source: ImageColumns, seed: int) -> pl.DataFrame:
        import numpy as np

        dtype = source.dtype(self.column)
        column = next(iter(source.pieces()))[self.column].head(PREVIEWED)
        columns: dict[str, pl.Series] = {"original": column}
        images = column.drop_nulls().to_numpy()
        rows = np.flatnonzero(column.is_not_null().to_numpy())
        for n in range(1, PREVIEWED):
            made = np.empty((len(images), *dtype.shape), images.dtype)
            for number, image in enumerate(images):
                made[number] = self.variant(image, seed, int(rows[number]), n)
            columns[f"variant {n}"] = spread(pl.Series(made, dtype=dtype), column)
        return pl.DataFrame(columns)

    # -- one variant

    def variant(self, image: NDArray[Any], seed: int, row: int, number: int) -> NDArray[Any]:
        """A variant of an image, (h, w, channels), of the same type.

        Args:
            image: As it is.
            seed: Of the run.
            row: Of the table.
            number: Of the variant; 0 is the image itself.
        """
        import numpy as np

        if number == 0:
            return image
        random = np.random.default_rng([seed % 2**32, seed >> 32, row, number])
        made = self._moved(image, random)
        if self.brightness or self.contrast or self.noise:
            made = self._recoloured(made, random)
        if self.erase and random.random() < self.erase * self.probability:
            made = self._erased(made, random)
        return made

    def _drawn(self, random: Generator, most: float, count: int = 1) -> list[float]:
        """Amounts between -most and most; all 0 where the change does not happen."""
        amounts = random.uniform(-most, most, count)
        return [float(a) for a in amounts] if random.random() < self.probability else [0.0] * count

    def _moved(self, image: NDArray[Any], random: Generator) -> NDArray[Any]:
        import numpy as np

        mirrored = random.random(2) < (self.flip_vertical * self.probability, self.flip_horizontal * self.probability)
        made = image[:: -1 if mirrored[0] else 1, :: -1 if mirrored[1] else 1]
        (angle,) = self._drawn(random, self.rotation)
        down, across = self._drawn(random, self.shift, 2)
        (zoom,) = self._drawn(random, self.zoom)
        if not (angle or down or across or zoom):
            return made
        out = np.empty_like(image)
        height, width = image.shape[:2]
        matrix = turning(angle) / (1 + zoom)
        warp(made, out, matrix, (down * height, across * width), interpolation=self.interpolation, fill=self.fill_mode)
        return out

    def _recoloured(self, image: NDArray[Any], random: Generator) -> NDArray[Any]:
        import numpy as np

        colours = 3 if image.shape[2] == 4 else image.shape[2]
        unit = as_unit(image[..., :colours])
        (contrast,) = self._drawn(random, self.contrast)
        (brightness,) = self._drawn(random, self.brightness)
        (noise,) = self._drawn(random, self.noise)
        if contrast:
            unit = (unit - unit.mean()) * np.float32(1 + contrast) + unit.mean()
        if brightness:
            unit = unit + np.float32(brightness)
        if noise:
            unit = unit + random.normal(0, abs(noise), unit.shape).astype(np.float32)
        made = image.copy()
        put_unit(np.clip(unit, 0, 1), made[..., :colours])
        return made

    def _erased(self, image: NDArray[Any], random: Generator) -> NDArray[Any]:
        import numpy as np

        height, width, channels = image.shape
        share = random.uniform(*self.erase_area)
        ratio = np.exp(random.uniform(np.log(0.3), np.log(1 / 0.3)))  # Zhong, Random erasing (2017)
        tall = min(height, max(1, round(height * float(np.sqrt(share * ratio)))))
        wide = min(width, max(1, round(width * float(np.sqrt(share / ratio)))))
        top, left = int(random.integers(height - tall + 1)), int(random.integers(width - wide + 1))
        made = image.copy()
        hole = made[top : top + tall, left : left + wide]
        if self.erase_with == "noise":
            put_unit(random.random((tall, wide, channels), np.float32), hole)
        else:
            hole[:] = 0 if self.erase_with == "zero" else image.mean((0, 1)).astype(image.dtype)
        return made
