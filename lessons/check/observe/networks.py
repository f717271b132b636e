"""What is observed of the UNet, its blocks and the schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.check.observe.scripted import fixed, scripted
from lessons.check.solution import Observation, Place, Solution, Wrong, fill

SIZE: Final = 28
LABELS: Final = (3, 8)
WIDTH: Final = 6


def block(name: str, needed: dict[str, int], *shape: int) -> Callable[[Solution], Observation]:
    """Observe one building block of the UNet: its answer in eval mode, its number of parameters.

    Args:
        name: of its class.
        needed: what it is made with.
        shape: of what it is given.
    """

    def observe(solution: Solution) -> Observation:
        made = solution.call(Place((name,)), needed, {"channels": 4} if not needed else {})
        if not callable(made):
            raise Wrong("It makes nothing that could be called.")
        network = fill(made).eval() if isinstance(made, nn.Module) else made
        with torch.no_grad():
            return _output(network(fixed(shape)), made)

    return observe


def _output(out: Any, made: Any) -> Observation:
    if not isinstance(out, Tensor):
        raise Wrong(f"It returns {type(out).__name__}, not a tensor.")
    count = sum(p.numel() for p in made.parameters()) if isinstance(made, nn.Module) else 0
    return {"output": out.float(), "parameters": torch.tensor([float(count)])}


_BUILDS: Final = {
    "in_channels": 1,
    "num_hiddens": WIDTH,
}
_MORE: Final = {"num_classes": 10, "out_channels": 1, "channels": 1}
_TIMES: Final = (0.25, 0.7)


def unconditional_unet(solution: Solution) -> Observation:
    """The network's answer to two images of noise."""
    network = _network(solution, ("UnconditionalUNet", "UNet"))
    with torch.no_grad():
        return _output(network(fixed((2, 1, SIZE, SIZE))), network)


def time_unet(solution: Solution) -> Observation:
    """Its answer at two times."""
    network = _network(solution, ("TimeConditionalUNet",))
    x, t = fixed((2, 1, SIZE, SIZE)), torch.tensor(_TIMES)
    with torch.no_grad():
        return _output(_tried(lambda t: network(x, t), (t, t[:, None])), network)


def class_unet(solution: Solution) -> Observation:
    """Its answer for two classes, with and without them."""
    network = _network(solution, ("ClassConditionalUNet",))
    x, t, order = fixed((2, 1, SIZE, SIZE)), torch.tensor(_TIMES), solution.order()
    c = torch.tensor(LABELS)

    def ask(t: Tensor, c: Tensor, mask: Tensor | None) -> Any:
        values = {"t": t, "c": c, "mask": mask}
        return network(x, *[values[name] for name in order if values[name] is not None])

    hot = nn.functional.one_hot(c, 10).float()
    forms = [(a, b) for b in (c, hot) for a in (t, t[:, None])]
    with torch.no_grad():
        made = _output(_tried(lambda form: ask(form[0], form[1], None), forms), network)
        kept, dropped = torch.ones(2), torch.tensor([1.0, 0.0])
        masks = [(a, b, m) for a, b in forms for m in (dropped, dropped[:, None])]
        if "mask" in order:
            made["masked"] = _output(
                _tried(lambda form: ask(form[0], form[1], form[2]), masks), network
            )["output"]
            masks = [(a, b, m) for a, b in forms for m in (kept, kept[:, None])]
            made["kept"] = _output(
                _tried(lambda form: ask(form[0], form[1], form[2]), masks), network
            )["output"]
    return made


def _tried(ask: Callable[[Any], Any], forms: Sequence[Any]) -> Any:
    """The first form of the arguments that a network understands; the first one's error if none."""
    first: Exception | None = None
    for form in forms:
        try:
            return ask(form)
        except Exception as error:
            first = first or error
    assert first is not None
    raise first


def _network(solution: Solution, names: tuple[str, ...]) -> nn.Module:
    network = solution.call(Place(names), _BUILDS, _MORE)
    if not isinstance(network, nn.Module):
        raise Wrong("It makes no torch.nn.Module.")
    return fill(network).eval()


def ddpm_schedule(solution: Solution) -> Observation:
    """Its three tables, for the course's 300 timesteps."""
    place = Place(("ddpm_schedule", "ddpm_schedules", "linear_schedule"))
    with scripted(half=True):
        returned = solution.call(place, {"beta1": 1e-4, "beta2": 0.02, "num_ts": 300})
    betas, alphas, bars = _tables(returned)
    return {"betas": betas, "alphas": alphas, "alpha_bars": bars, "1 - alpha_bars": 1 - bars}


def _tables(returned: Any) -> tuple[Tensor, Tensor, Tensor]:
    """β, α and ᾱ by their names; in this order if they have none."""
    if isinstance(returned, dict):
        found = [
            next(
                (v for k, v in returned.items() if str(k).lower().replace("_t", "") in names), None
            )
            for names in (
                ("betas", "beta"),
                ("alphas", "alpha"),
                ("alpha_bars", "alpha_bar", "alphas_cumprod", "alphas_bar", "alphabar"),
            )
        ]
    else:
        found = list(returned) if isinstance(returned, list | tuple) else []
    if len(found) < 3 or not all(isinstance(one, Tensor) for one in found[:3]):
        raise Wrong("It does not return betas, alphas and alpha_bars as tensors.")
    tables = (one.detach().double().flatten() for one in found[:3] if isinstance(one, Tensor))
    # One entry more, for a clean image at index 0, is as good.
    betas, alphas, bars = (one[1:] if len(one) == 301 else one for one in tables)
    return betas, alphas, bars
