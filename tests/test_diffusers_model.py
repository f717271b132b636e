"""Networks of diffusers behind the one interface: schedule, precision, memory."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import pytest
import tiny_if
import torch
from diffusers import DDPMScheduler
from torch import Tensor, nn
from torch.testing import assert_close

from lessons.diffusion.schedules import ddpm_schedule, squaredcos_cap_v2
from models.diffusers_model import (
    DiffusersModel,
    Host,
    OutOfMemory,
    alpha_bars,
    minding_memory,
    spec_of,
    threshold_of,
)
from models.text_to_image import Threshold

X_T = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
WORDS = torch.randn(2, 77, tiny_if.WIDTH, generator=torch.Generator().manual_seed(2))
SPEC = spec_of({"sample_size": 16}, tiny_if.scheduler().config)


def embed(prompts: Sequence[str]) -> Tensor:
    return WORDS[: len(prompts)]


@pytest.mark.parametrize("name", ["linear", "scaled_linear", "squaredcos_cap_v2"])
def test_a_schedule_is_rebuilt_from_its_configuration(name: str) -> None:
    theirs = DDPMScheduler(300, beta_schedule=name, beta_start=0.001, beta_end=0.03)
    ours = alpha_bars(theirs.config)
    assert ours.dtype == torch.float64
    assert_close(ours.float(), theirs.alphas_cumprod, rtol=1e-4, atol=1e-7)


def test_the_rebuilt_schedules_are_those_of_the_lessons() -> None:
    cosine = alpha_bars(tiny_if.scheduler().config)
    assert_close(cosine, squaredcos_cap_v2().alpha_bars, rtol=0, atol=0)
    linear = alpha_bars({"num_train_timesteps": 300, "beta_schedule": "linear"})
    assert_close(linear, ddpm_schedule(1e-4, 0.02, 300).alpha_bars, rtol=0, atol=0)


def test_betas_that_were_trained_are_taken_as_they_are() -> None:
    assert_close(
        alpha_bars({"trained_betas": [0.1, 0.5]}), torch.tensor([0.9, 0.45], dtype=torch.float64)
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"beta_schedule": "sigmoid"},
        {"rescale_betas_zero_snr": True},
        {"prediction_type": "v_prediction"},
    ],
)
def test_what_the_lessons_do_not_teach_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"known here|predict the noise"):
        spec_of({"sample_size": 16}, wrong)


def test_the_makers_threshold_is_read_and_left_out_by_default() -> None:
    assert SPEC.shape == (3, 16, 16)
    assert (SPEC.low, SPEC.high) == (-1, 1)
    assert SPEC.threshold is None
    assert threshold_of(tiny_if.scheduler().config) == Threshold(0.95, 1.5)
    assert threshold_of({"thresholding": False}) is None


@pytest.mark.parametrize("t", [0, 990])
def test_a_prediction_is_what_the_network_says(t: int) -> None:
    network = tiny_if.unet()
    model = DiffusersModel(network, SPEC, embed)
    found = model.predict(X_T, t, model.embed(["a", "b"]))
    assert found.shape == (2, 6, 16, 16)
    with torch.no_grad():
        said = network(X_T, t, encoder_hidden_states=WORDS).sample
    assert_close(found, said, rtol=0, atol=0)
    assert model.parameters == sum(p.numel() for p in network.parameters())


def test_half_precision_stays_inside_the_network() -> None:
    whole = DiffusersModel(tiny_if.unet(), SPEC, embed)
    half = DiffusersModel(tiny_if.unet().to(torch.bfloat16), SPEC, embed)
    found, expected = (model.predict(X_T, 500, WORDS) for model in (half, whole))
    assert found.dtype == torch.float32
    assert_close(found, expected, rtol=0.1, atol=0.1)


def test_with_offload_one_network_at_a_time_is_on_the_device() -> None:
    moves: list[tuple[str, str]] = []

    class Moved(nn.Linear):
        def to(self, *where: object, **_: object) -> Moved:
            moves.append((self.name, str(where[0])))
            return self

    first, second = Moved(1, 1), Moved(1, 1)
    first.name, second.name = "first", "second"
    host = Host(torch.device("meta"), offload=True)
    for network in (first, first, second, first):
        with host.hosting(network) as device:
            assert device == torch.device("meta")
    assert moves == [
        ("first", "meta"),
        ("first", "cpu"),
        ("second", "meta"),
        ("second", "cpu"),
        ("first", "meta"),
    ]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        MemoryError(),
    ],
)
def test_every_kind_of_full_memory_becomes_one_sentence_with_advice(error: Exception) -> None:
    sentence = r"There is not enough memory for this\. Choose a smaller one\."
    with pytest.raises(OutOfMemory, match=sentence), minding_memory("Choose a smaller one."):
        raise error


def test_other_mistakes_are_not_taken_for_full_memory() -> None:
    with pytest.raises(RuntimeError, match="shapes"), minding_memory("Choose a smaller one."):
        raise RuntimeError("shapes don't match")


def test_a_network_of_any_kind_is_asked_in_the_one_way() -> None:
    class Zero(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def forward(self, sample: Tensor, t: Tensor, encoder_hidden_states: Tensor) -> object:
            assert t.tolist() == [7, 7]
            assert len(encoder_hidden_states) == 2
            return SimpleNamespace(sample=sample * self.weight)

    model = DiffusersModel(Zero(), SPEC, embed, parameters=5)
    assert model.predict(X_T, 7, WORDS).abs().max() == 0
    assert model.parameters == 5
