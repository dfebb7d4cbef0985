"""What writes after every epoch of a training: networks, the history, event files for TensorBoard."""

from __future__ import annotations

import csv
import io
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from nodes.base import Job, NodeError
from nodes.kit.training.callbacks import CSVLogger, ModelCheckpoint, TensorBoard
from nodes.kit.training.stopping import is_better, worst

if TYPE_CHECKING:
    import keras

BINS = 30
"""Of histograms, as TensorBoard's own writer makes them."""


class EpochCallback(Protocol):
    """Something that is told of every finished epoch."""

    def epoch(self, row: Mapping[str, float], model: keras.Model) -> None:
        """Record an epoch: its row of the history, and the model as it is now.

        Raises:
            NodeError: If a file cannot be written.
        """

    def state(self) -> Any:
        """Return what must be in a checkpoint, in plain JSON."""

    def restore(self, state: Any) -> None:
        """Go on from such a state."""

    def close(self) -> list[Path]:
        """Finish, and return the files that were written and are still there."""


class CheckpointWriter:
    """Writes the network as `ModelCheckpoint` says.

    Args:
        rule: When and where to.
        monitor: The quantity that decides what is best.
        rises: Whether it should rise.
        job: Tells where paths are meant from, and the person what was written.
    """

    def __init__(self, rule: ModelCheckpoint, monitor: str, rises: bool, job: Job) -> None:
        self._rule, self._monitor, self._rises, self._job = rule, monitor, rises, job
        threshold = rule.initial_value_threshold
        self._best = worst(rises) if threshold is None else threshold
        self._written: list[str] = []

    def epoch(self, row: Mapping[str, float], model: keras.Model) -> None:
        """Write a file, if it is time to."""
        number = int(row["epoch"])
        if number % self._rule.save_freq:
            return
        if self._rule.save_best_only:
            value = row.get(self._monitor)
            if value is None or not is_better(value, self._best, self._rises, 0.0):
                return
            self._best = value
        try:
            path = self._job.resolve(self._rule.name(row, number))
        except KeyError as error:  # an epoch without validation has no such figures
            self._job.log(f"epoch {number}: no file is written, as there is no {error} for its name")
            return
        self._job.claim(path)
        with _WriteErrors(path, "model_checkpoint.filepath"):
            self._write(model, path)
        self._job.log(f"epoch {number}: the network is in {path}")
        if str(path) not in self._written:
            self._written.append(str(path))

    def _write(self, model: keras.Model, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        ending = ".weights.h5" if self._rule.save_weights_only else ".keras"
        aside = path.with_name(f".{uuid.uuid4().hex}{ending}")
        try:
            if self._rule.save_weights_only:
                model.save_weights(aside)
            else:
                model.save(aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    def state(self) -> Any:
        """Return the best value, and what was written."""
        return {"best": self._best if math.isfinite(self._best) else None, "written": self._written}

    def restore(self, state: Any) -> None:
        """Go on from such a state."""
        if state["best"] is not None:
            self._best = state["best"]
        self._written = list(state["written"])

    def close(self) -> list[Path]:
        """Return the networks that were written."""
        return [path for path in map(Path, self._written) if path.exists()]


class HistoryWriter:
    """Writes the history as `CSVLogger` says: all columns, epochs counted from 1.

    Args:
        rule: Where to, and how.
        columns: The history's columns.
        job: Tells where paths are meant from.
    """

    def __init__(self, rule: CSVLogger, columns: Sequence[str], job: Job) -> None:
        self._rule, self._columns = rule, list(columns)
        self._path = job.resolve(rule.filename)
        self._claim = job.claim
        self._rows: list[Mapping[str, float]] = []
        self._offset: int | None = None

    def epoch(self, row: Mapping[str, float], model: keras.Model) -> None:
        """Write all rows so far, behind what was in the file before where it is appended to."""
        if not self._rows:
            self._claim(self._path)
        self._rows.append(row)
        with _WriteErrors(self._path, "csv_logger.filename"):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                if self._offset is None:
                    self._offset = file.tell() if self._rule.append else 0
                file.seek(max(self._offset - 1, 0))
                whole = self._offset == 0 or file.read(1) == b"\n"
                file.truncate(self._offset)
                file.write(("" if whole else "\n").encode() + self._text().encode())

    def _text(self) -> str:
        text = io.StringIO()
        writer = csv.DictWriter(text, self._columns, delimiter=self._rule.separator, lineterminator="\n", extrasaction="ignore")
        if not self._offset:
            writer.writeheader()
        writer.writerows(self._rows)
        return text.getvalue()

    def state(self) -> Any:
        """Return where the rows begin in the file, and the rows."""
        return {"offset": self._offset, "rows": [dict(row) for row in self._rows]}

    def restore(self, state: Any) -> None:
        """Go on from such a state."""
        self._offset, self._rows = state["offset"], list(state["rows"])

    def close(self) -> list[Path]:
        """Return the file."""
        return [self._path] if self._rows and self._path.exists() else []


class EventWriter:
    """Writes event files as `TensorBoard` says, with the names that Keras's callback gives, steps counted from 0.

    The package tensorboard need not be there: the events are written by TensorFlow itself.
    """

    def __init__(self, rule: TensorBoard, job: Job) -> None:
        self._rule = rule
        self._folder = job.resolve(rule.log_dir)
        for place in ("train", "validation"):
            job.claim(self._folder / place)
        self._writers: dict[str, Any] = {}
        self._there = set(self._files())
        self._graph_written = False
        self._steps = 0

    def epoch(self, row: Mapping[str, float], model: keras.Model) -> None:
        """Write the figures of an epoch, and histograms where it is time to."""
        import tensorflow as tf

        step = int(row["epoch"]) - 1
        with _WriteErrors(self._folder, "tensorboard.log_dir"), tf.device("cpu:0"):
            if self._rule.write_graph and not self._graph_written:
                self._write("train", "keras", model.to_json(), 0, "graph_keras_model")
                self._graph_written = True
            for name, value in row.items():
                if name not in ("epoch", "seconds"):
                    place = "validation" if name.startswith("val_") else "train"
                    self._write(place, f"epoch_{name.removeprefix('val_')}", float(value), step, "scalars")
            steps = int(model.optimizer.iterations)
            if self._rule.write_steps_per_second:
                speed = (steps - self._steps) / max(row["seconds"], 1e-9)
                self._write("train", "epoch_steps_per_second", speed, step, "scalars")
            self._steps = steps
            if self._rule.histogram_freq and step % self._rule.histogram_freq == 0:
                for layer in model.layers:
                    for weight in layer.weights:
                        array = weight.numpy()
                        self._write("train", f"{weight.path}/histogram", histogram(array), step, "histograms")
                        if self._rule.write_images and (pictures := images(array)) is not None:
                            self._write("train", f"{weight.path}/image", encoded(pictures), step, "images")
            for writer in self._writers.values():
                writer.flush()

    def _write(self, place: str, tag: str, value: Any, step: int, plugin: str) -> None:
        import tensorflow as tf

        if place not in self._writers:
            self._writers[place] = tf.summary.create_file_writer(str(self._folder / place))
        metadata = tf.compat.v1.SummaryMetadata()
        metadata.plugin_data.plugin_name = plugin
        with self._writers[place].as_default():
            # What a Python number becomes would depend on it; the graph is a text, pictures are bytes.
            tensor = tf.constant(value, tf.string if isinstance(value, str | list) else tf.float32)
            tf.summary.write(tag, tensor, step=step, metadata=metadata)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*/events.out.tfevents.*"))

    def state(self) -> Any:
        """Return whether the graph was written, and the steps of training so far."""
        return {"graph": self._graph_written, "steps": self._steps}

    def restore(self, state: Any) -> None:
        """Go on from such a state."""
        self._graph_written, self._steps = state["graph"], state.get("steps", 0)

    def close(self) -> list[Path]:
        """Return the event files of this run."""
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
        return [path for path in self._files() if path not in self._there]


def histogram(values: Any) -> Any:
    """Return a histogram as TensorBoard stores it: (bins, 3), left end, right end and count of each bin; empty of what is
    infinite."""
    import numpy as np

    finite = np.asarray(values, np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return np.zeros((0, 3))
    counts, edges = np.histogram(finite, bins=BINS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def images(weight: Any) -> Any | None:
    """Return a weight as grey pictures, (pictures, rows, columns) UInt8, laid out as Keras does it; None where it has no such
    form.

    A vector is one row; a matrix lies along its longer side; of three dimensions the last one counts the pictures. Values go
    from the smallest (0) to the largest (255).
    """
    import numpy as np

    values = np.squeeze(np.asarray(weight, np.float64))
    if values.ndim not in (1, 2, 3) or not values.size or not np.isfinite(values).all():
        return None
    if values.ndim == 1:
        values = values[None, None]
    elif values.ndim == 2:
        values = (values.T if values.shape[0] > values.shape[1] else values)[None]
    else:
        values = values.transpose(2, 0, 1)
    spread = values.max() - values.min()
    return np.rint((values - values.min()) * (255 / spread if spread else 0)).astype(np.uint8)


def encoded(pictures: Any) -> list[bytes]:
    """Return pictures as TensorBoard stores them: width, height, then each as PNG."""
    import tensorflow as tf

    _, height, width = pictures.shape
    return [str(width).encode(), str(height).encode(), *(tf.io.encode_png(p[..., None]).numpy() for p in pictures)]


class _WriteErrors:
    """Turns what a disk raises into a NodeError."""

    def __init__(self, path: Path, where: str) -> None:
        self._path, self._where = path, where

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Say which file it was."""
        import tensorflow as tf

        if isinstance(error, OSError | tf.errors.OpError):
            reason = getattr(error, "strerror", None) or re.sub(r"\{\{.*?\}\} ?| \[Op:.*", "", str(error))
            raise NodeError(
                f"'{self._path}' cannot be written: {reason}.", "Choose another place, or make room.", setting=self._where
            ) from error
