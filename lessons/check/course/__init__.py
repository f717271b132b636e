"""A solution of the assignment in the course's own names, made of the lessons' mathematics.

It is what a solution is compared with. The mistakes of the bug lab are made in copies of it, to
know what each of them looks like from outside.
"""

from lessons.check.course.part_a import (
    denoise,
    forward,
    inpaint,
    iterative_denoise,
    iterative_denoise_cfg,
    make_flip_illusion,
    make_hybrids,
)
from lessons.check.course.part_b import (
    class_ddpm_forward,
    class_ddpm_sample,
    class_fm_forward,
    class_fm_sample,
    ddpm_forward,
    ddpm_sample,
    ddpm_schedule,
    fm_forward,
    fm_sample,
)
from models.blocks import (
    Conv,
    ConvBlock,
    DownBlock,
    DownConv,
    FCBlock,
    Flatten,
    Unflatten,
    UpBlock,
    UpConv,
)
from models.unet import ClassConditionalUNet, TimeConditionalUNet, UnconditionalUNet

__all__ = [
    "ClassConditionalUNet",
    "Conv",
    "ConvBlock",
    "DownBlock",
    "DownConv",
    "FCBlock",
    "Flatten",
    "TimeConditionalUNet",
    "UnconditionalUNet",
    "Unflatten",
    "UpBlock",
    "UpConv",
    "class_ddpm_forward",
    "class_ddpm_sample",
    "class_fm_forward",
    "class_fm_sample",
    "ddpm_forward",
    "ddpm_sample",
    "ddpm_schedule",
    "denoise",
    "fm_forward",
    "fm_sample",
    "forward",
    "inpaint",
    "iterative_denoise",
    "iterative_denoise_cfg",
    "make_flip_illusion",
    "make_hybrids",
]
