"""Keras's learning-rate schedules as settings: what the learning rate is at each step of a training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from nodes.base import NodeError, Settings, setting

if TYPE_CHECKING:
    import keras

Rate = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def piecewise_problems(boundaries: Sequence[int], values: Sequence[float]) -> Iterator[NodeError]:
    """Find what is wrong with learning rates (`values`) between rising `boundaries`."""
    if len(values) != len(boundaries) + 1:
        yield NodeError(
            f"{len(boundaries)} boundaries need {len(boundaries) + 1} learning rates, not {len(values)}.",
            "Give one rate more than there are boundaries.",
            setting="values",
        )
    if sorted(set(boundaries)) != list(boundaries):
        yield NodeError("The boundaries do not rise.", "Put them in rising order, each once.", setting="boundaries")


def _initial_rate() -> Any:
    return setting(0.001, "Initial learning rate", "The learning rate at the first step.", gt=0)


def _decay_steps(what: str) -> Any:
    return setting(None, "Decay steps", f"The number of steps {what}; empty means the whole training.", ge=1)


class Schedule(Settings):
    """A learning rate that changes with every batch."""

    STEPS: ClassVar[tuple[str, ...]] = ("decay_steps",)
    """The fields that count steps."""

    kind: str
    unit: Literal["batches", "epochs"] = setting(
        "batches",
        "Steps are",
        "What the numbers of steps count; the rate changes with every batch in any case.",
        choices={"batches": "As in Keras.", "epochs": "Each counts as all the batches of an epoch."},
    )

    @abstractmethod
    def arguments(self, total: int) -> dict[str, Any]:
        """Return Keras's arguments for a training of `total` batches, where steps are batches."""

    def problems(self) -> Iterator[NodeError]:
        """Find what cannot be built, with settings named from the schedule on."""
        return iter(())

    def build(self, total: int, per_epoch: int = 1) -> keras.optimizers.schedules.LearningRateSchedule:
        """Return the Keras object for a training of `total` batches, `per_epoch` of them in an epoch."""
        import keras

        return getattr(keras.optimizers.schedules, self.kind)(**self.in_batches(per_epoch).arguments(total))

    def in_batches(self, per_epoch: int) -> Self:
        """Return the same schedule with all steps counted in batches."""
        if self.unit == "batches":
            return self
        counts = {name: getattr(self, name) for name in self.STEPS}
        scaled = {
            name: [n * per_epoch for n in count] if isinstance(count, list) else count * per_epoch
            for name, count in counts.items()
            if count is not None
        }
        return self.model_copy(update={**scaled, "unit": "batches"})

    def fields(self) -> dict[str, Any]:
        """Return all that are arguments of Keras's."""
        return self.model_dump(exclude={"kind", "unit"})


class SteppedSchedule(Schedule):
    """A schedule with a number of steps after which something is reached."""

    initial_learning_rate: float = _initial_rate()
    decay_steps: int | None = _decay_steps("after which the rate has fallen once by the decay")

    def arguments(self, total: int) -> dict[str, Any]:
        """Return all fields, the steps being the whole training where none are given."""
        return self.fields() | {"decay_steps": self.decay_steps or max(total, 1)}


class ExponentialDecay(SteppedSchedule):
    """rate x decay_rate ^ (step / decay_steps)."""

    kind: Literal["ExponentialDecay"] = "ExponentialDecay"
    decay_rate: float = setting(0.96, "Decay rate", "The factor reached after the decay steps.", gt=0)
    staircase: bool = setting(False, "Staircase", "Fall in stairs, one every decay steps, instead of smoothly.")


class InverseTimeDecay(SteppedSchedule):
    """rate / (1 + decay_rate x step / decay_steps)."""

    kind: Literal["InverseTimeDecay"] = "InverseTimeDecay"
    decay_rate: float = setting(0.5, "Decay rate", "How strongly the rate falls; 1 halves it at the decay steps.", gt=0)
    staircase: bool = setting(False, "Staircase", "Fall in stairs, one every decay steps, instead of smoothly.")


class CosineDecay(SteppedSchedule):
    """From the initial rate to alpha times it along half a cosine (Loshchilov & Hutter, 2016), perhaps after a warm-up."""

    STEPS = ("decay_steps", "warmup_steps")

    kind: Literal["CosineDecay"] = "CosineDecay"
    decay_steps: int | None = _decay_steps("from the end of the warm-up until the lowest rate is reached")
    alpha: float = setting(0.0, "Alpha", "The lowest rate, as a part of the highest one.", ge=0, le=1)
    warmup_target: float | None = setting(
        None, "Warm-up target", "The rate at the end of the warm-up, from where it decays; empty means no warm-up.", gt=0
    )
    warmup_steps: int = setting(0, "Warm-up steps", "The number of steps during which the rate rises.", ge=0)

    def arguments(self, total: int) -> dict[str, Any]:
        """Return all fields; the warm-up comes before the decay steps, so the whole training is what is left after it."""
        warmup = self.warmup_steps if self.warmup_target is not None else 0
        return super().arguments(total) | {"decay_steps": self.decay_steps or max(total - warmup, 1)}


class CosineDecayRestarts(Schedule):
    """A cosine decay that starts again and again (Loshchilov & Hutter, 2016)."""

    STEPS = ("first_decay_steps",)

    kind: Literal["CosineDecayRestarts"] = "CosineDecayRestarts"
    initial_learning_rate: float = _initial_rate()
    first_decay_steps: int | None = _decay_steps("of the first period")
    t_mul: float = setting(2.0, "Period factor", "Each period is this many times longer than the one before.", ge=1)
    m_mul: float = setting(1.0, "Rate factor", "Each period starts at this many times the rate of the one before.", gt=0)
    alpha: float = setting(0.0, "Alpha", "The lowest rate, as a part of the initial one.", ge=0, le=1)

    def arguments(self, total: int) -> dict[str, Any]:
        """Return all fields, the first period being the whole training where no steps are given."""
        return self.fields() | {"first_decay_steps": self.first_decay_steps or max(total, 1)}


class PolynomialDecay(SteppedSchedule):
    """From the initial rate to the end rate along a polynomial."""

    kind: Literal["PolynomialDecay"] = "PolynomialDecay"
    decay_steps: int | None = _decay_steps("until the end rate is reached")
    end_learning_rate: float = setting(0.0001, "End learning rate", "The rate after the decay steps.", ge=0)
    power: float = setting(1.0, "Power", "The degree of the polynomial; 1 is a straight line.", gt=0)
    cycle: bool = setting(False, "Cycle", "Start a longer decay after the decay steps instead of staying at the end rate.")


class PiecewiseConstantDecay(Schedule):
    """One rate up to the first boundary, the next one up to the second, and so on."""

    STEPS = ("boundaries",)

    kind: Literal["PiecewiseConstantDecay"] = "PiecewiseConstantDecay"
    boundaries: list[Count] = setting([1000], "Boundaries", "Numbers of steps, rising, after which the rate changes.")
    values: list[Rate] = setting([0.001, 0.0001], "Values", "The rates: one more than there are boundaries.")

    def arguments(self, total: int) -> dict[str, Any]:
        """Return boundaries and values."""
        return {"boundaries": list(self.boundaries), "values": list(self.values)}

    def problems(self) -> Iterator[NodeError]:
        """Find boundaries and values that do not go together."""
        return piecewise_problems(self.boundaries, self.values)


AnySchedule = Annotated[
    CosineDecay | CosineDecayRestarts | ExponentialDecay | InverseTimeDecay | PiecewiseConstantDecay | PolynomialDecay,
    Field(discriminator="kind"),
]
