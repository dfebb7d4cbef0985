"""Repeated blocks are found by how layers are wired, in real architectures and in made ones."""

from __future__ import annotations

import pytest

from nodes.base import Specs
from nodes.kit.networks.repeats import LayerFold, folded, shown_parts
from nodes.networks.backbones import ResNet
from nodes.values.network import NetworkSpec


def chain(kinds: list[str]) -> list[tuple[int, int]]:
    return [(n, n + 1) for n in range(len(kinds) - 1)]


def titles(parts: tuple[LayerFold | int, ...], kinds: list[str]) -> list[str]:
    return [part.title if isinstance(part, LayerFold) else kinds[part] for part in parts]


def residual(blocks: int) -> tuple[list[str], list[tuple[int, int]]]:
    """A network of residual blocks: two convolutions, and a way past them."""
    kinds, edges, last = ["InputLayer", "Conv2D"], [(0, 1)], 1
    for _ in range(blocks):
        n = len(kinds)
        kinds += ["Conv2D", "BatchNormalization", "Conv2D", "Add", "ReLU"]
        edges += [(last, n), (n, n + 1), (n + 1, n + 2), (n + 2, n + 3), (last, n + 3), (n + 3, n + 4)]
        last = n + 4
    return [*kinds, "Dense"], [*edges, (last, len(kinds))]


def test_residual_blocks_are_one_fold_that_opens_into_blocks_and_those_into_layers() -> None:
    kinds, edges = residual(5)
    parts = folded(kinds, edges)
    assert titles(parts, kinds) == ["InputLayer", "Conv2D", "Conv block × 5", "Dense"]
    fold = parts[2]
    assert isinstance(fold, LayerFold)
    seen, frames = shown_parts(parts, [(fold.first, fold.last)])
    assert [part.title for part in seen if isinstance(part, LayerFold)] == ["Conv block"] * 5
    assert frames == [fold]
    block = fold.parts[1]
    assert isinstance(block, LayerFold)
    seen, frames = shown_parts(parts, [(fold.first, fold.last), (block.first, block.last)])
    assert [part for part in seen if part in block.layers] == list(block.layers)
    assert frames == [fold, block]


def test_a_block_that_is_wired_otherwise_is_another_one() -> None:
    kinds, edges = residual(5)
    edges.remove((11, 15))  # the third block has no way past it
    folds = [part for part in folded(kinds, edges) if isinstance(part, LayerFold)]
    assert [(fold.title, fold.first) for fold in folds] == [("Conv block × 2", 2), ("Conv block × 2", 17)]


def test_a_chain_is_folded_by_its_period() -> None:
    stage = ["Conv2D", "Conv2D", "Conv2D", "MaxPooling2D"]
    kinds = ["InputLayer", *stage * 5, "Flatten", *["Dense"] * 5]
    assert titles(folded(kinds, chain(kinds)), kinds) == ["InputLayer", "Conv block × 5", "Flatten", "Dense × 5"]


def test_a_small_network_is_seen_whole() -> None:
    kinds = ["InputLayer", *["Conv2D", "Conv2D", "MaxPooling2D"] * 4, "Flatten", "Dense"]
    assert folded(kinds, chain(kinds)) == tuple(range(15))


@pytest.mark.parametrize("blocks", [4, 7, 200])
def test_every_layer_is_there_once_however_it_is_folded(blocks: int) -> None:
    kinds, edges = residual(blocks)
    parts = folded(kinds, edges)

    def layers(some: tuple[LayerFold | int, ...]) -> list[int]:
        return [n for part in some for n in (layers(part.parts) if isinstance(part, LayerFold) else [part])]

    assert layers(parts) == list(range(len(kinds)))


def test_a_layer_that_is_used_twice_holds_all_between_together() -> None:
    kinds, edges = residual(5)
    assert all(isinstance(part, int) for part in folded(kinds, [*edges, (25, 1)])[:20])


def test_the_stages_of_resnet50_are_seen() -> None:
    network = next(iter(ResNet().configure(Specs({})).values()))
    assert isinstance(network, NetworkSpec)
    numbers = {layer.name: number for number, layer in enumerate(network.layers)}
    kinds = [layer.kind for layer in network.layers]
    edges = [(numbers[tensor.layer], numbers[call.layer]) for call in network.calls for tensor in call.inputs]
    seen = titles(folded(kinds, edges), kinds)
    assert len(kinds) > 170
    assert len(seen) < 25
    assert [title for title in seen if "×" in title] == [f"Conv block × {count}" for count in (2, 3, 5, 2)]
