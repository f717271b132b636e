"""What stands behind every sentence that says a number: the test that measures it.

A sentence is found by its file below `pages` and by words of it. `DEFINED` are those whose number
is a convention, a definition or the arithmetic that stands beside it, `QUESTION` those that only
say what is asked for. A lesson may keep its own beside its tests: a literal `CLAIMS` of the same
form in its test file, in which a test of that file goes by its bare name.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

DEFINED: Final = "by definition"
QUESTION: Final = "it only says what is asked for"

CLAIMS: Final = {
    "pure_noise.py": {
        "root mean square distance": DEFINED,
    },
    "hybrid_images.py": {
        "about 5.3 σ pixels": "test_hybrid_images.py::"
        "test_a_wave_of_5_3_sigma_pixels_passes_with_half_of_its_amplitude",
        "at 64 pixels": "test_hybrid_images.py::"
        "test_at_64_pixels_the_lesson_has_sigma_2_and_a_kernel_of_33",
    },
    "_teaching/inversion.py": {
        "About 0.7 of it": "test_inversion.py::"
        "test_slerp_ends_at_both_noises_and_keeps_the_norm_of_unit_noise",
    },
    "_teaching/__init__.py": {
        "Course of fall": DEFINED,
    },
    "_shared/training/helps.py": {
        "fewer than 60,000 images": DEFINED,
        "1 keeps it constant": DEFINED,
        "0 uses the weights as they are": DEFINED,
        "0.995 averages over about the last 200": DEFINED,
        "exact to seven digits": DEFINED,
        "two to three digits": DEFINED,
        "pixels from 0 to 1": DEFINED,
        "0 trains none": DEFINED,
        "1 follows the label": DEFINED,
    },
    "_shared/sampling.py": {
        "forty samples from pure noise": DEFINED,
        "four samples of each digit": DEFINED,
    },
    "_shared/plane.py": {
        "the noise itself being 1": DEFINED,
        "more than 0.2 from their class": "test_plane_page.py::"
        "test_where_guided_samples_leave_is_said_as_it_was_measured",
        "stay within 0.2 of their class": "test_plane_page.py::"
        "test_where_guided_samples_leave_is_said_as_it_was_measured",
        "The loss never falls to 0": "test_diffusion_in_the_plane.py::"
        "test_the_loss_falls_towards_that_of_the_exact_field_and_not_below",
    },
    "_teaching/class_guidance.md": {"one perfect 3 a hundred times": DEFINED},
    "_teaching/class_guidance.py": {
        "100 % from γ = 3 on": "test_class_guidance.py::"
        "test_the_shipped_measurements_show_what_guidance_improves_and_costs",
    },
    "_teaching/classical_denoising.md": {"rescaled by 1/√ᾱ": DEFINED},
    "_teaching/classical_denoising.py": {
        "About 1/25": QUESTION,
        "the mean of 25 pixels": DEFINED,
        "kernel 5 and σ = 1 goes over pure noise": QUESTION,
        "A mean of 25 pixels": DEFINED,
    },
    "_teaching/diffusion_in_the_plane.md": {
        "from 0 to 12": QUESTION,
        "256 particles, ten places": "test_diffusion_in_the_plane.py::"
        "test_with_few_points_the_exact_score_ends_in_them",
    },
    "_teaching/diffusion_in_the_plane.py": {"256 particles follow": QUESTION},
    "_teaching/forward_process.md": {
        "the variance stays about 1": "test_forward_process.py::"
        "test_the_variance_of_unit_data_stays_one",
    },
    "_teaching/forward_process.py": {
        "the noise has a weight above 0": "test_forward_process.py::"
        "test_t_of_zero_is_the_least_noisy_and_not_the_clean_image",
        "keep the variance 1": "test_forward_process.py::test_the_variance_of_unit_data_stays_one",
    },
    "_teaching/from_denoiser_to_ddpm.md": {
        "levels of 300 timesteps": QUESTION,
        "√ᾱ is still 0.22": "test_claims.py::test_the_weights_of_an_image_in_the_strongest_noise",
    },
    "_teaching/guidance.md": {
        "γ at 1, then at 7": QUESTION,
        "0 ignores the prompt, 1 is the conditional": "test_guidance.py::"
        "test_guidance_of_zero_is_unconditional_and_of_one_conditional",
    },
    "_teaching/guidance.py": {"Guidance begins above 1": DEFINED},
    "_teaching/hybrid_images.py": {"Let σ go to 0": QUESTION},
    "_teaching/image_to_image.md": {
        "34 falling timesteps": "test_claims.py::test_the_course_takes_34_timesteps",
        "1 is almost pure noise, 20 much less": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
    },
    "_teaching/image_to_image.py": {
        "the weight √ᾱ of the image is small": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
        "1.4 % of the image": "test_claims.py::test_the_weights_of_an_image_in_the_strongest_noise",
        "only thirteen steps are left": "test_claims.py::test_the_course_takes_34_timesteps",
    },
    "_teaching/inpainting.py": {
        "The mask is 0 everywhere": QUESTION,
        "The mask is 1 everywhere": QUESTION,
        "only where the mask is 0": DEFINED,
    },
    "_teaching/iterative_denoising.md": {
        "that is 3 dB": "test_quality.py::test_twice_the_range_is_six_decibels_more",
    },
    "_teaching/iterative_denoising.py": {
        "the weight 1, the noisy image 0": "test_schedules.py::"
        "test_a_strided_step_has_the_published_coefficients",
        "one pixel off costs twice": DEFINED,
    },
    "_teaching/perfect_denoiser.py": {"1, 2, 5 and 20 steps": QUESTION, "ten times": QUESTION},
    "_teaching/pure_noise.md": {
        "ten times nearly the same output": "test_claims.py::"
        "test_the_network_of_pure_noise_answers_nearly_the_same_to_any_noise",
    },
    "_teaching/set_up.py": {"in 20 steps": QUESTION},
    "_teaching/train_class_ddpm.py": {"A 3 and an 8 are requested": QUESTION},
    "_teaching/train_ddpm.md": {"after epochs 1, 5, 10 and 20": QUESTION},
    "_teaching/train_ddpm.py": {
        "between 0 and 1": "test_train_ddpm.py::"
        "test_the_network_is_told_the_same_time_in_training_and_in_sampling",
        "1 to 300": "test_train_ddpm.py::test_sampling_takes_all_300_steps_and_ends_clean",
    },
    "_teaching/train_denoiser.md": {
        "0.0127 to 0.0081, which is 2 dB": "test_reference_runs.py::"
        "test_the_sentences_on_the_reference_runs_are_what_they_recorded",
    },
    "_teaching/train_denoiser.py": {
        "0.5, as much as the noise": QUESTION,
        "After the first 13,000 digits": "test_claims.py::"
        "test_the_courses_own_curve_is_quoted_right",
        "after 300,000": QUESTION,
        "the loss can't reach 0": DEFINED,
        "At a loss of 0.01": QUESTION,
        "removes 96 %": DEFINED,
    },
    "_teaching/unet.py": {
        "7 × 7 places": "test_unet.py::test_parameter_counts_are_the_courses",
        "values close to 0": "test_unet.py::"
        "test_a_gelu_never_goes_below_its_floor_and_much_noise_does",
    },
    "_teaching/visual_anagrams.py": {"Both prompts are prompt 1": QUESTION},
    "_teaching/inversion.md": {
        "the noise of a 4": "test_inversion.py::"
        "test_the_noise_of_a_4_is_decoded_as_a_9_and_the_panels_say_what_they_are",
        "its standard deviation stays below 1": "test_inversion.py::"
        "test_the_noise_of_a_4_is_decoded_as_a_9_and_the_panels_say_what_they_are",
    },
    "_teaching/samplers.md": {"η from 0 to 1": QUESTION, "5, 10, 20 and 50 steps": QUESTION},
    "_teaching/samplers.py": {
        "need for ten steps": QUESTION,
        "evaluate the network twice": DEFINED,
    },
    "attention_maps.py": {
        "more than half of its heat": DEFINED,
        "add up to 100 %": "test_attention_maps.py::test_words_share_what_a_place_gives_to_words",
        "white minus black is 1": DEFINED,
        "a softmax has to give its 1": "test_attention_maps.py::"
        "test_attention_adds_up_to_one_over_places_and_words_and_none_goes_to_what_is_no_word",
        "50 % is what an even map has": "test_attention_maps.py::"
        "test_even_heat_is_half_in_each_half",
        "arXiv:2210.04885": DEFINED,
    },
    "inversion.py": {
        "the deviation is far below 1": "test_inversion.py::"
        "test_the_noise_of_a_4_is_decoded_as_a_9_and_the_panels_say_what_they_are",
        "sampling starts from has 1": DEFINED,
    },
    "paint_along.py": {
        "takes 33 from pure noise": "test_claims.py::test_the_course_takes_34_timesteps",
        "in the first half of the steps alone": "test_paint_along.py::"
        "test_every_step_asks_the_network_once_and_the_last_one_ends_at_a_clean_image",
    },
    "samplers.py": {
        "arXiv:2305.08891": DEFINED,
        "white minus black being 1": DEFINED,
        "in five to a hundred network calls": QUESTION,
        "Move η from 0 to 1": QUESTION,
        "minutes of one core": DEFINED,
    },
    "class_guidance.py": {"0 to 9": DEFINED, "over and over, has 100 %": DEFINED},
    "classical_denoising.py": {
        "1 is perfect": "test_quality.py::"
        "test_ssim_of_a_image_with_itself_is_one_and_the_range_matters",
    },
    "diffusion_in_the_plane.py": {"γ times as far": DEFINED},
    "flow_matching.py": {
        "the weights add up to 1, there their squares do": DEFINED,
        "what other data of variance 1 need lies between": "test_comparisons.py::"
        "test_the_right_variance_is_beta_for_noise_beta_tilde_for_one_image_else_between",
        "30 or 50 steps": "test_claims.py::test_the_previews_of_flow_take_the_steps_that_are_said",
    },
    "forward_process.py": {
        "fewer timesteps are spent on almost pure noise": "test_comparisons.py::"
        "test_the_cosine_schedule_spends_fewer_timesteps_on_almost_pure_noise",
        "a number slightly below 1": DEFINED,
        "keep the variance 1": "test_forward_process.py::test_the_variance_of_unit_data_stays_one",
        "more noise than signal": "test_forward_process.py::"
        "test_the_three_images_say_their_weights_with_enough_digits",
        "by steps": "test_forward_process.py::"
        "test_steps_and_jump_are_measured_against_the_equation",
    },
    "from_denoiser_to_ddpm.py": {
        "arXiv:2305.08891": DEFINED,
        "β from 0.0001 to 0.02; what is left": "test_train_ddpm.py::"
        "test_the_schedule_has_the_published_values",
        "a loss of about 1": "test_reference_runs.py::"
        "test_a_fresh_ddpm_starts_at_a_loss_of_about_1",
        "T = 300 steps": "test_train_ddpm.py::test_the_schedule_has_the_published_values",
    },
    "guidance.py": {
        "arXiv:2205.11487": DEFINED,
        "and beyond 1 it is extrapolated": "test_guidance.py::"
        "test_guidance_of_zero_is_unconditional_and_of_one_conditional",
        "Others count w": DEFINED,
        "predicts the noise twice": DEFINED,
    },
    "iterative_denoising.py": {
        "twice as many channels": DEFINED,
        "one pixel off costs twice": DEFINED,
        "Only 34 of the $T$ timesteps": "test_claims.py::test_the_course_takes_34_timesteps",
    },
    "perfect_denoiser.py": {
        "arXiv:2301.13188": DEFINED,
        "white minus black is 1": DEFINED,
        "below 2 it falls": DEFINED,
    },
    "set_up.py": {
        "3.85 million images": "test_claims.py::test_the_page_says_how_long_pictures_was_trained",
        "v = √ᾱ ε": DEFINED,
        "x̂₀ = √ᾱ x_t": DEFINED,
    },
    "train_class_ddpm.py": {
        "ten numbers of which one is 1": DEFINED,
        "dropped in 10 %": "test_train_class_ddpm.py::"
        "test_the_class_loss_keeps_nine_labels_in_ten_and_says_which_digits_they_are",
        "at 50 % half of training": DEFINED,
        "at 0 the prediction without label": DEFINED,
        "6.6, those without labels 26.6": "test_reference_runs.py::"
        "test_the_sentences_on_the_reference_runs_are_what_they_recorded",
    },
    "train_ddpm.py": {
        "a loss of about 1": "test_reference_runs.py::"
        "test_a_fresh_ddpm_starts_at_a_loss_of_about_1",
        "its output is close to 0": "test_train_ddpm.py::"
        "test_a_network_that_always_answers_zero_has_a_loss_of_one",
        "never 0 for a finite sample": "test_classifier.py::"
        "test_the_floor_is_the_lower_the_more_digits_there_are_and_as_the_pages_say",
        "pure noise over 100": "test_classifier.py::"
        "test_pure_noise_is_far_from_digits_however_confident_the_classifier_is",
        "60,000 training digits": "test_classifier.py::"
        "test_the_shipped_classifier_reads_99_percent_of_the_test_digits_right",
        "0.043 after epoch 5 to 0.032": "test_reference_runs.py::"
        "test_the_sentences_on_the_reference_runs_are_what_they_recorded",
        "how would you request a 7": QUESTION,
    },
    "train_denoiser.py": {
        "the loss can't reach 0": DEFINED,
        "PSNR {psnr": DEFINED,
        "the same noisy image twice": "test_train_denoiser.py::"
        "test_another_step_brings_other_noise_to_the_same_digits",
        "9.8 dB to 19.2": "test_reference_runs.py::"
        "test_the_sentences_on_the_reference_runs_are_what_they_recorded",
    },
    "unet.py": {"Channels 1 to": DEFINED},
    "visual_anagrams.py": {
        "Prompt 1:": DEFINED,
        "prompt 2, after the view": DEFINED,
        "a rotation by 180°": DEFINED,
        "variance 1 in every pixel": DEFINED,
        "properties of prompt 1": QUESTION,
    },
}


def all_claims() -> dict[str, dict[str, str]]:
    """Those above and those that stand in test files."""
    found = {file: dict(claims) for file, claims in CLAIMS.items()}
    for path in Path(__file__).parent.glob("test_*.py"):
        for file, claims in _own(path).items():
            proofs = {words: _whole(proof, path.name) for words, proof in claims.items()}
            found.setdefault(file, {}).update(proofs)
    return found


def _whole(proof: str, file: str) -> str:
    return proof if "::" in proof or proof in (DEFINED, QUESTION) else f"{file}::{proof}"


def _own(path: Path) -> dict[str, dict[str, str]]:
    text = path.read_text("utf-8")
    if "\nCLAIMS = {" not in text:
        return {}
    [value] = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CLAIMS"
    ]
    own: dict[str, dict[str, str]] = ast.literal_eval(value)
    return own
