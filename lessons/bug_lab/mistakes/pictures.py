"""Mistakes with what goes in and out: pictures, masks, and two prompts for one picture."""

from __future__ import annotations

from typing import Final

from lessons.bug_lab import displays, probes, scenes, worlds
from lessons.bug_lab.bench import Mistake
from lessons.bug_lab.copies import Patch

_INPAINTING: Final = "lessons.inpainting"
_OPENING: Final = "lessons.opening"
_DOOR: Final = "unit = (image.detach().float().cpu() - low) / (high - low)"

MISTAKES: Final = (
    Mistake(
        16,
        "Inpainting",
        "the clean original pasted in",
        "After every step the original is put back as it is, without the noise of the timestep.",
        "What should stay does stay. The new part is made beside a picture that the network never "
        "saw at this noise level, and does not fit it.",
        Patch(
            _INPAINTING,
            "return keep_outside(x_s, kept, mask)",
            "return keep_outside(x_s, original, mask)",
        ),
        "test_inpainting.py::test_the_kept_part_is_as_noisy_as_the_step_just_reached",
        probes.KEPT_NOISE,
        scenes.INPAINTED,
    ),
    Mistake(
        16,
        "Inpainting",
        "the original under the noise of the step before",
        "The step went from t to t′, and the original is noised to t again.",
        "One level too noisy is hard to see on the way; at the end a little grain is left.",
        Patch("lessons.iterative_denoising", "x_t = after(x_t, s)", "x_t = after(x_t, t)"),
        "test_iterative_denoising.py::test_the_hook_after_a_step_has_the_last_word",
        probes.KEPT,
        scenes.INPAINTED,
    ),
    Mistake(
        17,
        "Inpainting",
        "the mask inverted",
        "One program says 1 for what is new, another for what is kept.",
        "A picture is filled without a seam, only the wrong half of it.",
        Patch(
            _INPAINTING,
            "return mask * x_s + (1 - mask) * noisy_original",
            "return (1 - mask) * x_s + mask * noisy_original",
        ),
        "test_inpainting.py::test_one_in_the_mask_is_new_and_zero_is_kept",
        probes.KEPT,
        scenes.INPAINTED,
    ),
    Mistake(
        17,
        "Inpainting",
        "a mask with grey edges",
        "A drawing of many pixels is made smaller and used as it comes, with soft edges.",
        "A soft edge looks better than a hard one. But half new and half old is a picture with "
        "half the noise, at every step.",
        Patch(
            "lessons.masks",
            "return _mask(np.asarray(small) > HALF)",
            "return np.asarray(small) / 255",
        ),
        "test_masks.py::test_every_mask_is_of_zeros_and_ones_at_the_models_size",
        probes.GREY,
        displays.MASK,
    ),
    Mistake(
        21,
        "Two prompts",
        "the second noise not turned back",
        "The network looks at the turned picture, and its answer is averaged as it comes.",
        "The average of two noises is some noise, and something comes out.",
        Patch(
            "lessons.visual_anagrams",
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
        "The two predictions go into the blend in the other order.",
        "It is a hybrid too: of the two the other way round.",
        Patch(
            "lessons.hybrid_images",
            "eps = blend(eps_far, eps_near, sigma, kernel)",
            "eps = blend(eps_near, eps_far, sigma, kernel)",
        ),
        "test_hybrid_images.py::test_the_first_predictor_is_the_one_that_is_seen_from_far",
        worlds.HYBRID_END,
        scenes.HYBRIDS,
    ),
    Mistake(
        9,
        "Pictures",
        "another range than in training",
        "Pictures come from −1 to 1, as many networks want them; this one learnt 0 to 1.",
        "The picture on the screen is right, and a network makes something of any input.",
        Patch(
            "lessons.originals",
            "return planes[None] / 255 * (high - low) + low",
            "return planes[None] / 127.5 - 1",
        ),
        "test_originals.py::test_black_and_white_become_the_ends_of_the_models_range",
        probes.LOWEST_GIVEN,
        scenes.EDITED,
    ),
    Mistake(
        10,
        "Pictures",
        "every picture stretched to its own extremes",
        "The display takes the smallest value for black and the largest for white, as plotting "
        "libraries do by themselves.",
        "Every picture has a fine contrast, and nobody sees values that are out of range.",
        Patch(
            "lessons.picture",
            _DOOR,
            "unit = (image.float().cpu() - image.min()) / (image.max() - image.min())",
        ),
        "test_picture.py::test_a_grey_picture_stays_grey",
        probes.BLACK,
        displays.DISPLAY,
    ),
    Mistake(
        18,
        "Pictures",
        "brought to [0, 1] twice",
        "Two places each turn [−1, 1] into [0, 1]: black becomes grey.",
        "Everything is there, a little pale; a screen may do that too.",
        Patch("lessons.picture", _DOOR, f"{_DOOR} / 2 + 0.5"),
        "test_picture.py::test_another_range_is_mapped_once",
        probes.BLACK,
        displays.DISPLAY,
    ),
    Mistake(
        19,
        "Pictures",
        "squashed into a square",
        "The picture is resized to 28×28 without being cropped first.",
        "A photograph a third narrower still looks like one.",
        Patch(
            _OPENING,
            "image.crop((left, top, left + wide, top + high)).resize((width, height), resample)",
            "image.resize((width, height), resample)",
        ),
        "test_originals.py::test_a_disc_stays_round_whatever_the_picture_around_it",
        probes.ROUNDNESS,
        displays.FITTED,
    ),
    Mistake(
        20,
        "Pictures",
        "what is transparent turned black",
        "The alpha channel is dropped, and what lies under transparent pixels is black.",
        "Files without transparency, such as photographs, are right.",
        Patch(
            _OPENING,
            'return Image.alpha_composite(paper, image).convert("RGB")',
            'return image.convert("RGB")',
        ),
        "test_opening_files.py::test_what_is_transparent_becomes_white_and_not_black",
        probes.PAPER,
        displays.OPENED,
    ),
)
