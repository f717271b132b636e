"""Mistakes with what goes in and out: images, masks, and two prompts for one image."""

from __future__ import annotations

from typing import Final

from lessons.workshop.bug_lab import displays, probes, scenes, worlds
from lessons.workshop.bug_lab.bench import Mistake
from lessons.workshop.bug_lab.copies import Patch

_INPAINTING: Final = "lessons.diffusion.inpainting"
_DOOR: Final = "unit = (image.detach().float().cpu() - low) / (high - low)"

MISTAKES: Final = (
    Mistake(
        16,
        "Inpainting",
        "the clean original pasted in",
        "After every step the source image is put back as it is, without the noise of the "
        "timestep.",
        "What should stay does stay. The regenerated part is sampled beside content without the "
        "noise of its timestep, and does not fit it.",
        Patch(
            _INPAINTING,
            "return keep_outside(x_s, kept, mask)",
            "return keep_outside(x_s, source, mask)",
        ),
        "test_inpainting.py::test_the_kept_part_is_as_noisy_as_the_step_just_reached",
        worlds.KEPT_NOISE,
        scenes.INPAINTED,
    ),
    Mistake(
        16,
        "Inpainting",
        "the source image under the noise of the step before",
        "The step went from t to t′, and the source image is noised to t again.",
        "One noise level too many is hard to see during sampling, and at the end the clean source "
        "image replaces it. Only the regenerated part differs.",
        Patch("lessons.diffusion.samplers", "mean + sigma * z, s)", "mean + sigma * z, t)"),
        "test_samplers.py::test_the_hook_after_a_step_has_the_last_word",
        scenes.KEPT,
        scenes.INPAINTED,
    ),
    Mistake(
        17,
        "Inpainting",
        "the mask inverted",
        "One program marks what is regenerated with 1, another what is kept.",
        "The image is filled without a seam, but in the wrong half.",
        Patch(
            _INPAINTING,
            "return mask * x_s + (1 - mask) * noisy_source",
            "return (1 - mask) * x_s + mask * noisy_source",
        ),
        "test_inpainting.py::test_one_in_the_mask_is_new_and_zero_is_kept",
        scenes.KEPT,
        scenes.INPAINTED,
    ),
    Mistake(
        17,
        "Inpainting",
        "a mask with grey edges",
        "A mask of high resolution is scaled down and used with the soft edges that this makes.",
        "A soft edge looks better than a hard one. But averaging two noisy images halves the "
        "variance of their noise at every step.",
        Patch(
            "lessons.images.masks",
            "return _mask(np.asarray(small) > HALF)",
            "return np.asarray(small) / 255",
        ),
        "test_masks.py::test_every_mask_is_of_zeros_and_ones_at_the_models_size",
        displays.GREY,
        displays.MASK,
    ),
    Mistake(
        21,
        "Two prompts",
        "the second noise not turned back",
        "The noise predicted for the transformed image is averaged without being transformed back.",
        "The average of two predictions is again some noise, and an image is sampled.",
        Patch(
            "lessons.diffusion.anagrams",
            "return (eps_1 + view.undo(eps_2)) / 2",
            "return (eps_1 + eps_2) / 2",
        ),
        "test_visual_anagrams.py::test_the_noise_seen_through_the_view_is_turned_back",
        worlds.ANAGRAM_END,
        scenes.ANAGRAMS,
    ),
    Mistake(
        23,
        "Two prompts",
        "low and high pass exchanged",
        "The two predictions enter the sum in the wrong order.",
        "The result is a hybrid too, with the two prompts exchanged.",
        Patch(
            "lessons.diffusion.hybrids",
            "eps = blend(eps_low, eps_high, sigma, kernel)",
            "eps = blend(eps_high, eps_low, sigma, kernel)",
        ),
        "test_hybrid_images.py::test_the_first_predictor_is_the_one_that_is_seen_from_far",
        worlds.HYBRID_END,
        scenes.HYBRIDS,
    ),
    Mistake(
        9,
        "Pictures",
        "another range than in training",
        "Images are scaled to −1 … 1, as for many networks; this one was trained on 0 … 1.",
        "The image on the screen is right, and a network returns something for any input.",
        Patch(
            "lessons.images.sources",
            "return planes[None] / 255 * (high - low) + low",
            "return planes[None] / 127.5 - 1",
        ),
        "test_sources.py::test_black_and_white_become_the_ends_of_the_models_range",
        probes.LOWEST_GIVEN,
        scenes.EDITED,
    ),
    Mistake(
        10,
        "Pictures",
        "every image stretched to its own extremes",
        "The display takes the smallest value for black and the largest for white, as plotting "
        "libraries do by themselves.",
        "Every image has full contrast, and values out of range stay unnoticed.",
        Patch(
            "lessons.images.captioned",
            _DOOR,
            "unit = (image.float().cpu() - image.min()) / (image.max() - image.min())",
        ),
        "test_captioned.py::test_a_grey_image_stays_grey",
        probes.BLACK,
        displays.DISPLAY,
    ),
    Mistake(
        18,
        "Pictures",
        "brought to [0, 1] twice",
        "Two places each turn [−1, 1] into [0, 1]: black becomes grey.",
        "The image is complete, only paler, as on a poor screen.",
        Patch("lessons.images.captioned", _DOOR, f"{_DOOR} / 2 + 0.5"),
        "test_captioned.py::test_another_range_is_mapped_once",
        probes.BLACK,
        displays.DISPLAY,
    ),
    Mistake(
        19,
        "Pictures",
        "squashed into a square",
        "The image is resized to 28×28 without being cropped first.",
        "A photograph a third narrower still looks like one.",
        Patch(
            "lessons.images.fitting",
            "image.crop((left, top, left + wide, top + high)).resize((width, height), resample)",
            "image.resize((width, height), resample)",
        ),
        "test_sources.py::test_a_disc_stays_round_whatever_the_image_around_it",
        displays.ROUNDNESS,
        displays.FITTED,
    ),
    Mistake(
        20,
        "Pictures",
        "what is transparent turned black",
        "The alpha channel is dropped, and what lies under transparent pixels is black.",
        "Files without transparency, such as photographs, are right.",
        Patch(
            "lessons.images.decoding",
            'return Image.alpha_composite(paper, image).convert("RGB")',
            'return image.convert("RGB")',
        ),
        "test_opening.py::test_what_is_transparent_becomes_white_and_not_black",
        displays.PAPER,
        displays.OPENED,
    ),
)
