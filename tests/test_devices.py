"""The device is found by itself, and half precision is used only where it pays."""

import pytest
import torch

from models import devices


def test_the_device_at_hand_can_calculate() -> None:
    device = devices.pick_device()
    assert torch.ones(2, device=device).sum().item() == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_the_cpu_is_taken() -> None:
    assert devices.pick_device().type in ("cpu", "mps")


def test_the_precision_is_measured_once_and_then_known() -> None:
    device = torch.device("cpu")
    first = devices.fast_precision(device)
    assert first in ("float32", "bfloat16")
    assert devices.fast_precision(device) is first


@pytest.mark.parametrize(
    ("precision", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)]
)
def test_autocast_calculates_in_the_chosen_precision(
    precision: devices.Precision, expected: torch.dtype
) -> None:
    conv = torch.nn.Conv2d(1, 1, 1)
    with devices.autocast(torch.device("cpu"), precision):
        assert conv(torch.zeros(1, 1, 2, 2)).dtype == expected
    assert conv.weight.dtype == torch.float32


def test_the_label_of_a_cpu_counts_its_threads() -> None:
    threads = torch.get_num_threads()
    words = "1 thread" if threads == 1 else f"{threads} threads"
    assert devices.device_name(torch.device("cpu")) == f"CPU, {words}"
    assert devices.device_name(torch.device("mps")) == "MPS"


def test_the_fast_arithmetic_is_found_where_no_gradients_are_wanted() -> None:
    devices.fast_precision.cache_clear()
    with torch.no_grad():
        assert devices.fast_precision(torch.device("cpu")) in ("float32", "bfloat16")
