"""What happens beside a training, epoch by epoch: Keras's callbacks, as settings and as parts of our own loop.

Of `keras.callbacks`, early stopping and the falling learning rate are in `nodes.kit.training.stopping`, the end on NaN and the
averaged weights in the learner.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from nodes.base import NodeError, Settings, setting
from nodes.kit.training.schedules import piecewise_problems
from nodes.kit.training.stopping import Monitor

if TYPE_CHECKING:
    pass

_CODE = "It is code of one's own: fit a network with it in a Python Network Learner."
_CHECKPOINT = "The learner's own checkpoint lies with the node's results, is written aside, and disappears when all is done."
_EMBEDDINGS = "TensorBoard's projector needs a checkpoint and a file of labels: Embedding draws the same from the results."
LEFT_OUT: Mapping[str, str] = {
    "Callback": _CODE,
    "LambdaCallback": _CODE,
    "CallbackList": "It is Keras's own means to call the others.",
    "History": "It is the Learner's second output.",
    "ProgbarLogger": "It is the node's progress, and the console.",
    "RemoteMonitor": "It sends figures over the network; the history can be written by any writer.",
    "OrbaxCheckpoint": "It writes JAX's format, which none of the nodes could read.",
    "LearningRateScheduler.schedule": "It is code; rates are typed in by epoch, or come from one of the optimizer's schedules.",
    "TerminateOnNaN.raise_error": "A training whose weights are no numbers any more is an error in any case.",
    "SwapEMAWeights.swap_on_epoch": "The average is swapped in whenever an epoch is validated, compared and written.",
    **dict.fromkeys(
        (f"BackupAndRestore.{name}" for name in ("backup_dir", "save_freq", "double_checkpoint", "delete_checkpoint")),
        _CHECKPOINT,
    ),
    "TensorBoard.update_freq": "Its files are written after each epoch; the curves within an epoch are live in the window.",
    "TensorBoard.profile_batch": "Batches run in blocks inside TensorFlow, so there is no single one to profile.",
    "TensorBoard.embeddings_freq": _EMBEDDINGS,
    "TensorBoard.embeddings_metadata": _EMBEDDINGS,
}
"""Keras's callbacks, and arguments of theirs, that are not among the settings -> why."""

ENDINGS = (".keras", ".weights.h5")


# -------------------------------------------------------------------------------------------------------------- settings


class RateByEpoch(Settings):
    """A learning rate for each stretch of epochs (Keras's LearningRateScheduler, without code)."""

    boundaries: list[Annotated[int, Field(ge=1)]] = setting(
        [10], "Boundaries", "Numbers of epochs, rising, after which the rate changes."
    )
    values: list[Annotated[float, Field(gt=0)]] = setting(
        [0.001, 0.0001], "Learning rates", "The rates: one more than there are boundaries."
    )

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 1."""
        return self.values[sum(epoch > boundary for boundary in self.boundaries)]

    def problems(self) -> Iterator[NodeError]:
        """Find what does not go together, with settings named from here on."""
        return piecewise_problems(self.boundaries, self.values)


class ModelCheckpoint(Monitor):
    """Write the network to a file while it is being trained."""

    filepath: str = setting(
        "checkpoints/{epoch:03d}.keras",
        "File",
        "Where to, ending in .keras (the whole network) or .weights.h5 (its weights). {epoch:03d} and, for example, "
        "{val_loss:.3f} stand for the epoch's figures. A file of that name is replaced.",
        path="write file",
    )
    save_best_only: bool = setting(False, "Best only", "Write only what is better than all before, by the monitored quantity.")
    save_weights_only: bool = setting(False, "Weights only", "Write the weights alone; the file must end in .weights.h5.")
    save_freq: int = setting(
        1, "Every", "Epochs between two files; not batches, as Keras also can, since figures are whole after an epoch only.", ge=1
    )
    initial_value_threshold: float | None = setting(
        None,
        "To beat at first",
        "The monitored value that the first file must be better than; empty: any.",
        advanced=True,
        shown_if={"save_best_only": True},
    )

    def problems(self, quantities: Collection[str]) -> Iterator[NodeError]:
        """Find what is wrong, given the names of what an epoch reports; with settings named from here on."""
        ending = ".weights.h5" if self.save_weights_only else ".keras"
        if not self.filepath.endswith(ENDINGS) or (self.save_weights_only and not self.filepath.endswith(ending)):
            yield NodeError(f"'{self.filepath}' does not end in {ending}.", f"Let it end in {ending}.", setting="filepath")
        elif not self.save_weights_only and not self.filepath.endswith(ending):
            yield NodeError(
                f"'{self.filepath}' is a file for weights alone.",
                "Choose 'Weights only', or the ending .keras.",
                setting="filepath",
            )
        try:
            self.name(dict.fromkeys(quantities, 1.0), 1)
        except (KeyError, ValueError, IndexError) as error:
            fields = ", ".join(f"{{{name}}}" for name in ("epoch", *quantities))
            yield NodeError(
                f"The file's name cannot be made: {type(error).__name__} {error}.", f"There are: {fields}.", setting="filepath"
            )

    def name(self, logs: Mapping[str, float], epoch: int) -> str:
        """Return the file's name for an epoch's figures; only plain fields are looked up.

        Raises:
            KeyError, ValueError, IndexError: If a field is not there, or cannot be written so.
        """
        for _, field, _, _ in string.Formatter().parse(self.filepath):
            if field is not None and not field.isidentifier():
                raise KeyError(field)
        return self.filepath.format_map({**logs, "epoch": epoch})


class CSVLogger(Settings):
    """Write the history to a text file after every epoch."""

    filename: str = setting("training.csv", "File", "The file to write, with a row per epoch.", path="write file")
    separator: str = setting(",", "Separator", "What stands between two values.", min_length=1, max_length=1)
    append: bool = setting(False, "Append", "Keep what is in the file, and write below it; otherwise it is replaced.")


class TensorBoard(Settings):
    """Write what TensorBoard shows: the curves of an epoch, and the weights' distributions."""

    log_dir: str = setting(
        "logs", "Folder", "Where to: subfolders train and validation are made in it, as by Keras.", path="write folder"
    )
    histogram_freq: int = setting(0, "Histograms every", "Epochs between two histograms of all weights; 0: none.", ge=0)
    write_graph: bool = setting(True, "Graph", "Write the network's graph as well.")
    write_images: bool = setting(
        False,
        "Images",
        "Write the weights as grey pictures too, as often as histograms: the smallest is black, the largest white.",
    )
    write_steps_per_second: bool = setting(False, "Speed", "Write how many batches were trained a second.")
