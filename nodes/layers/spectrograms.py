"""Layers that turn sound and other signals into spectrograms."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from nodes.base import NodeError, setting
from nodes.kit.layers.base import UnaryLayer
from nodes.kit.layers.initializers import SCALING_CHOICES, WINDOW_CHOICES, Window
from nodes.kit.layers.shape_checks import require_known, require_rank
from nodes.kit.layers.windows import Size
from nodes.values.network import Shape, WeightSpec


class MelSpectrogram(UnaryLayer):
    """Turn sound into an image: how strong each pitch is at each moment, on the mel scale of hearing.

    The sound is cut into overlapping frames; what comes out has a row for each mel band and a column for each frame. It
    must be longer than half the length of the transform. With decibels, values are cut off at a range below the loudest of
    the whole batch.

    Example: after an Input Layer of shape 16000 (a second of sound), with 64 mel bands and a stride of 256, an image of
    64 x 63; a Reshape Layer to 64, 63, 1 and a Convolution 2D Layer follow.
    """

    id = "keras.mel_spectrogram"
    title = "Keras Mel Spectrogram Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.waveform"
    keywords = ("MelSpectrogram", "sound", "audio", "speech", "Fourier", "spectrum")
    kind = "MelSpectrogram"

    fft_length: Size = setting(2048, "Transform length", "How many samples a transform takes; not below the frame length.")
    sequence_stride: Size = setting(512, "Stride", "How many samples lie between the beginnings of two frames.")
    sequence_length: Size | None = setting(None, "Frame length", "How many samples a frame has; empty: as the transform.")
    window: Literal["hann", "hamming"] = setting(
        "hann",
        "Window",
        "What fades each frame in and out.",
        choices={name: WINDOW_CHOICES[name] for name in ("hann", "hamming")},
    )
    sampling_rate: Size = setting(16000, "Sampling rate", "How many samples a second of the sound has.")
    num_mel_bins: Size = setting(128, "Mel bands", "How many pitches are told apart.")
    min_freq: float = setting(20.0, "Lowest frequency", "The lowest frequency that a band covers, in hertz.", ge=0)
    max_freq: float | None = setting(None, "Highest frequency", "In hertz; empty: half the sampling rate.", gt=0)
    power_to_db: bool = setting(True, "Decibels", "Gives strengths on a logarithmic scale.")
    top_db: float = setting(80.0, "Range", "In decibels: what is further below the loudest is cut off.", ge=0)
    mag_exp: float = setting(2.0, "Exponent", "1 for magnitudes, 2 for powers.", gt=0, advanced=True)
    min_power: float = setting(1e-10, "Smallest power", "Powers below count as this.", gt=0, advanced=True)
    ref_power: float = setting(1.0, "Reference power", "The power that is 0 decibels.", gt=0, advanced=True)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.sequence_length is not None and self.sequence_length > self.fft_length:
            raise ValueError("the frame length must not be above the transform length")
        top = self.max_freq if self.max_freq is not None else self.sampling_rate // 2
        if self.min_freq >= top:
            raise ValueError(f"the lowest frequency ({self.min_freq:g}) must be below the highest ({top:g})")
        return self

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (mel bands, frames)."""
        if self.power_to_db and self.compute_dtype == "float64":
            remedy = "Choose the number type float32, or do without decibels."
            raise NodeError("Keras cannot compute decibels in float64.", remedy, setting="dtype")
        require_rank(shape, 1, "sounds of one channel (samples)")
        (samples,) = shape
        if samples is None:
            return (self.num_mel_bins, None)
        if samples <= self.fft_length // 2:
            raise NodeError(
                f"The sound has {samples} samples; it must have more than {self.fft_length // 2}, half the transform length.",
                "Choose a shorter transform.",
                setting="fft_length",
            )
        frames = 1 + samples // self.sequence_stride
        if frames != (samples + self.sequence_stride + 1) // self.sequence_stride:
            raise NodeError(
                f"Keras reckons one frame too many for {samples} samples and a stride of {self.sequence_stride}.",
                "Choose another stride above 1, or a sound that is one sample longer.",
                setting="sequence_stride",
            )
        return (self.num_mel_bins, frames)


class STFTSpectrogram(UnaryLayer):
    """Turn signals into spectrograms: how strong each frequency is at each moment.

    The signal is cut into frames, each of which becomes a column of frequencies (a short-time Fourier transform). It is
    computed as a convolution, whose kernel starts as the transform and can be trained on; freeze the layer to keep it.

    Example: after an Input Layer of shape 16000, 1 (a second of sound), with frames of 256 samples every 128 and the mode
    log, 124 frames of 129 frequencies.
    """

    id = "keras.stft_spectrogram"
    title = "Keras STFT Spectrogram Layer"
    shelf = "Network / Layers / Preprocessing"
    icon = "mdi6.chart-scatter-plot-hexbin"
    keywords = ("STFTSpectrogram", "short-time Fourier transform", "sound", "frequency", "signal")
    kind = "STFTSpectrogram"
    has_data_format = True

    mode: Literal["log", "magnitude", "psd", "real", "imag", "angle", "stft"] = setting(
        "log",
        "Mode",
        "What of the complex numbers comes out.",
        choices={
            "log": "The logarithm of the magnitude.",
            "magnitude": "The magnitude.",
            "psd": "The power spectral density.",
            "real": "The real part.",
            "imag": "The imaginary part.",
            "angle": "The phase.",
            "stft": "Real and imaginary part, one after the other.",
        },
    )
    frame_length: Annotated[int, Field(ge=2)] = setting(256, "Frame length", "How many samples a frame has.")
    frame_step: Size | None = setting(
        None, "Frame step", "How many samples lie between the beginnings of two frames; empty: half a frame."
    )
    fft_length: Size | None = setting(
        None, "Transform length", "Not below the frame length; empty: the next power of two.", advanced=True
    )
    window: Window = setting(
        "hann", "Window", "What fades each frame in and out; boxcar leaves it as it is.", choices=WINDOW_CHOICES
    )
    periodic: bool = setting(False, "Periodic", "Takes the window as one period of a wave that goes on.", advanced=True)
    scaling: Literal["density", "spectrum", "none"] = setting(
        "density",
        "Scaling",
        "What the window is divided by.",
        choices={**SCALING_CHOICES, "none": "By nothing."},
        advanced=True,
    )
    padding: Literal["valid", "same"] = setting(
        "valid",
        "Padding",
        "What happens at the ends.",
        choices={"valid": "Frames must fit in.", "same": "Zeros are added at the ends."},
    )
    expand_dims: bool = setting(
        False, "Channels apart", "Gives the signal's channels an axis of their own; else their frequencies follow each other."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.frame_step is not None and self.frame_step > self.frame_length:
            raise ValueError("the frame step must not be above the frame length")
        if self.fft_length is not None and self.fft_length < self.frame_length:
            raise ValueError("the transform length must not be below the frame length")
        return self

    @classmethod
    def upgrade(cls, config: dict[str, Any]) -> dict[str, Any]:
        """Drop the scaling where there is no window, as Keras does not scale then."""
        config = super().upgrade(config)
        if "window" in config and config["window"] is None:
            return config | {"window": "boxcar", "scaling": "none"}
        return config | {"scaling": "none"} if "scaling" in config and config["scaling"] is None else config

    def to_config(self, channels_first: bool) -> dict[str, Any]:
        """Return the arguments, with no scaling left out as Keras does it."""
        return super().to_config(channels_first) | {"scaling": None if self.scaling == "none" else self.scaling}

    def shape(self, shape: Shape, channels_first: bool) -> Shape:
        """Return (frames, frequencies), with an axis for channels if they are apart."""
        if self.compute_dtype == "bfloat16":
            remedy = "Choose another number type, such as float32 or mixed_float16."
            raise NodeError("Keras cannot compute spectrograms in bfloat16.", remedy, setting="dtype")
        require_rank(shape, 2, "signals (samples, channels)")
        channels, samples = shape if channels_first else shape[::-1]
        channels = require_known(channels, "number of the signal's channels")
        step = self.frame_step or self.frame_length // 2
        frames: int | None = None
        if samples is not None:
            frames = -(-samples // step) if self.padding == "same" else (samples - self.frame_length) // step + 1
            if frames < 1:
                raise NodeError(
                    f"The signal has {samples} samples, fewer than a frame of {self.frame_length}.",
                    "Choose a shorter frame, or the padding same.",
                    setting="frame_length",
                )
        frequencies = self._frequencies * (2 if self.mode == "stft" else 1)
        if not self.expand_dims:
            return (channels * frequencies, frames) if channels_first else (frames, channels * frequencies)
        return (channels, frames, frequencies) if channels_first else (frames, frequencies, channels)

    def weights(self, shape: Shape, channels_first: bool) -> tuple[WeightSpec, ...]:
        """Return real_kernel and imag_kernel, as far as they are used: (frame length, 1, frequencies)."""
        size = (self.frame_length, 1, self._frequencies)
        used = {"real": ("real",), "imag": ("imag",)}.get(self.mode, ("real", "imag"))
        return tuple(self.weight(f"{side}_kernel", size) for side in used)

    @property
    def _frequencies(self) -> int:
        return (self.fft_length or 1 << (self.frame_length - 1).bit_length()) // 2 + 1
