"""A small world with known answers, in place of what the course's notebook loads.

There are four prompts, and for each of them exactly one image exists. So the noise in a sample is a
formula, and whatever a solution asks the network for can be written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.diffusion.denoise import noise_estimate
from lessons.diffusion.posterior import posterior_variance, step_variance
from lessons.diffusion.schedules import course_timesteps, ddpm_schedule, squaredcos_cap_v2

SIZE: Final = 64
ALPHA_BARS: Final = squaredcos_cap_v2().alpha_bars.float()
TIMESTEPS: Final = list(course_timesteps(1000))
"""990, 960, …, 0."""

NUM_TS: Final = 40
"""Timesteps of the small schedule of part B, so that a whole trajectory is quick."""

BETAS: Final = (0.02, 0.2)
"""Never so little noise that a wrong time makes samples explode; explosions can't be compared."""

SCHEDULE: Final = ddpm_schedule(*BETAS, NUM_TS)
NO_LABEL: Final = -1
_PLACES: Final = ((0.0, 0.0), (0.3, 0.25), (0.7, 0.3), (0.35, 0.75), (0.75, 0.7), (0.5, 0.5))


@lru_cache
def picture(prompt: int, channels: int = 3, size: int = SIZE) -> Tensor:
    """The only image that a prompt has, (C, size, size); none is symmetric in any way.

    What tells two prompts apart is small, so that a guidance scale of 7 stays inside [-1, 1].
    """
    y, x = torch.meshgrid(*[torch.linspace(0, 1, size)] * 2, indexing="ij")
    tints = []
    for channel in range(channels):
        waves = 0.22 * torch.sin(4 * x * (channel + 1) + 3 * y + channel)
        disc = ((x - 0.3) ** 2 + (y - 0.6) ** 2 < 0.03).float()
        tints.append(waves + 0.2 * disc * (1 - channel / 2) - 0.1 * y)
    scene = torch.stack(tints)
    if prompt == 0:
        return scene
    right, down = _PLACES[1 + (prompt - 1) % 5]
    spot = ((x - right) ** 2 + (y - down) ** 2 < 0.02 + 0.004 * prompt).float()
    colours = torch.tensor([1.0, -0.6, 0.4])[:channels].roll(prompt)
    return scene + 0.06 * colours[:, None, None] * spot


def digit(label: int, size: int) -> Tensor:
    """The only image of a label, (1, size, size), in [0, 1]; NO_LABEL has one too."""
    return 0.5 + picture(label + 1, 1, size)


def embedding(prompt: int) -> Tensor:
    """What stands for a prompt, in the shape of the course's own, (1, 77, 4096)."""
    return torch.full((1, 77, 4096), prompt / 8)


class AnyPrompt(dict[str, Tensor]):
    """`prompt_embeds_dict`: any prompt has an embedding."""

    def __missing__(self, prompt: str) -> Tensor:
        """Prompts that are not in it are all the same one."""
        return embedding(4)


class Output(tuple[Tensor, ...]):
    """What a network of diffusers returns: the prediction by place or by name."""

    __slots__ = ()

    @property
    def sample(self) -> Tensor:
        """The prediction."""
        return self[0]


class StageOne(nn.Module):
    """DeepFloyd's UNet in this world: exact noise and some variance, (B, 6, 64, 64).

    Attributes:
        asked: what it was asked for: a row (x_t, t, prompt) for each image.
        even: whether the variance is the same everywhere and for every prompt.
    """

    def __init__(self) -> None:
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.dtype, self.config = torch.float32, SimpleNamespace(sample_size=SIZE, in_channels=3)
        self.asked: list[tuple[Tensor, int, int]] = []
        self.even = True

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return torch.device("cpu")

    def forward(
        self,
        sample: Tensor,
        timestep: Any,
        encoder_hidden_states: Tensor | None = None,
        return_dict: bool = True,  # noqa: ARG002 (diffusers' own signature)
        **_: Any,
    ) -> Output:
        """Predict noise and variance; `return_dict` changes nothing, [0] and .sample both work.

        Raises:
            ValueError: no images, or no prompt.
        """
        if sample.ndim != 4 or sample.shape[1] != 3:
            raise ValueError(f"stage_1.unet was given {tuple(sample.shape)}, not (B, 3, H, W)")
        if encoder_hidden_states is None:
            raise ValueError("stage_1.unet was given no encoder_hidden_states")
        prompts = (encoder_hidden_states.float().mean(dim=(-2, -1)).flatten() * 8).round().long()
        times = torch.as_tensor(timestep).flatten().long()
        each = torch.arange(len(sample))
        prompts, times = prompts[each % len(prompts)], times[each % len(times)]
        x_t = sample.detach().float()
        self.asked += zip(x_t.clone(), times.tolist(), prompts.tolist(), strict=True)
        only = torch.stack([picture(int(prompt)) for prompt in prompts])
        eps = noise_estimate(x_t, only, ALPHA_BARS[times].view(-1, 1, 1, 1))
        v = torch.stack([self._variance(int(prompt)) for prompt in prompts])
        return Output((torch.cat([eps, v], dim=1).to(sample.dtype),))

    def _variance(self, prompt: int) -> Tensor:
        if self.even:
            return torch.full((3, SIZE, SIZE), 0.3)
        return (picture(prompt) * 2 + 0.25 * prompt - 0.4).clamp(-1, 1)


class Scheduler:
    """The part of diffusers' DDPMScheduler that the course's `add_variance` uses."""

    def __init__(self) -> None:
        self.alphas_cumprod = ALPHA_BARS
        self.timesteps = torch.tensor(TIMESTEPS)
        self.config = SimpleNamespace(num_train_timesteps=1000, variance_type="learned_range")

    def set_timesteps(
        self, _steps: int | None = None, _device: Any = None, timesteps: Sequence[int] | None = None
    ) -> None:
        """Take the timesteps that will be visited."""
        if timesteps is not None:
            self.timesteps = torch.tensor([int(t) for t in timesteps])

    def _get_variance(self, t: Any, predicted_variance: Tensor) -> Tensor:
        """The logarithm of the variance, as `learned_range` has it."""
        t = int(t)
        later = self.timesteps[self.timesteps < t]
        alpha_bar_s = ALPHA_BARS[int(later.max())] if len(later) else torch.ones(())
        beta = step_variance(ALPHA_BARS[t], alpha_bar_s)
        lower = posterior_variance(ALPHA_BARS[t], alpha_bar_s).clamp(min=1e-20)
        share = (predicted_variance + 1) / 2
        return share * beta.log() + (1 - share) * lower.log()


UNET: Final = StageOne()
STAGE_1: Final = SimpleNamespace(
    unet=UNET, scheduler=Scheduler(), device=torch.device("cpu"), dtype=torch.float32
)


def add_variance(predicted_variance: Tensor, t: Any, image: Tensor) -> Tensor:
    """What the course hands out under this name."""
    variance = STAGE_1.scheduler._get_variance(t, predicted_variance)
    return image + torch.exp(0.5 * variance) * torch.randn_like(image)


def course_names() -> dict[str, Any]:
    """The names that the course's notebook has made before a student's first line."""
    known = {"": embedding(0), "a high quality photo": embedding(1)}
    names: dict[str, Any] = dict.fromkeys(("stage_1", "stage1", "stage_2", "stage2"), STAGE_1)
    return names | {
        "device": "cpu",
        "alphas_cumprod": ALPHA_BARS,
        "strided_timesteps": list(TIMESTEPS),
        "prompt_embeds_dict": AnyPrompt(known),
        "prompt_embeds": embedding(1),
        "uncond_prompt_embeds": embedding(0),
        "add_variance": add_variance,
        "test_im": picture(1)[None],
    }


class DigitNet(nn.Module):
    """A network of part B in this world; it writes down what it is told.

    Attributes:
        asked: a row (x_t, t, label) for each image; NO_LABEL where the label was dropped.
        calls: how many images each call held.
        trained: whether a call found it in train mode.
    """

    def __init__(self, order: Sequence[str], flow: bool = False, share: float = 1.0) -> None:
        """Build it.

        Args:
            order: names of what it is told besides x, in the order of the solution's own network.
            flow: whether it answers with the velocity; with the noise otherwise.
            share: of the exact answer; less than 1 leaves a loss.
        """
        super().__init__()
        self.anchor = nn.Parameter(torch.zeros(1))
        self.in_channels, self.num_classes, self.num_hiddens = 1, 10, 8
        self._order, self._flow, self._share = tuple(order), flow, share
        self.asked: list[tuple[Tensor, float, int]] = []
        self.calls: list[int] = []
        self.trained = False

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return torch.device("cpu")

    def forward(self, x: Tensor, *more: Tensor, **named: Tensor) -> Tensor:
        """Answer for the only image that there is of each label.

        Raises:
            ValueError: no images, or no time for each of them.
        """
        given = dict(zip(self._order, more, strict=False)) | named
        if x.ndim != 4:
            raise ValueError(f"the network was given {tuple(x.shape)}, not (B, C, H, W)")
        t, labels = _times(given, len(x)), _labels(given, len(x))
        self.calls.append(len(x))
        self.trained = self.trained or self.training
        self.asked += zip(x.detach().clone(), t.tolist(), labels.tolist(), strict=True)
        only = _every_picture(x.shape[-1])[labels + 1]
        answer = _velocity(x, only, t) if self._flow else _eps(x, only, t)
        return self._share * answer + 0 * self.anchor


def _times(given: dict[str, Tensor], count: int) -> Tensor:
    found = next((given[name] for name in given if name.startswith("t")), None)
    if found is None:
        raise ValueError("the network was told no time t")
    t = torch.as_tensor(found).detach().double().flatten()
    if len(t) not in (1, count):
        raise ValueError(f"the network was told {len(t)} times for {count} images")
    return t.expand(count)


def _labels(given: dict[str, Tensor], count: int) -> Tensor:
    c = next((given[name] for name in given if name[0] in "cly"), None)
    if c is None:
        return torch.full((count,), NO_LABEL)
    c = torch.as_tensor(c)
    if c.ndim == 2 and c.shape[1] == 10:
        c = torch.where(c.abs().sum(1) > 0, c.argmax(1), NO_LABEL)
    kept = torch.as_tensor(given["mask"]) if given.get("mask") is not None else torch.ones(count)
    return torch.where(kept.flatten().expand(count) > 0.5, c.flatten().long(), NO_LABEL)


@lru_cache
def _every_picture(size: int) -> Tensor:
    """The image without a label, and one for each label, (11, 1, size, size)."""
    return torch.stack([digit(label, size) for label in range(NO_LABEL, 10)])


def _eps(x_t: Tensor, only: Tensor, t: Tensor) -> Tensor:
    index = ((t * NUM_TS).round().long() - 1).clamp(0, NUM_TS - 1)
    return noise_estimate(x_t, only, SCHEDULE.alpha_bars[index].float().view(-1, 1, 1, 1))


def _velocity(x_t: Tensor, only: Tensor, t: Tensor) -> Tensor:
    left = (1 - t).clamp(min=0.5 / NUM_TS).float().view(-1, 1, 1, 1)
    return (only - x_t) / left
