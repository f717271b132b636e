"""What is drawn depends on seed and purpose, and on nothing else."""

import subprocess
import sys

import torch

from lessons.diffusion.noise import stream


def draw(*name: int | str) -> list[float]:
    return torch.randn(4, generator=stream(*name)).tolist()


def test_one_purpose_always_draws_the_same() -> None:
    assert draw(7, "step", 3) == draw(7, "step", 3)


def test_another_seed_purpose_or_counter_draws_something_else() -> None:
    names = [(7, "step", 3), (8, "step", 3), (7, "order", 3), (7, "step", 4), (7, "step")]
    assert len({tuple(draw(*name)) for name in names}) == len(names)


def test_numbers_beside_each_other_do_not_run_together() -> None:
    assert draw(1, "step", 11) != draw(11, "step", 1)
    assert draw(1, 11) != draw(11, 1)


def test_what_was_drawn_before_makes_no_difference() -> None:
    expected = draw(7, "step", 3)
    torch.manual_seed(0)
    torch.randn(100)
    draw(7, "step", 2)
    assert draw(7, "step", 3) == expected


def test_the_global_stream_is_left_alone() -> None:
    torch.manual_seed(5)
    expected = torch.randn(3)
    torch.manual_seed(5)
    draw(7, "step", 3)
    torch.testing.assert_close(torch.randn(3), expected, rtol=0, atol=0)


def test_another_process_draws_the_same() -> None:
    code = (
        "import torch; from lessons.diffusion.noise import stream;"
        "print(torch.randn(4, generator=stream(7, 'step', 3)).tolist())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(draw(7, "step", 3))


def test_the_streams_of_reference_runs_never_change() -> None:
    """Half of the first 64 bits of SHA-256 of "276/weights" and so on."""
    assert stream(276, "weights").initial_seed() == 7_987_751_995_030_344_657
    assert stream(276, "step", 0).initial_seed() == 4_782_210_612_091_535_753
