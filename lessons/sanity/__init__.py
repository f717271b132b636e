"""Experiments whose outcome is known before they run.

Both sides go through the real sampler, and one number says how far apart they are at most: 0, or
what rounding leaves. Where it is not, something is wrong, with the code or with what we believed.
"""

from lessons.sanity.comparing import Compared
from lessons.sanity.digit_walks import (
    batch_statistics,
    gamma_one,
    masked_labels,
    wrong_time,
)
from lessons.sanity.digits import (
    Shown,
    blind_guesses,
    nothing_under,
    one_digit_flow,
    one_flow_step,
    small_steps,
    twice,
)
from lessons.sanity.mixing import (
    anagram_exchanged,
    anagram_with_itself,
    hybrid_with_itself,
    hybrid_without_blur,
    inpainting_of,
)
from lessons.sanity.prompts import guidance_of, in_company, same_seed, two_originals, unheard
from lessons.sanity.steps import (
    Blurred,
    blurred_noise,
    exact_noise,
    no_noise,
    one_picture_world,
    silent_steps,
    single_step,
)

__all__ = [
    "Blurred",
    "Compared",
    "Shown",
    "anagram_exchanged",
    "anagram_with_itself",
    "batch_statistics",
    "blind_guesses",
    "blurred_noise",
    "exact_noise",
    "gamma_one",
    "guidance_of",
    "hybrid_with_itself",
    "hybrid_without_blur",
    "in_company",
    "inpainting_of",
    "masked_labels",
    "no_noise",
    "nothing_under",
    "one_digit_flow",
    "one_flow_step",
    "one_picture_world",
    "same_seed",
    "silent_steps",
    "single_step",
    "small_steps",
    "twice",
    "two_originals",
    "unheard",
    "wrong_time",
]
