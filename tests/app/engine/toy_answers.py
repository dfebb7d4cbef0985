"""Questions for tests of the engine's process, which loads this module as if it were a plug-in: large and slow answers.

And a node with something to ask about that is no table of its own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

import polars as pl

from app.engine.inspection import answers
from app.engine.inspection.base import AnswerMaker, StoredOutputs
from app.engine.messages.base import Answer, ResultQuestion
from nodes.base import Job, Node, Port, Spec, Specs, Value, Values
from nodes.values.table import Table, TableSpec


class LargeAnswer(Answer, frozen=True, kw_only=True):
    """So many bytes; the first number of the table beside them."""

    first: int


class LargeQuestion(ResultQuestion[LargeAnswer], frozen=True, kw_only=True):
    size: int


class SlowAnswer(Answer, frozen=True, kw_only=True):
    """After so many seconds."""

    slept: float


class SlowQuestion(ResultQuestion[SlowAnswer], frozen=True, kw_only=True):
    seconds: float


class FaultyQuestion(ResultQuestion[SlowAnswer], frozen=True, kw_only=True):
    """Never answered."""


class PanickedQuestion(ResultQuestion[SlowAnswer], frozen=True, kw_only=True):
    """Over which polars gives up."""


class WrongQuestion(ResultQuestion[SlowAnswer], frozen=True, kw_only=True):
    """Answered with an answer of another class than it says."""


def large(outputs: StoredOutputs, asked: LargeQuestion) -> LargeAnswer:
    return LargeAnswer(first=int(outputs.table(asked.port).frame()["n"][0]), payload=b"\n{" * (asked.size // 2))


def slow(outputs: StoredOutputs, asked: SlowQuestion) -> SlowAnswer:
    time.sleep(asked.seconds)
    return SlowAnswer(slept=asked.seconds)


def faulty(outputs: StoredOutputs, asked: FaultyQuestion) -> SlowAnswer:
    raise ZeroDivisionError("division by zero")


def panicked(outputs: StoredOutputs, asked: PanickedQuestion) -> SlowAnswer:
    raise pl.exceptions.PanicException("lost my way")


def wrong(outputs: StoredOutputs, asked: WrongQuestion) -> Answer:
    return LargeAnswer(first=1)


cast(dict[type, AnswerMaker], answers()).update(
    {LargeQuestion: large, SlowQuestion: slow, FaultyQuestion: faulty, PanickedQuestion: panicked, WrongQuestion: wrong}
)


class Epochs(Node):
    """A history of two epochs, as a Learner has it."""

    id = "toy.epochs"
    title = "Epochs"
    shelf = "Tables"
    output_ports = (Port("history", "table", "History"),)

    def configure(self, specs: Specs) -> Mapping[str, Spec | None]:
        return {"history": TableSpec(pl.Schema({"epoch": pl.Int64, "loss": pl.Float64}), 2)}

    def execute(self, values: Values, job: Job) -> Mapping[str, Value]:
        for epoch, loss in ((1, 0.5), (2, 0.25)):
            job.metrics(epoch, {"loss": loss}, epoch=True)
        return {"history": Table.of(pl.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]}))}
