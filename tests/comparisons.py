"""What stands behind every sentence that compares, or names a cause: as `claims` does for numbers.

A sentence is found by its file below `pages` and by words of it. `ARGUED` are those whose reason is
the mathematics that stands beside them: a definition, an identity, or a step of a derivation.
"""

from __future__ import annotations

import re
from typing import Final

from claims import DEFINED, all_claims
from sentences import Sentence, sentences, with_numbers

ARGUED: Final = "by the mathematics beside it"

COMPARING: Final = re.compile(
    r"\b(better|worse|best|worst|faster|slower|sharper|larger|largest|smaller|smallest|lower|"
    r"lowest|higher|highest|closer|further|fewer|less|more|most|least|grows?|falls?|rises?|"
    r"because|therefore|nearly|almost|hardly|never)\b",
    re.IGNORECASE,
)
FILLED: Final = re.compile(r"\b(at (least|most)|(any|once|some) more|more than one)\b")
ASKED: Final = re.compile(r"\?$|^(Move|Choose|Set|Try|Look|Compare|Suppose) |^\*\*Look closer")
SHORTEST: Final = 6
"""Fewer words are a heading, or what a list leads to."""

_PLANE: Final = "test_diffusion_in_the_plane.py::"
_GUIDED: Final = (
    "test_class_guidance.py::test_the_shipped_measurements_show_what_guidance_improves_and_costs"
)
_TABLE: Final = "test_step_quality.py::" + (
    "test_the_collapse_at_few_steps_is_the_variance_and_not_the_network"
)
_MEAN: Final = "test_pure_noise.py::test_no_other_estimate_is_better"
_BLUR: Final = (
    "test_comparisons.py::test_the_best_blur_grows_with_the_noise_and_lies_between_two_worse"
)
_EDIT: Final = "test_image_to_image.py::" + (
    "test_the_less_noise_the_closer_an_edit_stays_to_the_source_image"
)
_PERFECT: Final = "test_perfect_denoiser.py::"
_SHARP: Final = "test_iterative_denoising.py::" + (
    "test_many_steps_are_sharper_than_one_step_though_their_psnr_may_be_lower"
)
_OUT: Final = "test_out_of_distribution.py::" + (
    "test_the_denoiser_gains_most_near_the_strength_that_it_was_trained_for"
)

COMPARISONS: Final[dict[str, dict[str, str]]] = {
    "_shared/plane.py": {
        "those of the exact scores {}, but their spread falls": "test_plane_page.py::"
        "test_where_guided_samples_leave_is_said_as_it_was_measured",
        "after more training steps on the data": _PLANE
        + "test_samples_come_closer_to_the_data_while_the_network_learns",
        "none further than {} from a known point": _PLANE
        + "test_with_few_points_the_exact_score_ends_in_them",
        "in ever fewer of them": _PLANE + "test_with_few_points_the_exact_score_ends_in_them",
        "which crowd together as the guidance scale grows": _PLANE
        + "test_guidance_crowds_exact_samples_and_lets_the_networks_leave",
        "which move as the guidance scale grows": _PLANE
        + "test_guidance_crowds_exact_samples_and_lets_the_networks_leave",
    },
    "_shared/training/helps.py": {
        "a noisier gradient and a noisier curve": "test_comparisons.py::"
        "test_a_small_batch_has_the_noisier_loss",
        "How the learning rate falls": DEFINED,
    },
    "_teaching/class_guidance.md": {
        "The same ten noises while γ rises": DEFINED,
        "the best γ is not the largest": _GUIDED,
        "at the cost of diversity and thicker strokes": _GUIDED,
    },
    "_teaching/class_guidance.py": {
        "γ = 2 has the lowest Fréchet distance": _GUIDED,
        "nearly all digits are right and still varied": _GUIDED,
        "the samples are less varied than handwriting": _GUIDED,
        "The mean intensities listed above grow with γ": _GUIDED,
    },
    "_teaching/classical_denoising.md": {
        "Clean, noisy, best Gaussian": DEFINED,
        "the best σ moves to the right": _BLUR,
        "still removes edges together with the noise": "test_quality.py::"
        "test_a_blur_lowers_sharpness_and_the_range_scales_it",
    },
    "_teaching/classical_denoising.py": {
        "averaging gains more than the blurred edges cost": _BLUR,
        "name the best setting of each level": "test_classical_denoising.py::"
        "test_the_lessons_table_has_a_row_a_level",
        "only about twelve pixels count": "test_comparisons.py::"
        "test_a_gaussian_of_sigma_1_counts_twelve_pixels",
    },
    "_teaching/diffusion_in_the_plane.md": {
        "all arrows point to one place": _PLANE + "test_far_out_everything_points_to_the_mean",
        "only when hardly any noise is left": ARGUED,
    },
    "_teaching/diffusion_in_the_plane.py": {
        "there is hardly anything but noise": "test_comparisons.py::"
        "test_at_t_999_hardly_anything_of_the_data_is_left",
    },
    "_teaching/flow_matching.md": {
        "too much noise per step is what fails": _TABLE,
    },
    "_teaching/flow_matching.py": {
        "too much for a long step": _TABLE,
    },
    "_teaching/from_denoiser_to_ddpm.py": {
        "slowly at first and fastest around t = 170": "test_comparisons.py::"
        "test_the_weight_of_the_digit_falls_fastest_around_170",
    },
    "_teaching/hybrid_images.md": {
        "σ at its smallest and at its largest": DEFINED,
    },
    "_teaching/hybrid_images.py": {
        "because the high pass is defined as the rest": ARGUED,
    },
    "_teaching/image_to_image.md": {
        "from almost pure noise to little noise": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
    },
    "_teaching/inversion.py": {
        "Short steps have ends that are almost alike": "test_inversion.py::"
        "test_a_digit_comes_back_the_better_the_shorter_the_steps",
        "nearly at right angles": "test_inversion.py::"
        "test_slerp_ends_at_both_noises_and_keeps_the_norm_of_unit_noise",
        "never met noise so weak": ARGUED,
    },
    "_teaching/iterative_denoising.md": {
        "PSNR rewards the mean of them all": _MEAN,
    },
    "_teaching/iterative_denoising.py": {
        "the mean of all possible images has the smallest one": _MEAN,
    },
    "_teaching/one_step_denoising.md": {
        "smallest expected squared error is their mean": _MEAN,
    },
    "_teaching/one_step_denoising.py": {
        "the image is never lost, however faint": "test_samplers.py::"
        "test_the_clean_estimate_undoes_the_forward_process",
        "smallest expected squared error is their mean": _MEAN,
    },
    "_teaching/out_of_distribution.md": {
        "whether it is there or not": _OUT,
    },
    "_teaching/out_of_distribution.py": {
        "it is further from the clean digit": _OUT,
    },
    "_teaching/paint_along.py": {
        "most of the image is still to be decided": _EDIT,
        "the drawing is nearly all there": "test_paint_along.py::"
        "test_the_less_noise_the_closer_the_images_stay_to_the_drawing",
    },
    "_teaching/perfect_denoiser.md": {
        "on known images the formula has the smaller error": _PERFECT
        + "test_the_formula_wins_on_known_digits_and_the_network_on_new_ones",
        "The smallest set, and its trajectory": DEFINED,
        "What is the network worth more for": DEFINED,
        "The lowest of all belongs to a formula": _PERFECT
        + "test_on_its_own_set_no_other_estimate_has_a_smaller_mean_error",
    },
    "_teaching/pure_noise.md": {
        "The lowest expected loss, and the training curve above it": "test_pure_noise.py::"
        "test_the_floor_of_mnist_is_its_variance",
        "longer training only comes closer to it": "test_comparisons.py::"
        "test_with_training_the_network_of_pure_noise_comes_closer_to_the_mean",
    },
    "_teaching/pure_noise.py": {
        "the best output is the same for all of them": _MEAN,
        "would shrink with further training": "test_comparisons.py::"
        "test_with_training_the_network_of_pure_noise_comes_closer_to_the_mean",
    },
    "_teaching/samplers.md": {
        "The three share one network": "test_sampler_lesson.py::"
        "test_each_sampler_has_a_row_that_is_captioned_by_its_name_and_cost",
    },
    "_teaching/sampling.py": {
        "less noisy than its $t$ says": "test_samplers.py::"
        "test_after_every_step_there_is_as_much_noise_as_the_schedule_says",
    },
    "_teaching/train_class_ddpm.md": {
        "Which digit is misclassified most often": DEFINED,
        "guidance needs both": ARGUED,
    },
    "_teaching/train_class_ddpm.py": {
        "so the label adds little": "test_comparisons.py::"
        "test_the_label_lowers_the_loss_most_at_the_highest_noise",
        "matters at the highest noise levels": "test_comparisons.py::"
        "test_the_label_lowers_the_loss_most_at_the_highest_noise",
        "dropped one label in ten": "test_train_class_ddpm.py::"
        "test_a_dropped_label_is_the_same_as_no_label_at_all",
    },
    "_teaching/train_denoiser.md": {
        "the curve while it grows": DEFINED,
    },
    "attention_maps.py": {
        "changes most of the image when it is left out": DEFINED,
        "from none at a map's smallest share to full at its largest": "test_attention_maps.py::"
        "test_heat_is_a_colour_over_grey_from_its_smallest_value_to_its_largest",
        "Large models are reported to do better": DEFINED,
    },
    "class_guidance.py": {
        "Which scale has the lowest depends on the sampler": _GUIDED,
        "past the second estimate": "test_guidance.py::"
        "test_gamma_counts_from_the_unconditional_prediction_and_not_from_the_conditional_one",
        "The first rises with γ until nothing is left to gain": _GUIDED,
        "lower is better, and {} real training digits have": DEFINED,
        "adds more of it than the network predicts": ARGUED,
    },
    "classical_denoising.py": {
        "the best that a Gaussian filter and the best linear filter": (
            "test_classical_denoising.py::test_the_best_blur_is_not_worse_than_any_other"
        ),
        "chosen for the highest PSNR": "test_classical_denoising.py::"
        "test_the_best_blur_is_not_worse_than_any_other",
        "in decibels; higher is better": DEFINED,
        "most of their power at low frequencies": "test_comparisons.py::"
        "test_images_have_most_of_their_power_at_low_frequencies",
        "weights each frequency by its signal-to-noise": ARGUED,
        "it has the smallest mean squared error": "test_linear_denoiser.py::"
        "test_on_digits_it_has_the_error_that_its_spectrum_foretells",
        "removes more noise and more of the image": "test_quality.py::"
        "test_a_blur_lowers_sharpness_and_the_range_scales_it",
        "lies a best σ, and it grows with the noise": _BLUR,
    },
    "flow_matching.py": {
        "which is small where $s$ is almost clean": ARGUED,
        "the two are nearly equal except at the cleanest timesteps": "test_comparisons.py::"
        "test_the_two_variances_part_only_at_the_cleanest_timesteps",
        "Choose few steps, then more": DEFINED,
        "in which test digits differ most": "test_flow_paths.py::"
        "test_the_plane_has_two_directions_at_right_angles_and_the_first_says_more",
        "nearly that of the straight line": "test_flow_paths.py::"
        "test_all_start_from_the_same_noise_and_only_the_fresh_noise_makes_a_long_path",
        "compares more samplers": DEFINED,
    },
    "from_denoiser_to_ddpm.py": {
        "the better the smaller this weight is": ARGUED,
        "the digit can hardly be known count little": ARGUED,
    },
    "diffusion_in_the_plane.py": {
        "the density $p_t$ of noisy data grows fastest": DEFINED,
    },
    "forward_process.py": {
        "of the first DDPM lets β grow evenly": DEFINED,
        "until hardly a trace of it is left": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
        "and hardly ever with": ARGUED,
        "because power, not amplitude, is shared out": ARGUED,
    },
    "guidance.py": {
        "leads to where the prompt is more probable": ARGUED,
        "samples become less varied (lesson B 2.4": _GUIDED,
    },
    "image_to_image.py": {
        "the more freely the network chooses": _EDIT,
        "from almost pure noise (left)": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
        "the more of the source is kept": _EDIT,
        "Large shapes survive more noise": "test_comparisons.py::"
        "test_large_shapes_survive_more_noise_than_details",
    },
    "inpainting.py": {
        "because each replacement gives the border other noise": ARGUED,
    },
    "iterative_denoising.py": {
        "and their mean, the next estimate, is sharper": "test_comparisons.py::"
        "test_the_stronger_the_noise_the_more_the_estimate_blurs",
        "because the jump of lesson 1.1 works between any two timesteps": "test_schedules.py::"
        "test_a_strided_step_has_the_published_coefficients",
        "the next, less noisy timestep": ARGUED,
        "more weight in its mean than": "test_comparisons.py::"
        "test_x_t_has_the_larger_weight_until_the_last_three_steps",
        "from almost pure noise to almost none": DEFINED,
        "the less noise there is at the start": "test_schedules.py::"
        "test_the_tables_are_double_and_the_signal_only_fades",
    },
    "one_step_denoising.py": {
        "on average better than any linear filter": "test_comparisons.py::"
        "test_the_network_is_better_than_the_best_linear_filter",
        "smallest expected squared error is their mean": _MEAN,
        "the more the estimate blurs": "test_comparisons.py::"
        "test_the_stronger_the_noise_the_more_the_estimate_blurs",
        "minus that of the best Gaussian": DEFINED,
    },
    "out_of_distribution.py": {
        "here it is given less noise and more": "test_out_of_distribution.py::"
        "test_the_network_is_given_the_digit_under_noise_of_the_strength_that_was_asked_for",
        "output is worse than its input": _OUT,
    },
    "own_digit.py": {
        "its confidence says nothing here": "test_own_digit.py::"
        "test_noise_makes_every_digit_a_certain_8_and_the_denoiser_undoes_it",
    },
    "paint_along.py": {
        "the network only tidies up": "test_paint_along.py::"
        "test_the_less_noise_the_closer_the_images_stay_to_the_drawing",
    },
    "perfect_denoiser.py": {
        "it reaches the smallest possible training loss": _PERFECT
        + "test_on_its_own_set_no_other_estimate_has_a_smaller_mean_error",
        "no estimate has a smaller expected squared error": _PERFECT
        + "test_on_its_own_set_no_other_estimate_has_a_smaller_mean_error",
    },
    "pure_noise.py": {
        "computes the lowest loss that is possible": _MEAN,
        "the best output is the same for every noise": _MEAN,
        "the lowest expected loss of any network": _MEAN,
    },
    "samplers.py": {
        "where the network expects more of an image": "test_comparisons.py::"
        "test_however_few_the_steps_sampling_starts_at_the_courses_noisiest_timestep",
        "With {} steps the best value": "test_sampler_lesson.py::"
        "test_every_sampler_was_measured_at_the_same_steps_with_errors",
        "from the same noises for all samplers": "test_sampler_lesson.py::"
        "test_what_was_measured_is_what_the_command_measures_again",
        "better known than the errors of each say": ARGUED,
        "does not mean better than real": ARGUED,
        "guided samples vary less": _GUIDED,
    },
    "sampling.py": {
        "every training image is almost pure noise": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
        "and why more is needed": _GUIDED,
        "The prompt excludes little": ARGUED,
        "uses the prompt more strongly": DEFINED,
    },
    "set_up.py": {
        "fewer steps are longer ones": ARGUED,
        "so that the squared error of the prediction falls": ARGUED,
        "every difference is due to that control": "test_sampling.py::"
        "test_image_i_is_the_same_whatever_the_count_is",
        "sampling needs some memory more": DEFINED,
    },
    "text_conditioned_editing.py": {
        "large shapes are decided at high noise levels": "test_comparisons.py::"
        "test_large_shapes_survive_more_noise_than_details",
    },
    "train_ddpm.py": {
        "from hardly any noise to hardly any digit": "test_claims.py::"
        "test_the_weights_of_an_image_in_the_strongest_noise",
        "draws a slightly less noisy image": "test_samplers.py::"
        "test_after_every_step_there_is_as_much_noise_as_the_schedule_says",
    },
    "unet.py": {
        "smaller and more numerous": "test_unet.py::test_the_trace_finds_every_shape_of_the_course",
        "it grows with every convolution": ARGUED,
        "only the noise level σ grows": "test_unet.py::"
        "test_noising_scales_one_noise_over_one_digit",
        "whose output is never below": "test_unet.py::"
        "test_a_gelu_never_goes_below_its_floor_and_much_noise_does",
        "of the values of Gaussian noise are lower": "test_unet.py::"
        "test_a_gelu_never_goes_below_its_floor_and_much_noise_does",
        "The lowest value of the output": "test_unet.py::"
        "test_the_last_layer_is_a_plain_convolution_and_its_answer_may_be_negative",
        "Its minimum is {}": "test_unet.py::"
        "test_a_gelu_never_goes_below_its_floor_and_much_noise_does",
    },
    "visual_anagrams.py": {
        "because such a view turns Gaussian noise into": "test_visual_anagrams.py::"
        "test_a_view_keeps_unit_noise_what_it_is",
        "lowers its variance and makes it correlated": "test_hybrid_images.py::"
        "test_a_lowpass_keeps_what_is_flat_and_makes_noise_smaller",
    },
}


def comparing() -> list[Sentence]:
    """Sentences that compare or give a reason, and say no number, which `claims` looks after."""
    counted = set(with_numbers())
    return [
        one
        for one in dict.fromkeys(sentences())
        if one not in counted
        and len(one.words.split()) >= SHORTEST
        and not ASKED.search(one.words)
        and COMPARING.search(FILLED.sub("", one.words))
    ]


def unheard() -> list[Sentence]:
    """Those of them for which nothing is named."""
    named = all_claims()
    return [
        one
        for one in comparing()
        if not any(
            words in one.words
            for words in (*COMPARISONS.get(one.file, {}), *named.get(one.file, {}))
        )
    ]
