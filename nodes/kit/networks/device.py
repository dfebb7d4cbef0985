"""Where TensorFlow computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nodes.base import NodeError, setting
from nodes.kit.networks.keras_model import import_keras


def device_setting(group: str = "Settings") -> Any:
    """Declare where to compute; it stands beside the batch size.

    Args:
        group: The dialog's tab.
    """
    return setting(
        "",
        "Device",
        "Where to compute: cpu, gpu:0, gpu:1, ...; empty: a graphics card, if there is one.",
        group=group,
        advanced=True,
        pattern=r"^(|cpu|gpu:\d+)$",
    )


@contextmanager
def use_device(name: str) -> Iterator[None]:
    """Create and compute everything on one device.

    Args:
        name: `cpu`, `gpu:0`, ...; empty leaves it to TensorFlow.

    Raises:
        NodeError: If there is no such device.
    """
    import_keras()
    import tensorflow as tf

    if not name:
        yield
        return
    kind, _, number = name.partition(":")
    devices = tf.config.list_logical_devices(kind.upper())
    if int(number or 0) >= len(devices):
        there = [f"{d.device_type.lower()}:{n}" for k in ("GPU",) for n, d in enumerate(tf.config.list_logical_devices(k))]
        raise NodeError(f"There is no device '{name}'.", f"There are: {', '.join(['cpu', *there])}.", setting="device")
    with tf.device(devices[int(number or 0)].name):
        yield
