"""What a killed training needs to go on: one file of plain numbers and JSON, whole or not there at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
HEADER = "training"


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be used, and why."""


def save(path: Path, arrays: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
    """Write a checkpoint; the one that was there stays until the new one is on the disk.

    Args:
        path: The safetensors file.
        arrays: Weights and the like, of numpy's number types.
        state: All else, in plain JSON.
    """
    import numpy as np
    from safetensors.numpy import save as encode

    # safetensors takes arrays for C-contiguous without looking, and would store others scrambled.
    plain = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    content = encode(plain, {HEADER: json.dumps({"format": FORMAT, **state})})
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync_folder(path.parent)


def load(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Read a checkpoint.

    Raises:
        FileNotFoundError: If there is none.
        DamagedCheckpoint: If it is not one, or of another format.
    """
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with safe_open(path, framework="numpy") as file:
            state = json.loads((file.metadata() or {})[HEADER])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DamagedCheckpoint(f"{type(error).__name__}: {error}") from error
    if not isinstance(state, dict) or state.pop("format", None) != FORMAT:
        raise DamagedCheckpoint("it is of another format")
    return arrays, state


def _sync_folder(folder: Path) -> None:
    """Make a renaming in a folder last through a power cut; Windows cannot open folders, and does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
