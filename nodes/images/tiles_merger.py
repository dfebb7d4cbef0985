"""Merge Tiles: the tiles of an image put together again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from nodes.base import Columns, Job, Node, NodeError, Port, Spec, Specs, Value, Values, setting
from nodes.kit.images.columns import IMAGES, ImageColumns, image_dtype
from nodes.kit.images.pairs import Size
from nodes.kit.images.pixels import check_numbers, check_value, numpy_dtype, put
from nodes.kit.images.preview import preview
from nodes.values.figure import Figure
from nodes.values.table import BATCH_BYTES, TableSpec, cell_bytes, leaf_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WHOLE = Columns("table", ("integer",))


class MergeTiles(Node):
    """Put tiles together into whole images: the way back from Split into Tiles.

    Tiles with the same image number make one image; the order of rows does not matter. Where tiles overlap, their mean
    counts; where a tile is missing, the fill value stands. The other columns come from each image's first row. Without a
    size, the image reaches as far as the tiles do, which is known only when the node runs.

    Example: Split into Tiles, a Keras Network Executor that finds the noise in each tile, and Merge Tiles clean an image of
    any size with a network for 64 x 64.
    """

    id = "images.merge_tiles"
    title = "Merge Tiles"
    shelf = "Images / Geometry"
    icon = "mdi6.view-grid"
    keywords = ("Tile Loop End", "Merger", "patches", "mosaic", "stitch", "reconstruct", "join", "montage")
    input_ports = (Port("table", "table", "Tiles", "A row per tile, with the number of its image and its place."),)
    output_ports = (Port("table", "table", "Images", "A row per image."),)

    column: str = setting("image", "Tile column", "The tiles.", columns=Columns("table", IMAGES))
    number: str = setting("image_number", "Image number", "Tiles with the same number belong together.", columns=_WHOLE)
    tile_row: str = setting("tile_row", "Tile row", "A tile's row in its image, from 0.", columns=_WHOLE)
    tile_column: str = setting("tile_column", "Tile column number", "A tile's column in its image, from 0.", columns=_WHOLE)
    step: Size | None = setting(None, "Step", "How far apart tiles begin, down and across, in pixels; empty: side by side.")
    size: Size | None = setting(
        None,
        "Image size",
        "Height and width in pixels; what tiles have beyond is cut off. Empty: as far as the tiles reach.",
    )
    fill: float = setting(0.0, "Fill value", "What stands where there is no tile.", allow_inf_nan=False, advanced=True)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        """A row per image; not known without a size, and for encoded tiles."""
        table = specs.table()
        dtype = image_dtype(table, self.column)
        for name in ("number", "tile_row", "tile_column"):
            table.require(getattr(self, name), "integer", setting=name)
        if dtype is not None:
            self._check(dtype)
        return {"table": None if dtype is None or self.size is None else self._spec(table, self.size)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        """Put the tiles in their places, some images at a time."""
        import numpy as np

        table = values.table()
        source = ImageColumns(table, [self.column])
        tile = source.dtype(self.column)
        self._check(tile)
        places = [table.frame([c])[c] for c in (self.number, self.tile_row, self.tile_column)]
        if any(place.null_count() for place in places):
            raise NodeError("A tile has no number or place.", "Fill the missing cells, or filter the rows out.", setting="number")
        where = np.stack([place.to_numpy().astype(np.int64) for place in places], axis=1)
        if (where[:, 1:] < 0).any():
            raise NodeError("A tile's place is below 0.", "Rows and columns of tiles count from 0.", setting="tile_row")
        _, first, image = np.unique(where[:, 0], return_index=True, return_inverse=True)
        order = np.argsort(np.argsort(first))  # images in the order in which they first occur
        steps = self.step or (tile.shape[0], tile.shape[1])
        corners = where[:, 1:] * np.array(steps)
        reach = corners.max(0) + tile.shape[:2] if len(corners) else np.array(tile.shape[:2])
        size = self.size or (int(reach[0]), int(reach[1]))
        if max(size) > 16_384:
            raise NodeError(
                f"The images would have {size[0]} x {size[1]} pixels.", "Look at the tiles' places.", setting="tile_row"
            )
        base = table.take(np.sort(first)).drop([self.tile_row, self.tile_column])
        merged = job.stream(self._pieces(source, order[image], corners, size, job))
        made = base.with_columns(merged)
        return {"table": made.select([c for c in table.columns if c in made.columns])}

    def views(self, outputs: Values) -> Sequence[Figure]:
        """The first images."""
        return preview(outputs.table(), self.column)

    def _check(self, dtype: pl.Array) -> None:
        check_numbers(dtype, self.column)
        check_value(self.fill, dtype, "fill")

    def _spec(self, table: TableSpec, size: tuple[int, int]) -> TableSpec:
        dtype = table.schema[self.column]
        assert isinstance(dtype, pl.Array)
        whole = pl.Array(leaf_dtype(dtype), (*size, dtype.shape[2]))
        kept = {c: d for c, d in table.schema.items() if c not in (self.tile_row, self.tile_column)}
        return table.with_schema(kept | {self.column: whole}).with_rows(None)

    def _pieces(
        self, source: ImageColumns, image: NDArray[Any], corners: NDArray[Any], size: tuple[int, int], job: Job
    ) -> Iterator[pl.DataFrame]:
        import numpy as np

        tile = source.dtype(self.column)
        whole = pl.Array(leaf_dtype(tile), (*size, tile.shape[2]))
        step = max(1, BATCH_BYTES // max(1, cell_bytes(whole) * 4))
        count = int(image.max()) + 1 if len(image) else 0
        for start in range(0, max(count, 1), step):
            job.check_cancelled()
            job.progress(start / max(count, 1))
            here = min(step, count - start)
            rows = np.flatnonzero((image >= start) & (image < start + step))
            total = np.zeros((here, *whole.shape))
            covered = np.zeros((here, *whole.shape[:2], 1))
            part = ImageColumns(source.table.take(rows), [self.column]) if len(rows) else None
            done = 0
            for piece in part.pieces() if part else ():
                numbers = rows[done : done + piece.height][piece[self.column].is_not_null().to_numpy()]
                for pixels, row in zip(piece[self.column].drop_nulls().to_numpy(), numbers, strict=True):
                    top, left = corners[row]
                    seen = total[image[row] - start, top : top + tile.shape[0], left : left + tile.shape[1]]
                    seen += pixels[: seen.shape[0], : seen.shape[1]]
                    covered[image[row] - start, top : top + tile.shape[0], left : left + tile.shape[1]] += 1
                done += piece.height
            out = np.empty(total.shape, numpy_dtype(leaf_dtype(tile)))
            put(np.where(covered > 0, total / np.maximum(covered, 1), self.fill), out)
            yield pl.DataFrame({self.column: pl.Series(out, dtype=whole)})
