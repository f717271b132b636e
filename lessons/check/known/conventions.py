"""Conventions in which right solutions differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lessons.check.known.kinds import PART_A_CODE, PART_B_CODE
from lessons.workshop.bug_lab.copies import Patch

_DIFFUSION: Final = "lessons.diffusion"
_INDEX: Final = (
    "    index = torch.randint(0, num_ts, (len(x_0),))\n    times_in = (index + 1) / num_ts\n"
)
_IN_SAMPLING: Final = "(index + 1) / num_ts)\n\n\ndef _at"
_TIME_IN_TRAINING: Final = "    times_in = (index + 1) / num_ts\n"

RIGHTS: Final[Mapping[str, tuple[Patch, ...]]] = {
    "flip:up": (Patch(PART_A_CODE, 'VIEW: Final = VIEWS["180°"]', 'VIEW: Final = VIEWS["up"]'),),
    "flip:side": (
        Patch(PART_A_CODE, 'VIEW: Final = VIEWS["180°"]', 'VIEW: Final = VIEWS["side"]'),
    ),
    "inpaint:before": (
        # Before the network is asked, at t, in place of after the step, at t′: the same but for
        # the two ends.
        Patch(
            PART_A_CODE,
            "    return _sampled(x_t, timesteps, alphas_cumprod, predict, after)\n",
            "    def before(x_t: Tensor, t: int) -> Tensor:\n"
            "        return after(x_t, t) if t > 0 else x_t\n\n"
            "    x_t = after(x_t, timesteps[0])\n"
            "    return _sampled(x_t, timesteps, alphas_cumprod, predict, before)\n",
        ),
    ),
    "inpaint:clean": (
        Patch(f"{_DIFFUSION}.inpainting", "        if s != CLEAN:", "        if s > 0:"),
    ),
    "unet:products": (
        Patch("models.unet", 'if self.time == "multiply":', 'if self.time != "multiply":'),
    ),
    "time:index": (Patch(PART_B_CODE, _TIME_IN_TRAINING, "    times_in = index / num_ts\n"),),
    "time:from one": (
        Patch(
            PART_B_CODE,
            _INDEX,
            "    index = torch.randint(1, num_ts, (len(x_0),))\n    times_in = index / num_ts\n",
        ),
    ),
    "time:below T": (
        Patch(
            PART_B_CODE,
            _INDEX,
            "    index = torch.randint(0, num_ts - 1, (len(x_0),))\n"
            "    times_in = (index + 1) / num_ts\n",
        ),
    ),
    "sample:index": (
        Patch(PART_B_CODE, _IN_SAMPLING, _IN_SAMPLING.replace("(index + 1)", "index")),
    ),
}
"""Changes of our own solution that leave it right, by the names that `checks` uses."""
