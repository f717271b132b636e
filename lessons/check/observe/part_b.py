"""What is observed of the training losses and samplers of Part B."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import Any, Final

import torch
from torch import Tensor

from lessons.check.observe.scripted import scripted
from lessons.check.observe.world import BETAS, NO_LABEL, NUM_TS, SCHEDULE, DigitNet, digit
from lessons.check.solution import (
    Observation,
    Place,
    Solution,
    Wrong,
    image,
    number,
    said,
)

SIZE: Final = 28
LABELS: Final = (3, 8, 1, 5)
GAMMA: Final = 5.0
MANY: Final = 400


class Tables(dict[str, Tensor]):
    """A schedule's tables for solutions of any taste: by name, as attributes, or in a row."""

    def __init__(self) -> None:
        one = {name: table.float() for name, table in SCHEDULE._asdict().items()}
        super().__init__(one)
        bars = one["alpha_bars"]
        names = ("alpha_bars", "alphas_cumprod", "alpha_bar", "alpha_cumprod", "alphas_bar")
        self.update(dict.fromkeys(names, bars))
        self.update(beta=one["betas"], alpha=one["alphas"])
        self.update(sqrt_alpha_bars=bars.sqrt(), sqrt_one_minus_alpha_bars=(1 - bars).sqrt())

    def __getattr__(self, name: str) -> Tensor:
        """A table as an attribute."""
        if name in self:
            return self[name]
        raise AttributeError(name)


def ddpm_forward(solution: Solution) -> Observation:
    """What the network is shown in one training step, and the loss."""
    place = Place(
        ("ddpm_forward", "time_ddpm_forward", "ddpm_loss"),
        (("ddpm",), "forward"),
        {"betas": BETAS, "num_ts": NUM_TS},
        classes=False,
    )
    return _trained(solution, place, {"ddpm_schedule": Tables()}, "x_0")


def class_ddpm_forward(solution: Solution) -> Observation:
    """The same with labels."""
    place = Place(
        ("class_ddpm_forward", "ddpm_cfg_forward", "ddpm_forward_cfg", "ddpm_forward"),
        (("ddpm",), "forward"),
        {"betas": BETAS, "num_ts": NUM_TS},
        classes=True,
    )
    return _trained(solution, place, {"ddpm_schedule": Tables()}, "x_0")


def fm_forward(solution: Solution) -> Observation:
    """What the network is shown in one training step, and the loss."""
    names = ("fm_forward", "time_fm_forward", "flow_matching_forward", "flow_forward")
    place = Place(names, (("flow", "fm"), "forward"), {"num_ts": NUM_TS}, classes=False)
    return _trained(solution, place, {}, "x_1")


def class_fm_forward(solution: Solution) -> Observation:
    """The same with labels."""
    names = ("class_fm_forward", "fm_cfg_forward", "fm_forward", "flow_matching_forward")
    place = Place(names, (("flow", "fm"), "forward"), {"num_ts": NUM_TS}, classes=True)
    return _trained(solution, place, {}, "x_1")


def _trained(solution: Solution, place: Place, more: dict[str, Any], clean: str) -> Observation:
    def ask(p_uncond: float, labels: Sequence[int], noise: bool = True) -> tuple[DigitNet, Any]:
        order = solution.order() if place.classes else ["t"]
        net = DigitNet(order, flow=clean == "x_1", share=0.5)
        x = torch.stack([digit(label, SIZE) for label in labels])
        needed: dict[str, Any] = {"unet": net, **more, clean: x}
        if place.classes:
            needed |= {"c": torch.tensor(labels), "p_uncond": p_uncond}
        offered: dict[str, Any] = {"num_ts": NUM_TS, "device": "cpu"}
        with scripted(noise=noise):
            return net, solution.call(place, needed, offered)

    net, loss = ask(0.0, LABELS)
    if not net.asked:
        raise Wrong("It never asks the network.")
    rows = net.asked
    made = {
        "told": torch.tensor([t for _, t, _ in rows]),
        "x_t": torch.stack([x for x, _, _ in rows]),
        "loss": number(loss),
        "anew": said(_noises_differ(ask)),
    }
    if place.classes:
        made["labels"] = torch.tensor([float(label) for _, _, label in rows])
        none, _ = ask(1.0, LABELS)
        made["dropped"] = torch.tensor([float(label) for _, _, label in none.asked])
        torch.manual_seed(0)
        made["share"] = said(_share(ask))
    return made


def _noises_differ(ask: Callable[..., tuple[DigitNet, Any]]) -> bool:
    """Whether two training steps get different noise; times and labels are the same in both."""
    both = []
    for seed in range(2):
        torch.manual_seed(seed)
        net, _ = ask(0.0, LABELS, noise=False)
        both.append(torch.stack([x for x, _, _ in net.asked]))
    return both[0].shape != both[1].shape or bool((both[0] - both[1]).abs().max() > 1e-4)


def _share(ask: Callable[..., tuple[DigitNet, Any]]) -> bool:
    """Whether about a fifth of the labels is dropped when a fifth is asked for."""
    net, _ = ask(0.2, [place % 10 for place in range(MANY)])
    dropped = sum(label == NO_LABEL for _, _, label in net.asked)
    return 0.1 < dropped / MANY < 0.3


def ddpm_sample(solution: Solution) -> Observation:
    """From noise to a digit."""
    place = Place(
        ("ddpm_sample", "time_ddpm_sample", "ddpm_sampling", "sample_ddpm"),
        (("ddpm",), "sample"),
        {"betas": BETAS, "num_ts": NUM_TS},
        classes=False,
    )
    return _sampled(solution, place, {"ddpm_schedule": Tables()}, flow=False)


def class_ddpm_sample(solution: Solution) -> Observation:
    """The same for labels, with guidance."""
    place = Place(
        ("class_ddpm_sample", "ddpm_cfg_sample", "ddpm_sample_cfg", "ddpm_sample"),
        (("ddpm",), "sample"),
        {"betas": BETAS, "num_ts": NUM_TS, "p_uncond": 0.1},
        classes=True,
    )
    return _sampled(solution, place, {"ddpm_schedule": Tables()}, flow=False)


def fm_sample(solution: Solution) -> Observation:
    """From noise to a digit by Euler steps."""
    names = ("fm_sample", "time_fm_sample", "flow_matching_sample", "flow_sample")
    place = Place(names, (("flow", "fm"), "sample"), {"num_ts": NUM_TS}, classes=False)
    return _sampled(solution, place, {}, flow=True)


def class_fm_sample(solution: Solution) -> Observation:
    """The same for labels, with guidance."""
    names = ("class_fm_sample", "fm_cfg_sample", "fm_sample", "flow_matching_sample")
    place = Place(names, (("flow", "fm"), "sample"), {"num_ts": NUM_TS}, classes=True)
    return _sampled(solution, place, {}, flow=True)


def _sampled(solution: Solution, place: Place, more: dict[str, Any], flow: bool) -> Observation:
    def ask(seed: int, noise: bool = True) -> tuple[DigitNet, Tensor]:
        net = DigitNet(solution.order() if place.classes else ["t"], flow)
        net.train()
        needed: dict[str, Any] = {"unet": net, **more}
        offered: dict[str, Any] = {"seed": seed, "device": "cpu", "in_channels": 1}
        if place.classes:
            needed |= {"c": torch.tensor(LABELS)}
            offered |= {"guidance_scale": GAMMA}
        else:
            offered |= {"count": len(LABELS)}
        needed |= {"img_wh": (SIZE, SIZE), "num_ts": NUM_TS}
        with scripted(noise=noise), torch.no_grad():
            return net, image(solution.call(place, needed, offered), 1, SIZE)

    net, result = ask(0)
    rows = _first_rows(net)
    made = {
        "told": torch.tensor([t for _, t, _ in rows]),
        "x_t": torch.stack([x for x, _, _ in rows]),
        "result": result[0],
        "mode": said(net.trained),
    }
    torch.manual_seed(1)
    one, first = ask(0, noise=False)
    torch.manual_seed(2)
    two, other = ask(1, noise=False)
    made["seeds"] = said(bool((_start(one) - _start(two)).abs().max() > 1e-4))
    if len(first) > 1 and len(other) > 1:
        starts = [x for x, _, _ in one.asked[:2]]
        made["siblings"] = said(bool((starts[0] - starts[1]).abs().max() > 1e-4))
    return made


def _start(net: DigitNet) -> Tensor:
    return net.asked[0][0]


def _first_rows(net: DigitNet) -> list[tuple[Tensor, float, int]]:
    """For each call of the network the first image whose label was kept; without labels, any."""
    starts = [0, *accumulate(net.calls)]
    calls = [net.asked[a:b] for a, b in pairwise(starts)]
    labelled = any(label != NO_LABEL for _, _, label in net.asked)
    firsts = [
        next((row for row in rows if not labelled or row[2] != NO_LABEL), None) for rows in calls
    ]
    found = [row for row in firsts if row is not None]
    if not found:
        raise Wrong("It never asks the network.")
    return found
