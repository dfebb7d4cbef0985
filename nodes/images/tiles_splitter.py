"""Split into Tiles: every image cut into small ones, a row for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype, spread_where
from nodes.kit.images.filling import FILLS, Fill, padded
from nodes.kit.images.pairs import Size
from nodes.kit.images.pixels import check_numbers, check_value
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import TableSpec, cell_bytes, leaf_dtype

_NEW = ("image_number", "tile_row", "tile_column")


class SplitIntoTiles(Node):
    """Cut every image into tiles of equal size, and make a row of each.

    The other columns are repeated; *image_number* (the row of the old table, from 0), *tile_row* and *tile_column* say where
    a tile comes from, and Merge Tiles puts them together again. With a step smaller than the tile, tiles overlap. What is
    left over at the right and at the bottom is dropped, or filled up. A missing image gives missing tiles.

    KNIME does this with the Splitter and with tile loops.

    Example: tiles of 64 x 64 with a step of 32 make enough samples for a network out of a few large micrographs.
    """

    id = "images.split_tiles"
    title = "Split into Tiles"
    shelf = "Images / Geometry"
    icon = "mdi6.view-grid-outline"
    keywords = ("Splitter", "Tile Loop Start", "patches", "extract_patches", "grid", "crop", "sliding window", "slice")
    input_ports = (Port("table", "table", "Images", "A table with a column of images."),)
    output_ports = (Port("table", "table", "Tiles", "A row per tile."),)

    column: str = setting("image", "Image column", "The images to cut.", columns=Columns("table", IMAGES))
    height: int = setting(2, "Tile height", "The height of a tile, in pixels.", ge=1, le=16_384)
    width: int = setting(2, "Tile width", "The width of a tile, in pixels.", ge=1, le=16_384)
    step: Size | None = setting(None, "Step", "How far apart tiles begin, down and across, in pixels; empty: side by side.")
    remainder: Literal["drop", "fill"] = setting(
        "drop",
        "What is left over",
        "What becomes of pixels that do not make a whole tile.",
        choices={"drop": "They are left out.", "fill": "The image is filled up to a whole tile."},
    )
    fill_mode: Fill = setting(
        "constant",
        "Fill with",
        "What stands beyond the image in tiles that reach over its edge.",
        choices=FILLS,
        shown_if={"remainder": "fill"},
    )
    fill: float = setting(
        0.0,
        "Fill value",
        "The value beyond the image, in its own units.",
        shown_if={"remainder": "fill", "fill_mode": "constant"},
        allow_inf_nan=False,
    )

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """A row per tile; not known for encoded images."""
        table = specs.table()
        for name in _NEW:
            if name in table.schema:
                raise NodeError(f"There is a column '{name}' already.", "Rename that column before this node.", setting="column")
        return {"table": None if image_dtype(table, self.column) is None else self._spec(table)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Cut piece by piece; the other columns are not copied."""
        import numpy as np

        table = values.table()
        source = ImageColumns(table, [self.column])
        self._spec(source.spec)
        down, across = self._grid(source.dtype(self.column))
        rows = np.repeat(np.arange(table.height), down * across)
        tiles = job.stream(self._pieces(source, job))
        return {"table": table.take(rows).with_columns(tiles)}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first tiles."""
        return preview(outputs.table(), self.column, title="First tiles")

    def _steps(self) -> tuple[int, int]:
        return self.step or (self.height, self.width)

    def _grid(self, dtype: pl.Array) -> tuple[int, int]:
        """How many tiles there are down and across."""
        found = []
        for name, old, tile, step in zip(
            ("height", "width"), dtype.shape, (self.height, self.width), self._steps(), strict=False
        ):
            left = old - tile
            count = (-(-left // step) if self.remainder == "fill" else left // step) + 1
            if left < 0 and self.remainder == "drop":
                raise NodeError(
                    f"The images have a {name} of {old} pixels, less than a tile.",
                    "Choose smaller tiles, or fill up.",
                    setting=name,
                )
            found.append(max(count, 1))
        return found[0], found[1]

    def _spec(self, table: TableSpec) -> TableSpec:
        dtype = table.schema[self.column]
        assert isinstance(dtype, pl.Array)
        check_numbers(dtype, self.column)
        if self.remainder == "fill" and self.fill_mode == "constant":
            check_value(self.fill, dtype, "fill")
        down, across = self._grid(dtype)
        tile = pl.Array(leaf_dtype(dtype), (self.height, self.width, dtype.shape[2]))
        new: dict[str, pl.DataType] = {self.column: tile, **dict.fromkeys(_NEW, pl.UInt32())}
        return table.with_columns(new).with_rows(None if table.rows is None else table.rows * down * across)

    def _pieces(self, source: ImageColumns, job: Job) -> Iterator[pl.DataFrame]:
        import numpy as np

        dtype = source.dtype(self.column)
        down, across = self._grid(dtype)
        steps = self._steps()
        tile = pl.Array(leaf_dtype(dtype), (self.height, self.width, dtype.shape[2]))
        bottom = max(0, (down - 1) * steps[0] + self.height - dtype.shape[0])
        right = max(0, (across - 1) * steps[1] + self.width - dtype.shape[1])
        done = 0
        for piece in source.pieces(beside=cell_bytes(tile) * down * across):
            job.check_cancelled()
            job.progress(done / max(source.table.height, 1))
            images = piece[self.column].drop_nulls().to_numpy()
            if bottom or right:
                images = padded(images, (0, bottom, 0, right), self.fill_mode, self.fill)
            windows = np.lib.stride_tricks.sliding_window_view(images, (self.height, self.width), axis=(1, 2))
            chosen = windows[:, : (down - 1) * steps[0] + 1 : steps[0], : (across - 1) * steps[1] + 1 : steps[1]]
            tiles = chosen.transpose(0, 1, 2, 4, 5, 3).reshape(-1, *tile.shape)
            number = np.repeat(np.arange(done, done + piece.height), down * across)
            place = np.tile(np.arange(down * across), piece.height)
            made = pl.Series(self.column, tiles, dtype=tile)
            made = spread_where(made, pl.Series(np.repeat(piece[self.column].is_not_null().to_numpy(), down * across)))
            yield pl.DataFrame(
                {self.column: made, "image_number": number, "tile_row": place // across, "tile_column": place % across},
                schema_overrides=dict.fromkeys(_NEW, pl.UInt32),
            )
            done += piece.height
