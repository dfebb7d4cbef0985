"""The main job as one would write it by hand with Keras: what `make bench` compares Layerloom with.

python -m tests.benchmarks.plain_keras DATA OUTPUT --epochs 2

The same data, network, optimizer, schedule, split and scores as workflows/fashion_mnist_cnn.workflow.json. The last line it
prints is JSON: when each epoch ended (seconds since 1970), and the accuracy.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
SEED = 7


def read_idx(path: Path) -> NDArray[np.uint8]:
    """The array in a gzipped IDX file of bytes."""
    content = gzip.decompress(path.read_bytes())
    dimensions = np.frombuffer(content, ">u4", count=content[3], offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(dimensions)


def load(data: Path, name: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Images (rows, 28, 28, 1) from 0 to 1, and labels."""
    images = read_idx(data / f"{name}-images-idx3-ubyte.gz")[..., np.newaxis].astype(np.float32)
    images /= 255
    return images, read_idx(data / f"{name}-labels-idx1-ubyte.gz")


def stratified_split(labels: NDArray[np.uint8], share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row numbers of two parts; `share` of every class is in the first."""
    generator = np.random.default_rng(SEED)
    first = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        first[generator.choice(rows, round(share * len(rows)), replace=False)] = True
    return np.flatnonzero(first), np.flatnonzero(~first)


def load_for_training(data: Path) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
    """(images, one-hot targets) for training and for validation; the whole array is not kept beside its parts."""
    images, labels = load(data, "train")
    targets = np.eye(len(CLASSES), dtype=np.float32)[labels]
    train, validation = stratified_split(labels, 0.9)
    return (images[train], targets[train]), (images[validation], targets[validation])


def build() -> keras.Model:
    """The network of the example."""
    convolution = {"kernel_size": 2, "padding": "same", "activation": "relu"}
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, **convolution),
            layers.Conv2D(16, **convolution),
            layers.MaxPooling2D(),
            layers.Conv2D(32, **convolution),
            layers.Conv2D(32, **convolution),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


class EpochEnds(keras.callbacks.Callback):
    """Notes when every epoch, validation included, was over."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.times.append(time.time())


def score(actual: NDArray[Any], predicted: NDArray[Any]) -> dict[str, Any]:
    """Confusion matrix, accuracy, Cohen's kappa, and precision, recall and F1 per class."""
    matrix = np.zeros((len(CLASSES), len(CLASSES)), np.int64)
    np.add.at(matrix, (actual, predicted), 1)
    right, rows, columns, total = np.diag(matrix), matrix.sum(1), matrix.sum(0), matrix.sum()
    expected = (rows * columns).sum() / total**2
    accuracy = right.sum() / total
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / columns, right / rows
        f1 = 2 * precision * recall / (precision + recall)
    return {
        "matrix": matrix,
        "accuracy": float(accuracy),
        "kappa": float((accuracy - expected) / (1 - expected)),
        "per_class": dict(zip(CLASSES, np.stack([precision, recall, f1], 1).round(4).tolist(), strict=True)),
    }


def main() -> None:
    """Read, train, apply, score, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=128)
    options = parser.parse_args()

    keras.utils.set_random_seed(SEED)
    (images, targets), validation = load_for_training(options.data)
    model = build()
    steps = options.epochs * -(-len(images) // options.batch_size)
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps)),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    ends = EpochEnds()
    model.fit(
        images,
        targets,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=validation,
        validation_batch_size=1000,
        callbacks=[ends],
        verbose=2,
    )

    test_images, test_labels = load(options.data, "t10k")
    probabilities = model.predict(test_images, batch_size=options.batch_size, verbose=0)
    found = score(test_labels, probabilities.argmax(1))
    print(found["matrix"], f"accuracy {found['accuracy']:.4f}, kappa {found['kappa']:.4f}", sep="\n")
    for name, (precision, recall, f1) in found["per_class"].items():
        print(f"{name:12} precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}")

    options.output.mkdir(parents=True, exist_ok=True)
    model.save(options.output / "fashion_mnist_cnn.keras")
    model.save(options.output / "fashion_mnist_cnn.h5")
    print(json.dumps({"epoch_ends": ends.times, "accuracy": found["accuracy"]}))


if __name__ == "__main__":
    main()
