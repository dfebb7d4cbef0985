"""Image Cropper: a part of every image, at a fixed place or around what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from pydantic import FiniteFloat

from nodes.base import Job, NodeError, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import ImageColumns, present_images
from nodes.kit.images.mapping import ImageMapping
from nodes.kit.images.pixels import full_range
from nodes.values.table import leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SIZED = {"mode": ["box", "centre", "around content"]}
_CONTENT = {"mode": ["around content", "content of all"]}


class ImageCropper(ImageMapping):
    """Cut a part out of every image.

    *Box* and *centre* cut the same place out of all images and refuse a place outside of them. *Around content* finds, in
    each image, the smallest box around all that is not background, and cuts a piece of the given size with that box in its
    middle; beyond the edges there is background. *Content of all* cuts the smallest box that holds the content of every image:
    its size shows only when the node runs. An image without
    content is cut out of its middle, or does not count.

    All images of a column have one size, so KNIME's Auto Crop, where every image gets its own, becomes one of the last two.

    Example: mode *centre* with height 24 and width 24 takes the margin of 2 pixels off handwritten digits of 28 x 28.
    """

    id = "images.cropper"
    title = "Image Cropper"
    shelf = "Images / Geometry"
    icon = "mdi6.crop"
    keywords = ("ImgPlus", "Auto Crop", "Segment Cropper", "Cropping2D", "CenterCrop", "cut", "region", "ROI", "subset")

    mode: Literal["box", "centre", "around content", "content of all"] = setting(
        "centre",
        "What is kept",
        "Which part of the images is kept.",
        choices={
            "box": "The rectangle at the given place.",
            "centre": "The middle.",
            "around content": "A piece of the given size around each image's content.",
            "content of all": "The smallest rectangle outside of which no image has anything but background.",
        },
    )
    top: int = setting(0, "Top", "The first row that is kept.", ge=0, shown_if={"mode": "box"})
    left: int = setting(0, "Left", "The first column that is kept.", ge=0, shown_if={"mode": "box"})
    height: int | None = setting(None, "Height", "How many rows are kept; empty: as many as there are.", ge=1, shown_if=_SIZED)
    width: int | None = setting(None, "Width", "How many columns are kept; empty: as many as there are.", ge=1, shown_if=_SIZED)
    background: FiniteFloat | None = setting(
        None,
        "Background value",
        "The value of the background, in the image's own units; empty: that of each image's top left pixel.",
        shown_if=_CONTENT,
    )
    tolerance: FiniteFloat = setting(
        0.0, "Tolerance", "How far a channel's value may be from the background and still belong to it.", ge=0, shown_if=_CONTENT
    )
    margin: int = setting(
        0, "Margin", "How many pixels around the content are kept.", ge=0, le=1000, shown_if={"mode": "content of all"}
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """The input's schema with smaller images; not known where the content decides."""
        found = self.result_spec(specs.table())
        return {"table": None if self.mode == "content of all" else found}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Cuts; where the content decides, after a first walk over all images."""
        if self.mode != "content of all":
            return super().execute(values, job)
        source = ImageColumns(values.table(), [self.column])
        dtype = source.dtype(self.column)
        self._new_dtype(dtype)
        box = self._common_box(source, dtype, job)
        fixed = self.model_copy(update={"mode": "box", "top": box[0], "left": box[1], "height": box[2], "width": box[3]})
        return fixed.execute(values, job)

    def image_dtype(self, dtype: pl.Array) -> pl.Array:
        """Images of the same type, of the size that is kept."""
        old_height, old_width, channels = dtype.shape
        if self.mode == "content of all":
            return dtype
        top, left = (self.top, self.left) if self.mode == "box" else (0, 0)
        height = self.height or max(1, old_height - top)
        width = self.width or max(1, old_width - left)
        for name, first, length, there in (("height", top, height, old_height), ("width", left, width, old_width)):
            if first + length > there:
                raise NodeError(
                    f"The images have a {name} of {there} pixels; {first} + {length} is beyond that.",
                    "Choose a smaller part, or put an Image Padder before this node.",
                    setting=name,
                )
        return pl.Array(leaf_dtype(dtype), (height, width, channels))

    def transform(self, images: NDArray[Any], out: NDArray[Any], job: Job) -> None:
        """Copy the part that is kept."""
        height, width = out.shape[1:3]
        old_height, old_width = images.shape[1:3]
        if self.mode == "around content":
            boxes = self._content(images)
            values = self._background_of(images)
            for image, made, (top, bottom, left, right), value in zip(images, out, boxes, values, strict=True):
                first, start = (int(top) + int(bottom) - height) // 2, (int(left) + int(right) - width) // 2
                rows = slice(max(first, 0), min(first + height, old_height))
                columns = slice(max(start, 0), min(start + width, old_width))
                made[:] = value
                made[rows.start - first : rows.stop - first, columns.start - start : columns.stop - start] = image[rows, columns]
            return
        if self.mode == "box":
            top, left = self.top, self.left
        else:
            top, left = (old_height - height) // 2, (old_width - width) // 2
        out[:] = images[:, top : top + height, left : left + width]

    def _background_of(self, images: NDArray[Any]) -> NDArray[Any]:
        """The background's value per image and channel: (n, channels)."""
        import numpy as np

        if self.background is None:
            return images[:, 0, 0, :]
        low, high = full_range(images.dtype)
        value = self.background if np.issubdtype(images.dtype, np.floating) else min(max(self.background, low), high)
        return np.full((len(images), images.shape[3]), value).astype(images.dtype)

    def _content(self, images: NDArray[Any]) -> NDArray[Any]:
        """(n, 4): first row, row after the last, first column, column after the last of the content of each image.

        An image without content gets an empty box in its middle.
        """
        import numpy as np

        height, width = images.shape[1:3]
        wide = images.astype(np.float64)
        background = wide[:, :1, :1, :] if self.background is None else np.full((1, 1, 1, 1), self.background)
        with np.errstate(invalid="ignore"):  # infinite pixels
            difference = np.abs(wide - background)
        content: Any = (difference > self.tolerance).any(-1)
        boxes: list[NDArray[Any]] = []
        for length, there in ((height, content.any(2)), (width, content.any(1))):
            first = np.where(there.any(1), there.argmax(1), length // 2)
            last = np.where(there.any(1), length - there[:, ::-1].argmax(1), length // 2)
            boxes += [first, last]
        return np.stack(boxes, axis=1)

    def _common_box(self, source: ImageColumns, dtype: pl.Array, job: Job) -> tuple[int, int, int, int]:
        height, width, _ = dtype.shape
        top, bottom, left, right = height, 0, width, 0
        for piece in source.pieces():
            job.check_cancelled()
            images = present_images(piece[self.column])
            if len(images):
                boxes = self._content(images)
                boxes = boxes[(boxes[:, 1] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 2])]
                if len(boxes):
                    top, left = min(top, int(boxes[:, 0].min())), min(left, int(boxes[:, 2].min()))
                    bottom, right = max(bottom, int(boxes[:, 1].max())), max(right, int(boxes[:, 3].max()))
        if bottom <= top:
            job.warn("No image has anything but background; they stay whole.")
            return 0, 0, height, width
        top, left = max(0, top - self.margin), max(0, left - self.margin)
        bottom, right = min(height, bottom + self.margin), min(width, right + self.margin)
        return top, left, bottom - top, right - left
