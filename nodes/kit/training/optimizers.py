"""Keras's optimizers as settings: every argument, with Keras's defaults.

The `kind` of each is the Keras class; the other fields are that class's arguments. What depends on the length of the
training (a schedule's steps) may be left empty and is then filled in when the optimizer is built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field

from nodes.base import NodeError, Settings, setting
from nodes.kit.training.schedules import AnySchedule, Schedule

if TYPE_CHECKING:
    import keras

LEFT_OUT: Mapping[str, str] = {
    "LossScaleOptimizer": "It is put around any other optimizer by itself where layers compute in float16 (the precision).",
    "MultiOptimizer": "It has an optimizer per layer: freeze layers and train twice, or use a Python Network Learner.",
}
"""Keras's optimizers that are no choice here -> why."""


Rate = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


def _learning_rate(default: float) -> Any:
    return setting(default, "Learning rate", "The size of the steps: one number, or a schedule that changes it with every batch.")


def _beta(default: float, label: str, what: str) -> Any:
    help = f"Decay of the running average of the {what}: the nearer to 1, the longer it remembers."
    return setting(default, label, help, ge=0, lt=1)


def _epsilon(default: float = 1e-7) -> Any:
    return setting(default, "Epsilon", "A small number that keeps divisions from going wrong.", gt=0, advanced=True)


def _weight_decay(default: float | None) -> Any:
    return setting(
        default, "Weight decay", "How much of each weight is taken away at each step; empty takes nothing.", ge=0, advanced=True
    )


class Optimizer(Settings):
    """How weights are changed to make the loss smaller."""

    kind: str
    learning_rate: Rate | AnySchedule = _learning_rate(0.001)
    weight_decay: float | None = _weight_decay(None)
    clipnorm: float | None = setting(
        None, "Clip norm", "The gradient of each weight is scaled down to at most this norm; empty: not.", gt=0, advanced=True
    )
    clipvalue: float | None = setting(
        None, "Clip value", "Every number of a gradient is cut off at plus and minus this; empty: not.", gt=0, advanced=True
    )
    global_clipnorm: float | None = setting(
        None, "Clip global norm", "All gradients together are scaled down to at most this norm; empty: not.", gt=0, advanced=True
    )
    use_ema: bool = setting(
        False,
        "Average weights",
        "Keep a moving average of the weights and give that out at the end of the training.",
        advanced=True,
    )
    ema_momentum: float = setting(
        0.99,
        "Average's momentum",
        "How much of the old average is kept at each step.",
        ge=0,
        le=1,
        advanced=True,
        shown_if={"use_ema": True},
    )
    ema_overwrite_frequency: int | None = setting(
        None,
        "Overwrite with average",
        "Replace the weights by their average every so many batches; empty does so at the end only.",
        ge=1,
        advanced=True,
        shown_if={"use_ema": True},
    )
    loss_scale_factor: float | None = setting(
        None, "Loss scale", "The loss is multiplied by this, and the gradients divided by it again.", gt=0, advanced=True
    )
    gradient_accumulation_steps: int | None = setting(
        None,
        "Accumulate gradients",
        "Change the weights once in so many batches, by the mean of their gradients; empty changes them every batch.",
        ge=2,
        advanced=True,
    )

    @property
    def schedule(self) -> Schedule | None:
        """The schedule of the learning rate, where there is one."""
        return self.learning_rate if isinstance(self.learning_rate, Schedule) else None

    def problems(self) -> Iterator[NodeError]:
        """Find what Keras would refuse, with settings named from `optimizer` on."""
        clips = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(clips) > 1:
            yield NodeError(
                f"Gradients can be clipped in one way only, not by {' and '.join(clips)}.",
                "Leave all but one of them empty.",
                setting=f"optimizer.{clips[-1]}",
            )
        if self.schedule is not None:
            for found in self.schedule.problems():
                where = f"optimizer.learning_rate.{found.setting}"
                yield NodeError(found.message, found.remedy, setting=where)

    def build(self, total: int, per_epoch: int = 1) -> keras.Optimizer:
        """Return the Keras optimizer for a training of `total` batches, `per_epoch` of them in an epoch."""
        import keras

        arguments = self.model_dump(exclude={"kind"})
        if self.schedule is not None:
            arguments["learning_rate"] = self.schedule.build(total, per_epoch)
        return cast("keras.Optimizer", getattr(keras.optimizers, self.kind)(**arguments))


class AdamFamily(Optimizer):
    """What Adam and AdamW have in common."""

    beta_1: float = _beta(0.9, "Beta 1", "gradient")
    beta_2: float = _beta(0.999, "Beta 2", "squared gradient")
    epsilon: float = _epsilon()
    amsgrad: bool = setting(False, "AMSGrad", "Use the largest average of squares so far (Reddi et al., 2018).", advanced=True)


class Adam(AdamFamily):
    """Steps by running averages of the gradient and of its square (Kingma & Ba, 2014)."""

    kind: Literal["Adam"] = "Adam"


class AdamW(AdamFamily):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter, 2017)."""

    kind: Literal["AdamW"] = "AdamW"
    weight_decay: float | None = _weight_decay(0.004)


class SGD(Optimizer):
    """Steps against the gradient, with or without momentum."""

    kind: Literal["SGD"] = "SGD"
    learning_rate: Rate | AnySchedule = _learning_rate(0.01)
    momentum: float = setting(0.0, "Momentum", "How much of the last step is taken again.", ge=0, le=1)
    nesterov: bool = setting(False, "Nesterov", "Look ahead along the momentum before taking the gradient.")


class RMSprop(Optimizer):
    """Gradients divided by a running average of their size (Hinton, 2012)."""

    kind: Literal["RMSprop"] = "RMSprop"
    rho: float = _beta(0.9, "Rho", "squared gradient")
    momentum: float = setting(0.0, "Momentum", "How much of the last step is taken again.", ge=0, le=1)
    epsilon: float = _epsilon()
    centered: bool = setting(False, "Centered", "Divide by the variance of the gradient instead of its square.", advanced=True)


class Adadelta(Optimizer):
    """Steps by running averages of squared gradients and squared steps (Zeiler, 2012); its authors used learning rate 1."""

    kind: Literal["Adadelta"] = "Adadelta"
    rho: float = _beta(0.95, "Rho", "squared gradient and step")
    epsilon: float = _epsilon()


class Adagrad(Optimizer):
    """Smaller steps for weights that changed much (Duchi et al., 2011)."""

    kind: Literal["Adagrad"] = "Adagrad"
    initial_accumulator_value: float = setting(
        0.1, "Initial accumulator", "What the sum of squared gradients starts at.", ge=0, advanced=True
    )
    epsilon: float = _epsilon()


class Adamax(Optimizer):
    """Adam with the largest instead of the squared gradient (Kingma & Ba, 2014)."""

    kind: Literal["Adamax"] = "Adamax"
    beta_1: float = _beta(0.9, "Beta 1", "gradient")
    beta_2: float = _beta(0.999, "Beta 2", "largest gradient")
    epsilon: float = _epsilon()


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat, 2016)."""

    kind: Literal["Nadam"] = "Nadam"
    beta_1: float = _beta(0.9, "Beta 1", "gradient")
    beta_2: float = _beta(0.999, "Beta 2", "squared gradient")
    epsilon: float = _epsilon()


class Adafactor(Optimizer):
    """Adam with less memory: squared gradients are kept as rows and columns (Shazeer & Stern, 2018)."""

    kind: Literal["Adafactor"] = "Adafactor"
    beta_2_decay: float = setting(-0.8, "Beta 2 decay", "Exponent of the decay of the squared gradients.", lt=0)
    epsilon_1: float = setting(1e-30, "Epsilon 1", "Added to squared gradients.", gt=0, advanced=True)
    epsilon_2: float = setting(1e-3, "Epsilon 2", "The least size of a weight that steps go by.", gt=0, advanced=True)
    clip_threshold: float = setting(1.0, "Clip threshold", "The largest step, as a root mean square.", gt=0)
    relative_step: bool = setting(True, "Relative step", "Make steps smaller with the square root of the time.")


class Ftrl(Optimizer):
    """Follow the regularized leader, for large sparse models (McMahan et al., 2013)."""

    kind: Literal["Ftrl"] = "Ftrl"
    learning_rate_power: float = setting(-0.5, "Learning rate power", "How the rate falls with time; 0 keeps it.", le=0)
    initial_accumulator_value: float = setting(
        0.1, "Initial accumulator", "What the sum of squared gradients starts at.", ge=0, advanced=True
    )
    l1_regularization_strength: float = setting(0.0, "L1 strength", "Draws weights to exactly zero.", ge=0)
    l2_regularization_strength: float = setting(0.0, "L2 strength", "Draws weights towards zero.", ge=0)
    l2_shrinkage_regularization_strength: float = setting(0.0, "L2 shrinkage", "A penalty on the size of weights.", ge=0)
    beta: float = setting(0.0, "Beta", "Acts as a further L2 strength, of beta / (2 x learning rate).", ge=0, advanced=True)


class Lamb(Optimizer):
    """Adam with steps measured by each layer's weights, for large batches (You et al., 2019)."""

    kind: Literal["Lamb"] = "Lamb"
    beta_1: float = _beta(0.9, "Beta 1", "gradient")
    beta_2: float = _beta(0.999, "Beta 2", "squared gradient")
    epsilon: float = _epsilon()


class Lion(Optimizer):
    """Steps by the sign of the momentum (Chen et al., 2023); takes a rate 3 to 10 times smaller than Adam."""

    kind: Literal["Lion"] = "Lion"
    beta_1: float = setting(0.9, "Beta 1", "The part of the momentum in each step.", gt=0, le=1)
    beta_2: float = _beta(0.99, "Beta 2", "gradient")


class Muon(Optimizer):
    """Orthogonal steps for matrices, AdamW for the rest (Jordan et al., 2024)."""

    kind: Literal["Muon"] = "Muon"
    weight_decay: float | None = _weight_decay(0.004)
    adam_beta_1: float = _beta(0.9, "Adam's beta 1", "gradient")
    adam_beta_2: float = _beta(0.999, "Adam's beta 2", "squared gradient")
    adam_weight_decay: float | None = setting(
        0.004, "Adam's weight decay", "Weight decay of what Adam learns.", ge=0, advanced=True
    )
    adam_lr_ratio: float = setting(1.0, "Adam's rate", "Adam's learning rate as a part of Muon's.", gt=0)
    momentum: float = setting(0.95, "Momentum", "How much of the last step is taken again.", ge=0, le=1)
    nesterov: bool = setting(True, "Nesterov", "Look ahead along the momentum before taking the gradient.")
    epsilon: float = _epsilon()
    exclude_layers: list[str] = setting(
        [], "Excluded layers", "Regular expressions: layers whose names they match are left to Adam.", advanced=True
    )
    exclude_embeddings: bool = setting(True, "Exclude embeddings", "Leave embedding layers to Adam.", advanced=True)
    muon_a: float = setting(3.4445, "a", "First coefficient of the Newton-Schulz iteration.", advanced=True)
    muon_b: float = setting(-4.775, "b", "Second coefficient of the Newton-Schulz iteration.", advanced=True)
    muon_c: float = setting(2.0315, "c", "Third coefficient of the Newton-Schulz iteration.", advanced=True)
    ns_steps: int = setting(5, "Newton-Schulz steps", "The number of iterations.", ge=1, advanced=True)
    rms_rate: float = setting(0.2, "RMS rate", "Scales steps to the size of Adam's.", gt=0, advanced=True)


class ScheduleFreeAdamW(Optimizer):
    """AdamW with averaged weights in place of a schedule (Defazio et al., 2024)."""

    kind: Literal["ScheduleFreeAdamW"] = "ScheduleFreeAdamW"
    learning_rate: Rate | AnySchedule = _learning_rate(0.0025)
    beta_1: float = _beta(0.9, "Beta 1", "weights")
    beta_2: float = _beta(0.999, "Beta 2", "squared gradient")
    epsilon: float = _epsilon(1e-8)
    warmup_steps: int = setting(0, "Warm-up steps", "The number of batches during which the rate rises.", ge=0)


AnyOptimizer = Annotated[
    Adam | AdamW | SGD | RMSprop | Adadelta | Adafactor | Adagrad | Adamax | Ftrl | Lamb | Lion | Muon | Nadam
    | ScheduleFreeAdamW,
    Field(discriminator="kind"),
]  # fmt: skip
