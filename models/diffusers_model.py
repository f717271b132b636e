"""Any network of diffusers as a text-to-image model: its schedule, its device, its precision.

Half precision stays inside the network. What comes and goes is float32 on the CPU, and the tables
of the schedule are float64: in float16 the coefficients near t = 990 would be wrong.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.schedules import Schedule, ddpm_schedule, from_betas, squaredcos_cap_v2
from models.batching import NetworkCall, called
from models.text_to_image import ModelSpec, TextToImage, Threshold

Embed = Callable[[Sequence[str]], Tensor]
"""Prompts → what the network is conditioned on, (B, ...)."""


class OutOfMemory(ValueError):
    """A network doesn't fit; the message says what needs less."""


class Host:
    """Where networks calculate: they all stay there, or only the one that is asked (offload)."""

    def __init__(self, device: torch.device, offload: bool = False) -> None:
        """Describe a host.

        Args:
            device: where to calculate.
            offload: keep networks in the machine's memory, and let one at a time onto the device;
                slower at every change of network, for GPUs that don't hold all of them.
        """
        self.device, self.offload = device, offload
        self._guest: nn.Module | None = None
        self._lock = threading.Lock()

    @contextmanager
    def hosting(self, network: nn.Module | None) -> Iterator[torch.device]:
        """Let a network calculate on the device; with offload, no other one meanwhile.

        Args:
            network: which; None for one that comes and goes by itself.
        """
        if not self.offload:
            if network is not None:
                network.to(self.device)  # does nothing once it is there
            yield self.device
            return
        with self._lock:
            if self._guest is not network:
                if self._guest is not None:
                    self._guest.to("cpu")
                    self._guest = None  # also if the next one doesn't fit
                self._guest = None if network is None else network.to(self.device)
            yield self.device


class DiffusersModel(TextToImage):
    """A network that is called as `network(sample, t, encoder_hidden_states=...).sample`.

    Attributes:
        most: images that one call takes for several readers together; no more than the lessons ask
            for at once for one, since nobody measured how much memory there is.
        ragged: whether rows of zeros behind a prompt's embedding change nothing.
    """

    most: int = 16
    ragged: bool = False

    def __init__(
        self,
        network: nn.Module,
        spec: ModelSpec,
        embed: Embed,
        *,
        parameters: int | None = None,
        host: Host | None = None,
        advice: str = "",
    ) -> None:
        """Take a network with its weights.

        Args:
            network: predicts the noise; perhaps the variance too, in as many channels again.
            spec: its images and its schedule.
            embed: turns prompts into what it is conditioned on.
            parameters: numbers learnt, text encoder included; those of `network` if None.
            host: where it calculates; where it is if None.
            advice: what needs less memory, in one sentence, for when it doesn't fit.
        """
        own = sum(p.numel() for p in network.parameters())
        super().__init__(spec, own if parameters is None else parameters)
        first = next(network.parameters())
        self.network = network.eval().requires_grad_(False)
        self.host = Host(first.device) if host is None else host
        self._embed, self._advice = embed, advice

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Turn prompts into what the network is conditioned on, (B, ...).

        Raises:
            ValueError: a prompt that this model can't take.
        """
        return self._embed(prompts)

    def predict(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        """Find the noise; see `TextToImage`.

        Raises:
            OutOfMemory: the images don't fit beside the network.
        """
        return self.ask(x_t, t, embeddings)

    def ask(
        self, x: Tensor, t: int, embeddings: Tensor, class_labels: Tensor | None = None
    ) -> Tensor:
        """Call the network on its device and in its precision.

        Args:
            x: what it sees, (B, C, H, W), float32.
            t: index into the schedule.
            embeddings: one for each image.
            class_labels: what else it is told, where it takes such a thing, (B,).

        Returns:
            Its answer, float32 on the CPU.

        Raises:
            OutOfMemory: the images don't fit beside the network.
        """
        times = torch.full((len(x),), t)
        labels = () if class_labels is None else (class_labels,)
        inputs = (x, times, embeddings, *labels)
        return called(NetworkCall(self.network, self._answer, inputs, self.most, self.ragged))

    @torch.no_grad()
    def _answer(
        self, x: Tensor, times: Tensor, embeddings: Tensor, class_labels: Tensor | None = None
    ) -> Tensor:
        more = {} if class_labels is None else {"class_labels": class_labels}
        with minding_memory(self._advice), self.host.hosting(self.network) as device:
            dtype = next(self.network.parameters()).dtype
            answer = self.network(
                x.to(device, dtype),
                times.to(device),
                encoder_hidden_states=embeddings.to(device, dtype),
                **{name: value.to(device) for name, value in more.items()},
            )
            noise: Tensor = answer.sample.float().cpu()
        return noise


class Upscaler(DiffusersModel):
    """A network that sees a small image beside the noisy one, and how noisy the small one is."""

    def __init__(
        self,
        network: nn.Module,
        spec: ModelSpec,
        embed: Embed,
        noising: Tensor,
        threshold: Threshold | None = None,
        *,
        host: Host | None = None,
        advice: str = "",
    ) -> None:
        """Take a network with its weights; otherwise as `DiffusersModel`.

        Args:
            network: takes twice the channels, and the noise level as class label.
            spec: its own, large images and their schedule.
            embed: turns prompts into what it is conditioned on.
            noising: share of signal power left in the small image by noise level, (T,), float64.
            threshold: how its makers kept its estimates inside the range.
            host: where it calculates.
            advice: what needs less memory.
        """
        super().__init__(network, spec, embed, host=host, advice=advice)
        self.noising, self.threshold = noising, threshold

    def beside(self, small: Tensor, level: int) -> Callable[[Tensor, int, Tensor], Tensor]:
        """The network as it sees one small image: (x_t, t, embeddings) → prediction.

        Args:
            small: the small image at the large one's size, under noise, (1, C, H, W).
            level: how much noise, an index into `noising`.
        """

        def predict(x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
            both = torch.cat([x_t, small.expand_as(x_t)], dim=1)
            return self.ask(both, t, embeddings, torch.full((len(x_t),), level))

        return predict


@contextmanager
def minding_memory(advice: str) -> Iterator[None]:
    """Turn every device's way of running out of memory into one sentence.

    Args:
        advice: what needs less, in one sentence.

    Raises:
        OutOfMemory: what happens inside doesn't fit.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        words = ("out of memory", "allocate memory", "not enough memory")
        if isinstance(error, MemoryError) or any(word in str(error).lower() for word in words):
            raise OutOfMemory(f"There is not enough memory for this. {advice}".strip()) from error
        raise


def spec_of(network: Mapping[str, object], scheduler: Mapping[str, object]) -> ModelSpec:
    """Read off two configurations of diffusers what can be said without loading anything.

    Args:
        network: config.json of a UNet.
        scheduler: scheduler_config.json; DDPM that predicts noise.

    Raises:
        ValueError: a schedule or a prediction that the lessons don't teach.
    """
    if (predicted := scheduler.get("prediction_type", "epsilon")) != "epsilon":
        raise ValueError(f"The model must predict the noise, not {predicted!r}.")
    size = int(str(network["sample_size"]))
    return ModelSpec((3, size, size), -1.0, 1.0, alpha_bars(scheduler))


def threshold_of(scheduler: Mapping[str, object]) -> Threshold | None:
    """Read off scheduler_config.json how the makers kept estimates in range, if they did."""
    if not scheduler.get("thresholding"):
        return None
    ratio = scheduler.get("dynamic_thresholding_ratio", 0.995)
    return Threshold(float(str(ratio)), float(str(scheduler.get("sample_max_value", 1.0))))


def alpha_bars(scheduler: Mapping[str, object]) -> Tensor:
    """Rebuild a schedule from its configuration, (T,), float64.

    Raises:
        ValueError: a schedule that is not known here.
    """
    if scheduler.get("rescale_betas_zero_snr"):
        raise ValueError("A schedule that ends in pure noise is not known here.")
    if betas := scheduler.get("trained_betas"):
        return from_betas(torch.tensor(betas, dtype=torch.float64)).alpha_bars
    T = int(str(scheduler.get("num_train_timesteps", 1000)))
    first = float(str(scheduler.get("beta_start", 0.0001)))
    last = float(str(scheduler.get("beta_end", 0.02)))
    name = str(scheduler.get("beta_schedule", "linear"))
    if name not in _SCHEDULES:
        raise ValueError(f"The schedules known here are {', '.join(_SCHEDULES)}, not {name!r}.")
    return _SCHEDULES[name](first, last, T).alpha_bars


def _scaled_linear(first: float, last: float, T: int) -> Schedule:
    """The square roots of β rise along a straight line."""
    return from_betas(ddpm_schedule(math.sqrt(first), math.sqrt(last), T).betas ** 2)


_SCHEDULES: Final[Mapping[str, Callable[[float, float, int], Schedule]]] = {
    "linear": ddpm_schedule,
    "scaled_linear": _scaled_linear,
    "squaredcos_cap_v2": lambda _first, _last, T: squaredcos_cap_v2(T),
}
