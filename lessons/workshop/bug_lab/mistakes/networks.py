"""Mistakes in networks, in what they are told, in flow matching and in training."""

from __future__ import annotations

from typing import Final

from lessons.workshop.bug_lab import displays, probes, scenes, worlds
from lessons.workshop.bug_lab.bench import Mistake
from lessons.workshop.bug_lab.copies import Patch

_UNET: Final = "models.unet"
_FLOW: Final = "lessons.diffusion.flow"
_DDPM: Final = "lessons.part_b.train_ddpm"
_TRAINING: Final = "lessons.training.loop"
_FLOW_TESTS: Final = "test_flow_matching.py::test_"

MISTAKES: Final = (
    Mistake(
        4,
        "Network",
        "BatchNorm left in train mode",
        "eval() is not called before sampling, so BatchNorm takes mean and variance from the batch "
        "at hand instead of those that it learnt.",
        "In a batch of many digits, its statistics are nearly those of training.",
        Patch(
            "lessons.training.networks",
            "return network.eval().requires_grad_(False)",
            "return network.requires_grad_(False)",
        ),
        "test_sampled_digits.py::test_a_digit_does_not_depend_on_how_many_are_sampled",
        probes.BATCH,
        scenes.TEN_DIGITS,
    ),
    Mistake(
        5,
        "Network",
        "a GELU behind the last layer",
        "Every block ends with a GELU, so the last layer gets one too. Its output is never below "
        "−0.17, while 43 % of the values of unit Gaussian noise are. Here it is added to a network "
        "that was trained without it.",
        "The loss still falls while such a network trains.",
        Patch(
            _UNET,
            "self.out(self.merge(concat_skip(up_28, down_28)))",
            "nn.functional.gelu(self.out(self.merge(concat_skip(up_28, down_28))))",
        ),
        "test_unet.py::test_the_last_layer_is_a_plain_convolution_and_its_answer_may_be_negative",
        probes.LOWEST,
        scenes.DIGIT_SAMPLES,
    ),
    Mistake(
        6,
        "Network",
        "blocks in the wrong order",
        "The decoder convolves first and doubles the size afterwards; the course does the reverse.",
        "All shapes fit, and the network trains.",
        Patch(
            "models.blocks",
            "(UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))",
            "(ConvBlock(in_channels, in_channels), UpConv(in_channels, out_channels))",
        ),
        "test_conditional_unets.py::test_parameter_counts_are_the_courses",
        probes.PARAMETERS,
    ),
    Mistake(
        7,
        "Network",
        "t scaled otherwise than in training",
        "In training the network is given t/T; in sampling t is divided by 1000, the T of another "
        "lesson.",
        "A network accepts any number as a time.",
        Patch(
            "lessons.part_b.train_class_ddpm",
            "clamp(min=0), normalised(index), mask)",
            "clamp(min=0), (index + 1).float() / 1000, mask)",
        ),
        "test_train_ddpm.py::test_the_network_is_told_the_same_time_in_training_and_in_sampling",
        scenes.ASKED,
        scenes.TEN_DIGITS,
    ),
    Mistake(
        11,
        "Network",
        "the mask of the labels inverted",
        "One side means by 1 that a label is kept, the other that it is dropped.",
        "The digits look good, but are not the ones requested.",
        Patch(
            _UNET,
            'label * _per_image(mask, x, "mask")',
            'label * (1 - _per_image(mask, x, "mask"))',
        ),
        "test_conditional_unets.py::test_a_dropped_label_is_the_zero_vector_and_not_another_class",
        scenes.SAMPLES_ASKED,
        scenes.DIGIT_SAMPLES,
    ),
    Mistake(
        3,
        "Flow matching",
        "the last step left out",
        "Steps are counted as the gaps between so many times, one fewer than wanted.",
        "Only a twentieth of the trajectory is missing, and looks like a little noise.",
        Patch(_FLOW, "for k in range(steps):", "for k in range(steps - 1):"),
        f"{_FLOW_TESTS}in_the_one_image_world_any_number_of_steps_finds_the_digit",
        worlds.FLOW_END,
        scenes.TEN_FLOWS,
    ),
    Mistake(
        7,
        "Flow matching",
        "time reversed",
        "A DDPM counts from noise down to 0, flow matching from noise up to 1; the network is "
        "given 1 − t.",
        "The step has the right direction, and halfway the two times agree.",
        Patch(
            "lessons.part_b.flow_matching",
            "times = torch.full((len(x_t),), t, device=x_t.device)",
            "times = torch.full((len(x_t),), 1 - t, device=x_t.device)",
        ),
        f"{_FLOW_TESTS}in_sampling_the_network_is_told_the_time_as_in_training",
        scenes.FLOW_ASKED,
        scenes.TEN_FLOWS,
    ),
    Mistake(
        27,
        "Flow matching",
        "run backwards",
        "The velocity points from noise to digit, and the step goes against it, as noise is taken "
        "away in a DDPM.",
        "The training loss is unaffected; only the images show it.",
        Patch(_FLOW, "x_t = x_t + u / steps", "x_t = x_t - u / steps"),
        f"{_FLOW_TESTS}in_the_one_image_world_any_number_of_steps_finds_the_digit",
        worlds.FLOW_END,
        scenes.TEN_FLOWS,
    ),
    Mistake(
        27,
        "Flow matching",
        "time one step ahead, up to t = 1",
        "The loop counts from 1 as papers do, so every step uses the time at its end.",
        "The network is given a time that is one step too late, by a twentieth.",
        Patch(_FLOW, "t = k / steps", "t = (k + 1) / steps"),
        f"{_FLOW_TESTS}the_network_is_asked_from_time_0_on_and_never_at_1_or_beyond",
        probes.FLOW_TIME,
        scenes.TEN_FLOWS,
    ),
    Mistake(
        1,
        "Training",
        "the level of t − 1",
        "Timesteps go from 1 to T and are looked up one lower a second time. At the first one the "
        "index is −1, which is the noisiest level.",
        "One timestep in 300 is badly wrong, the others by one step.",
        Patch(_DDPM, "ALPHA_BARS[index.cpu()]", "ALPHA_BARS[index.cpu() - 1]"),
        "test_train_ddpm.py::test_in_training_the_noise_level_is_the_one_of_the_time_that_is_told",
        displays.FIRST_NOISE,
        displays.FORWARD,
    ),
    Mistake(
        26,
        "Training",
        "one image's noise level for the whole batch",
        "ᾱ of shape (B, 1) instead of (B, 1, 1, 1) meets the images, and broadcasting fits them "
        "together. Here the first image's level is taken for all.",
        "No error is raised, and the loss falls.",
        Patch(
            _DDPM,
            ".float().view(-1, 1, 1, 1).to(x_0.device)",
            ".float().view(-1, 1, 1, 1)[:1].to(x_0.device)",
        ),
        "test_train_ddpm.py::test_each_image_is_noised_to_its_own_level",
        displays.LAST_NOISE,
        displays.FORWARD,
    ),
    Mistake(
        28,
        "Training",
        "noise drawn once in the data set",
        "The noise is made together with the data, so every epoch shows the same noise on the same "
        "image. Here even every step.",
        "The training loss becomes lower than it should: the network memorises the noise.",
        Patch(
            _TRAINING,
            'random=stream(settings.seed, "step", training.step)',
            'random=stream(settings.seed, "step")',
        ),
        "test_loop.py::test_noise_is_drawn_anew_for_every_step_and_every_image",
        displays.REPEATED,
        displays.STEP_NOISES,
    ),
    Mistake(
        8,
        "Training",
        "the learning rate falls to a tenth at every epoch",
        "0.1 is taken for the factor from one epoch to the next; it is the factor over all of "
        "them.",
        "The loss falls during the first epochs, and then it seems to have converged.",
        Patch(
            _TRAINING,
            "(step // settings.steps_per_epoch / settings.epochs)",
            "(step // settings.steps_per_epoch)",
        ),
        "test_loop.py::test_the_learning_rate_shrinks_once_an_epoch_to_its_share_at_the_end",
        probes.RATE,
    ),
)
