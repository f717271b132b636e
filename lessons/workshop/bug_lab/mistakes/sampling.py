"""Mistakes in the sampling loop, its noise, its schedule and its guidance."""

from __future__ import annotations

from typing import Final

from lessons.workshop.bug_lab import probes, scenes, worlds
from lessons.workshop.bug_lab.bench import Mistake
from lessons.workshop.bug_lab.copies import Patch

_LOOP: Final = "lessons.diffusion.samplers"
_NOISE: Final = "lessons.diffusion.noise"
_SCHEDULES: Final = "lessons.diffusion.schedules"
_GUIDANCE: Final = "lessons.diffusion.guidance"
_TESTS: Final = "test_samplers.py::test_"

MISTAKES: Final = (
    Mistake(
        1,
        "Sampling loop",
        "the step after index 0 wraps around",
        "The level after the last timestep is looked up at −1, and Python answers with the last "
        "entry of the table: the noisiest level there is.",
        "All steps but one are right, and no index is out of range.",
        Patch(
            _SCHEDULES,
            "return torch.ones((), dtype=alpha_bars.dtype) if t == CLEAN else alpha_bars[t]",
            "return alpha_bars[t]",
        ),
        f"{_TESTS}in_the_one_image_world_every_stride_finds_the_image",
        worlds.CLEAN_END,
        scenes.TEN_DIGITS,
    ),
    Mistake(
        2,
        "Sampling loop",
        "noise on the last step",
        "Every step adds noise, so the last one does too, and no step follows that could remove "
        "it.",
        "The noise of the last step is the smallest of all: two or three grey levels of 255.",
        Patch(_LOOP, "None if s == timesteps[-1] else noise()", "noise()"),
        f"{_TESTS}no_noise_is_drawn_on_the_last_step",
        worlds.END,
        scenes.SAMPLES,
    ),
    Mistake(
        3,
        "Sampling loop",
        "the loop stops one step early",
        "A range excludes its end, so the trajectory stops one timestep early.",
        "The content is recognisable; the remaining noise looks like grain.",
        Patch(
            _LOOP,
            "for t, s in pairwise(timesteps):\n        alpha_bar_t",
            "for t, s in pairwise(timesteps[:-1]):\n        alpha_bar_t",
        ),
        f"{_TESTS}the_loop_takes_every_step_and_ends_at_the_last_timestep",
        worlds.END,
        scenes.SAMPLES,
    ),
    Mistake(
        14,
        "Sampling loop",
        "α of one timestep in a step of many",
        "α is taken from the schedule's own table, from t to t − 1, while the trajectory jumps "
        "to t′.",
        "The formula is the one of the paper, where a step has length one.",
        Patch(
            _LOOP,
            "= alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, s)",
            "= alpha_bar_at(alpha_bars, t), alpha_bar_at(alpha_bars, t - 1)",
        ),
        f"{_TESTS}after_every_step_there_is_as_much_noise_as_the_schedule_says",
        worlds.MIDDLE_NOISE,
        scenes.SAMPLES,
    ),
    Mistake(
        15,
        "Sampling loop",
        "the variance of one timestep in a step of many",
        "The mean is right for the long step, but its variance comes from the schedule's own "
        "table.",
        "Too little noise makes smooth images that look clean, and are less varied.",
        Patch(
            _LOOP,
            "mean, sigma = sampler.step(here)",
            "mean, _ = sampler.step(here)\n"
            "        one = here._replace(alpha_bar_s=alpha_bar_at(alpha_bars, t - 1))\n"
            "        _, sigma = sampler.step(one)",
        ),
        f"{_TESTS}after_every_step_there_is_as_much_noise_as_the_schedule_says",
        worlds.MIDDLE_NOISE,
        scenes.SAMPLES,
    ),
    Mistake(
        24,
        "Noise",
        "the seed does not count",
        "The seed is not passed on in one place, perhaps on one device only, and a fixed seed is "
        "used.",
        "Each image is as good as before, and is reproducible.",
        Patch(_NOISE, "stream(seed, purpose, i)", "stream(0, purpose, i)"),
        "test_sampled_digits.py::test_another_seed_gives_other_digits_and_the_same_seed_the_same",
        probes.SEEDS,
        scenes.TWO_SEEDS,
    ),
    Mistake(
        24,
        "Noise",
        "one noise for all images of a batch",
        "Every image opens a random stream with the same seed, or one noise is expanded over "
        "the batch.",
        "Each image by itself is fine; it never shows where images are sampled singly.",
        Patch(_NOISE, "stream(seed, purpose, i)", "stream(seed, purpose)"),
        f"{_TESTS}images_of_one_sample_differ",
        probes.SIBLINGS,
        scenes.SAMPLES,
    ),
    Mistake(
        25,
        "Noise",
        "the schedule in half precision",
        "The model runs in float16, so the tables of the schedule become float16 with it. Close to "
        "1 it has steps of 0.0005: the first α of 0.9999 is rounded to 1.",
        "ᾱ is off by a thousandth, and the trajectory looks right down to its last step. There 1 "
        "− ᾱ has become 0, and 0/0 is no number.",
        Patch(
            _SCHEDULES,
            "return Schedule(betas, alphas, alphas.cumprod(0))",
            "return Schedule(betas, alphas, alphas.half().cumprod(0).double())",
        ),
        "test_schedules.py::test_the_linear_schedule_has_the_published_values",
        probes.SIGNAL,
        scenes.TEN_DIGITS,
    ),
    Mistake(
        12,
        "Guidance",
        "1 + w called γ",
        "The paper counts w, where 0 is no guidance; the lesson counts γ, where 1 is none. The "
        "formula of one with the number of the other guides by one too much.",
        "γ = 7 is then γ = 8, and a little more guidance looks like any other.",
        Patch(
            _GUIDANCE,
            "return eps_u + gamma * (eps_c - eps_u)",
            "return eps_u + (1 + gamma) * (eps_c - eps_u)",
        ),
        "test_guidance.py::test_guidance_of_one_is_the_conditional_prediction",
        probes.GAMMA_ONE,
        scenes.SAMPLES,
    ),
    Mistake(
        13,
        "Guidance",
        "the prompt and the empty prompt exchanged",
        "Two embeddings of one shape are passed in the other order, so guidance points away from "
        "the prompt.",
        "The samples may still be images, only not of what the prompt says.",
        Patch(
            _GUIDANCE,
            "both = torch.cat([for_each(x_t, wanted), for_each(x_t, unwanted)])",
            "both = torch.cat([for_each(x_t, unwanted), for_each(x_t, wanted)])",
        ),
        "test_guidance.py::test_guidance_of_one_is_the_conditional_prediction",
        scenes.SAMPLES_ASKED,
        scenes.SAMPLES,
    ),
)
