"""Faults of a training that raise no error, planted from outside into a run of Part B."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import torch
from torch import Tensor, nn, optim
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lessons.diffusion.flow import interpolate
from lessons.diffusion.noise import stream
from lessons.measure.training_records import Change
from lessons.part_b.train_ddpm import STEPS, noisy, normalised, random_timesteps
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.loop import TrainingState
from lessons.training.recipe import DigitBatch, Settings
from models import mnist

Network = Callable[..., Tensor]
Loss = Callable[[Any, DigitBatch, Any], Tensor]


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: in words, for the table.
        cause: the key of the finding that is right.
        recipes: where it is planted: while rules are written, and in the benchmark.
        settings: what is wrong about them, if they are.
        inside: plants it into network, loss or optimiser.
        data: plants it into the batches.
    """

    name: str
    cause: str
    recipes: tuple[str, str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    inside: Change | None = None
    data: Change | None = None


def _loss(change: Callable[[Loss, TrainingState], Loss]) -> Change:
    def plant(training: TrainingState) -> None:
        training.recipe = replace(training.recipe, loss=change(training.recipe.loss, training))

    return plant


def _batch(change: Callable[[DigitBatch], DigitBatch]) -> Change:
    """Give another batch to the loss."""
    return _loss(lambda loss, _: lambda network, batch, s: loss(network, change(batch), s))


def _passed(**change: Callable[[Tensor], Tensor]) -> Change:
    """Pass something else to the network: by the place of a parameter, counted from the end."""

    def wrap(loss: Loss, training: TrainingState) -> Loss:
        names = {"ddpm": ("x", "t"), "flow": ("x", "t")}.get(
            training.recipe.name, ("x", "c", "t", "mask")
        )

        def wrong(network: Network, batch: DigitBatch, settings: Settings) -> Tensor:
            def call(*args: Tensor) -> Tensor:
                given = dict(zip(names, args, strict=True))
                return network(**{n: change.get(n, _same)(value) for n, value in given.items()})

            return loss(call, batch, settings)

        return wrong

    return _loss(wrap)


def _same(value: Tensor) -> Tensor:
    return value


class _DoubleNoise(DigitBatch):
    def noise(self) -> Tensor:
        return 2 * super().noise()


class _SharedNoise(DigitBatch):
    def noise(self) -> Tensor:
        return super().noise()[:1].expand_as(self.images)


def _as(kind: type[DigitBatch]) -> Change:
    return _batch(lambda batch: kind(batch.images, batch.labels, batch.random))


def _images(change: Callable[[Tensor], Tensor]) -> Change:
    return _batch(lambda batch: replace(batch, images=change(batch.images)))


def _gelu_at_the_end(training: TrainingState) -> None:
    training.network.out = nn.Sequential(training.network.out, nn.GELU())  # type: ignore[arg-type]


def _without_normalisation(training: TrainingState) -> None:
    for module in list(training.network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    _new_optimiser(training)


def _new_optimiser(training: TrainingState) -> None:
    rate = training.settings.learning_rate
    training.optimiser = optim.Adam(training.network.parameters(), rate, fused=True)


def _wrong_target(loss: Loss, training: TrainingState) -> Loss:
    """The target of another method: the noise for a denoiser, the digit for a DDPM."""

    def denoiser(network: Network, batch: DigitBatch, settings: Any) -> Tensor:
        eps = batch.noise()
        answer = network(add_unscaled_noise(batch.images, eps, settings.sigma))
        return (answer.float() - eps).square().mean()

    def ddpm(network: Network, batch: DigitBatch, _: Any) -> Tensor:
        index = random_timesteps(batch)
        x_t = noisy(batch.images, index, batch.noise())
        return (network(x_t, normalised(index)).float() - batch.images).square().mean()

    return {"denoiser": denoiser, "ddpm": ddpm}.get(training.recipe.name, loss)


def _backward(_: Loss, training: TrainingState) -> Loss:
    """A velocity that leads back to the noise."""

    def wrong(network: Network, batch: DigitBatch, __: Any) -> Tensor:
        x_0, x_1 = batch.noise(), batch.images
        t = torch.rand(len(x_1), generator=batch.random)
        labels = (batch.labels,) if training.recipe.name == "class-flow" else ()
        answer = network(interpolate(x_0, x_1, t[:, None, None, None]), *labels, t)
        return (answer.float() - (x_0 - x_1)).square().mean()

    return wrong


def _few_levels(_: Loss, training: TrainingState) -> Loss:
    """Only the lowest third of the noise levels is ever drawn."""
    flow = training.recipe.name == "flow"

    def wrong(network: Network, batch: DigitBatch, __: Any) -> Tensor:
        x, eps = batch.images, batch.noise()
        level = torch.rand(len(x), generator=batch.random) / 3
        if flow:  # noise is at 0
            t = 1 - level
            answer = network(interpolate(eps, x, t[:, None, None, None]), t)
            return (answer.float() - (x - eps)).square().mean()
        index = (level * STEPS).long()
        answer = network(noisy(x, index, eps), normalised(index))
        return (answer.float() - eps).square().mean()

    return wrong


def _detached(training: TrainingState) -> None:
    training.network.up1.register_forward_hook(lambda _, __, out: out.detach())  # type: ignore[union-attr]


def _other_parameters(training: TrainingState) -> None:
    copies = [p.detach().clone().requires_grad_() for p in training.network.parameters()]
    training.optimiser = optim.Adam(copies, training.settings.learning_rate)


def _decayed_weights(training: TrainingState) -> None:
    parameters, rate = training.network.parameters(), training.settings.learning_rate
    training.optimiser = optim.AdamW(parameters, rate, weight_decay=20.0)


def _slow_average(training: TrainingState) -> None:
    follow = get_ema_multi_avg_fn(0.9999)  # type: ignore[no-untyped-call]
    training.averaged = AveragedModel(training.network, multi_avg_fn=follow, use_buffers=True)


class _FallingRate(optim.Adam):
    """A rate that falls at every batch, where it should fall at every epoch."""

    count = 0

    def step(self, closure: Any = None) -> Any:
        self.count += 1
        for group in self.param_groups:
            group["lr"] *= 0.9**self.count
        return super().step(closure)


def _falling_rate(training: TrainingState) -> None:
    rate = training.settings.learning_rate
    training.optimiser = _FallingRate(training.network.parameters(), rate)


def _never_zeroed(training: TrainingState) -> None:
    training.optimiser.zero_grad = lambda set_to_none=True: None  # type: ignore[method-assign]  # noqa: ARG005


def _summed(loss: Loss, _: TrainingState) -> Loss:
    return lambda network, batch, s: loss(network, batch, s) * batch.images.numel()


def _in_eval_mode(loss: Loss, training: TrainingState) -> Loss:
    def wrong(network: Network, batch: DigitBatch, settings: Any) -> Tensor:
        training.network.eval()
        return loss(network, batch, settings)

    return wrong


def _sorted(training: TrainingState) -> None:
    """Digits in the order of their labels, as some folders hold them."""
    digits = mnist.load("train")
    order = digits.labels.argsort(stable=True)

    def change(batch: DigitBatch) -> DigitBatch:
        size = len(batch.images)
        start = training.step * size % (len(order) - size)
        which = order[start : start + size]
        return DigitBatch(
            mnist.unit_range(digits.images[which]), digits.labels[which], batch.random
        )

    _batch(change)(training)


def _without_skips(training: TrainingState) -> None:
    def cut(_: nn.Module, args: tuple[Tensor]) -> tuple[Tensor]:
        x = args[0].clone()
        x[:, x.shape[1] // 2 :] = 0
        return (x,)

    for block in (training.network.up1, training.network.up2, training.network.merge):
        block.register_forward_pre_hook(cut)  # type: ignore[union-attr]


def _first(batch: DigitBatch, count: int) -> DigitBatch:
    return DigitBatch(batch.images[:count], batch.labels[:count], batch.random)


def _one_image(batch: DigitBatch) -> DigitBatch:
    first = mnist.load("train")
    image = mnist.unit_range(first.images[:1]).expand_as(batch.images)
    return DigitBatch(image, first.labels[:1].expand_as(batch.labels), batch.random)


def _shuffled(batch: DigitBatch) -> DigitBatch:
    return replace(batch, labels=batch.labels[torch.randperm(len(batch.labels))])


FAULTS: Final = (
    Fault(
        "learning rate far too high", "rate-high", ("ddpm", "class-flow"), {"learning_rate": 0.1}
    ),
    Fault("learning rate far too low", "rate-low", ("flow", "ddpm"), {"learning_rate": 1e-5}),
    Fault("GELU at the end of the UNet", "one-sided", ("ddpm", "flow"), inside=_gelu_at_the_end),
    Fault(
        "t not divided by T",
        "time-range",
        ("ddpm", "class-ddpm"),
        inside=_passed(t=lambda t: t * 300),
    ),
    Fault(
        "all images told the same t",
        "time-same",
        ("flow", "ddpm"),
        inside=_passed(t=lambda t: t[:1].expand_as(t)),
    ),
    Fault(
        "t divided by 1000, not by T",
        "time-scale",
        ("class-ddpm", "ddpm"),
        inside=_passed(t=lambda t: 0.3 * t),
    ),
    Fault(
        "t counted from the other end",
        "other-noise",
        ("ddpm", "class-flow"),
        inside=_passed(t=lambda t: 1 - t),
    ),
    Fault(
        "only a third of the noise levels drawn",
        "levels-few",
        ("ddpm", "flow"),
        inside=_loss(_few_levels),
    ),
    Fault("another target", "target", ("ddpm", "denoiser"), inside=_loss(_wrong_target)),
    Fault("velocity of the way back", "target", ("flow", "class-flow"), inside=_loss(_backward)),
    Fault(
        "no normalisation (BatchNorm left out)",
        "normalisation",
        ("ddpm", "flow"),
        inside=_without_normalisation,
    ),
    Fault("BatchNorm in eval mode", "eval-mode", ("flow", "denoiser"), inside=_loss(_in_eval_mode)),
    Fault("labels shuffled", "labels", ("class-ddpm", "class-flow"), data=_batch(_shuffled)),
    Fault(
        "mask of labels upside down",
        "labels-dropped",
        ("class-flow", "class-ddpm"),
        inside=_passed(mask=lambda m: 1 - m),
    ),
    Fault(
        "digits in [-1, 1]", "data-range", ("denoiser", "ddpm"), data=_images(lambda x: 2 * x - 1)
    ),
    Fault(
        "digits in [0, 255]", "data-range", ("ddpm", "denoiser"), inside=_images(lambda x: 255 * x)
    ),
    Fault("black on white", "data-inverted", ("flow", "class-ddpm"), data=_images(lambda x: 1 - x)),
    Fault("noise twice as strong", "noise-scale", ("ddpm", "flow"), inside=_as(_DoubleNoise)),
    Fault(
        "one noise for all images of a batch",
        "noise-shared",
        ("denoiser", "ddpm"),
        inside=_as(_SharedNoise),
    ),
    Fault(
        "the same noise at every step",
        "noise-fixed",
        ("ddpm", "denoiser"),
        inside=_batch(lambda b: replace(b, random=stream(0, "fixed"))),
    ),
    Fault("one image repeated", "one-image", ("ddpm", "class-flow"), data=_batch(_one_image)),
    Fault("digits sorted by label", "sorted", ("flow", "ddpm"), data=_sorted),
    Fault(
        "no gradient into half of the network", "no-gradient", ("ddpm", "flow"), inside=_detached
    ),
    Fault("the optimiser never steps", "no-steps", ("flow", "denoiser"), inside=_other_parameters),
    Fault(
        "weights decayed to zero", "weights-decay", ("ddpm", "class-flow"), inside=_decayed_weights
    ),
    Fault("rate falls at every batch", "rate-fallen", ("flow", "ddpm"), inside=_falling_rate),
    Fault(
        "averaged weights sampled too early",
        "average",
        ("ddpm", "flow"),
        {"ema": 0.995},
        inside=_slow_average,
    ),
    Fault("batch of 1", "batch-small", ("ddpm", "flow"), data=_batch(lambda b: _first(b, 1))),
    Fault("loss summed over pixels", "loss-summed", ("ddpm", "flow"), inside=_loss(_summed)),
    Fault("gradients never set to zero", "not-zeroed", ("flow", "ddpm"), inside=_never_zeroed),
    Fault("skip connections cut", "skips", ("ddpm", "denoiser"), inside=_without_skips),
)
