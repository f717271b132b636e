"""Which hardware there is, and which arithmetic it does fast."""

from __future__ import annotations

import functools
import time
from typing import Literal

import torch
from torch import Tensor, nn

Precision = Literal["float32", "bfloat16"]


def pick_device() -> torch.device:
    """The fastest device at hand: CUDA, else MPS, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


@functools.cache
def fast_precision(device: torch.device) -> Precision:
    """The arithmetic to train in: bfloat16 where it is at least 1.3 times as fast, else float32.

    Half the bits help only where the processor has instructions for them (without, PyTorch
    imitates them slowly), and no flag tells that reliably: so a small convolution is timed once.
    """
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported() else "float32"
    if device.type != "cpu":
        return "float32"
    return "bfloat16" if _conv_seconds("float32") > 1.3 * _conv_seconds("bfloat16") else "float32"


def _conv_seconds(precision: Precision, repeats: int = 5) -> float:
    conv = nn.Conv2d(32, 32, 3, padding=1).to(memory_format=torch.channels_last)
    batch = torch.zeros(32, 32, 28, 28).contiguous(memory_format=torch.channels_last)
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        with torch.enable_grad(), autocast(batch.device, precision):  # whoever asks
            conv(batch).sum().backward()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Run the network's heavy operations in `precision`; weights and losses stay float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


def device_name(device: torch.device) -> str:
    """A name to put on a label: the GPU's own, or "CPU, 2 threads"."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "cpu":
        count = torch.get_num_threads()
        return f"CPU, {count} thread{'s' if count != 1 else ''}"
    return device.type.upper()


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on a device, without waiting for what the device is doing."""
    if device.type != "cuda":
        return tensor.to(device)
    return tensor.pin_memory().to(device, non_blocking=True)
