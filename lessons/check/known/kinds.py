"""What a known mistake is, and groups of the functions that it can be made in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lessons.workshop.bug_lab.copies import Patch


PART_A_CODE: Final = "lessons.check.course.part_a"
PART_B_CODE: Final = "lessons.check.course.part_b"


@dataclass(frozen=True)
class Known:
    """A mistake, and the functions that it can be made in.

    Attributes:
        title: what it is called.
        story: what people do, and why.
        patches: the lines, right and wrong.
        where: names of the checks.
        remark: whether it is only worth a remark: the result may be as good.
    """

    title: str
    story: str
    patches: tuple[Patch, ...]
    where: tuple[str, ...]
    remark: bool = False


LOOPS: Final = ("iterative_denoise", "iterative_denoise_cfg")
TWO: Final = ("make_flip_illusion", "make_hybrids")
PART_A: Final = (*LOOPS, "inpaint", *TWO)
DDPM: Final = ("ddpm_sample", "class_ddpm_sample")
FLOW: Final = ("fm_sample", "class_fm_sample")
NOISED: Final = ("ddpm_forward", "class_ddpm_forward")
FLOWED: Final = ("fm_forward", "class_fm_forward")
UNETS: Final = ("UnconditionalUNet", "TimeConditionalUNet", "ClassConditionalUNet")
