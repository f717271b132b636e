"""Everything that is checked, in the order of the assignment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from lessons.check.observe import networks, part_a, part_b
from lessons.check.solution import Observation, Solution

_STEPS: Final = "what the network is given, step by step"
_TIMES: Final = "timesteps that the network is asked for"
_TIMES_IN: Final = "times that the network is told"

LOOP: Final = {"t": _TIMES, "x_t": _STEPS, "result": "result"}
SAMPLE: Final = {
    "told": _TIMES_IN,
    "x_t": _STEPS,
    "result": "result",
    "mode": "network in train mode (1) or eval mode (0)",
    "seeds": "another seed gives another sample (1) or the same (0)",
    "siblings": "two samples of a batch differ (1) or not (0)",
}
TRAIN: Final = {
    "told": _TIMES_IN,
    "x_t": "noised images",
    "loss": "loss",
    "anew": "noise drawn anew in every step (1) or not (0)",
    "labels": "labels told when none is to be dropped (−1: dropped)",
    "dropped": "labels told when all are to be dropped (−1: dropped)",
    "share": "p_uncond = 0.2 drops about a fifth of the labels (1) or not (0)",
}
NETWORK: Final = {
    "parameters": "number of parameters",
    "output": "output",
    "masked": "output where the mask keeps the first label and drops the second",
    "kept": "output with a mask of ones",
}


@dataclass(frozen=True, eq=False)
class Check:
    """One function or class of the course.

    Attributes:
        name: the course's name for it.
        lesson: its section of the assignment.
        observe: what it does in the small world.
        parts: words for what is observed; those of the solution's that are not here don't count.
        picture: the part that a picture shows, or "".
        low: what is black in that picture; white is 1.
        rights: ways to do it otherwise that are as right, by name; see `known`.
        tolerance: relative error that is still right.
    """

    name: str
    lesson: str
    observe: Callable[[Solution], Observation]
    parts: Mapping[str, str] = field(default_factory=lambda: NETWORK)
    picture: str = "output"
    low: float = -1.0
    rights: tuple[str, ...] = ()
    tolerance: float = 2e-3


def _blocks() -> tuple[Check, ...]:
    both = {"in_channels": 2, "out_channels": 3}
    given = {
        "Conv": (both, (2, 2, 14, 14)),
        "DownConv": (both, (2, 2, 14, 14)),
        "UpConv": (both, (2, 2, 7, 7)),
        "Flatten": ({}, (2, 4, 7, 7)),
        "Unflatten": ({"channels": 4}, (2, 4, 1, 1)),
        "ConvBlock": (both, (2, 2, 14, 14)),
        "DownBlock": (both, (2, 2, 14, 14)),
        "UpBlock": (both, (2, 2, 7, 7)),
    }
    return tuple(
        Check(name, "B1.1", networks.block(name, needed, *shape), picture="")
        for name, (needed, shape) in given.items()
    )


_FLIPS: Final = ("flip:up", "flip:side")
_INPAINTS: Final = ("inpaint:before", "inpaint:clean")
_TRAINS: Final = ("time:index", "time:from one", "time:below T")

CHECKS: Final = (
    Check("forward", "A1.1", part_a.forward, {"x_t": "image at t = 0, 250, 500, 750"}, "x_t"),
    Check("denoise", "A1.3", part_a.denoise, {"result": "clean estimates"}, "result"),
    Check("iterative_denoise", "A1.4", part_a.iterative_denoise, LOOP, "result"),
    Check("iterative_denoise_cfg", "A1.6", part_a.iterative_denoise_cfg, LOOP, "result"),
    Check("inpaint", "A1.7.2", part_a.inpaint, LOOP, "result", rights=_INPAINTS),
    Check("make_flip_illusion", "A1.8", part_a.make_flip_illusion, LOOP, "result", rights=_FLIPS),
    Check("make_hybrids", "A1.10", part_a.make_hybrids, LOOP, "result"),
    *_blocks(),
    Check("UnconditionalUNet", "B1.1", networks.unconditional_unet),
    Check(
        "FCBlock",
        "B2.1",
        networks.block("FCBlock", {"in_channels": 5, "out_channels": 3}, 2, 5),
        picture="",
    ),
    Check("TimeConditionalUNet", "B2.1", networks.time_unet, rights=("unet:products",)),
    Check(
        "ddpm_schedule",
        "B2.2",
        networks.ddpm_schedule,
        {
            "betas": "β",
            "alphas": "α",
            "alpha_bars": "ᾱ",
            "1 - alpha_bars": "1 − ᾱ",
        },
        "",
        tolerance=1e-4,
    ),
    Check("ddpm_forward", "B2.2", part_b.ddpm_forward, TRAIN, "x_t", 0.0, _TRAINS),
    Check("ddpm_sample", "B2.2", part_b.ddpm_sample, SAMPLE, "result", 0.0, ("sample:index",)),
    Check("ClassConditionalUNet", "B2.3", networks.class_unet),
    Check("class_ddpm_forward", "B2.3", part_b.class_ddpm_forward, TRAIN, "x_t", 0.0, _TRAINS),
    Check(
        "class_ddpm_sample",
        "B2.3",
        part_b.class_ddpm_sample,
        SAMPLE,
        "result",
        0.0,
        ("sample:index",),
    ),
    Check("fm_forward", "B2.5", part_b.fm_forward, TRAIN, "x_t", 0.0),
    Check("fm_sample", "B2.5", part_b.fm_sample, SAMPLE, "result", 0.0),
    Check("class_fm_forward", "B2.5", part_b.class_fm_forward, TRAIN, "x_t", 0.0),
    Check("class_fm_sample", "B2.5", part_b.class_fm_sample, SAMPLE, "result", 0.0),
)


def chosen(only: str) -> tuple[Check, ...]:
    """The checks of a section, e.g. "A1.4" or "B", or of one name; all, if it is empty.

    Raises:
        ValueError: there is none.
    """
    wanted = only.strip().lower().replace(" ", "")
    found = tuple(
        check
        for check in CHECKS
        if check.name.lower() == wanted or _inside(check.lesson.lower(), wanted)
    )
    if not found:
        sections = ", ".join(dict.fromkeys(check.lesson for check in CHECKS))
        raise ValueError(f"Nothing is checked under {only!r}. Sections: {sections}.")
    return found


def _inside(lesson: str, wanted: str) -> bool:
    """Whether a section is the one wanted, or a part of it."""
    return lesson == wanted or lesson.startswith(f"{wanted}.") or wanted in ("", lesson[0])
