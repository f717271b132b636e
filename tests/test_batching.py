"""Network calls in company: the same answers, and nobody's mistake is another one's."""

from collections.abc import Callable

import pytest
import torch
from miniature import encoder, small_network
from torch import Tensor, nn

from models import batching, catalog
from models.batching import NetworkCall, called, handing_over, perform
from models.embedded import Pictures
from models.miniature.box import Miniature, make_scheduler
from models.text_to_image import TextToImage


class Noted:
    """Answers calls only when told, all together."""

    def __init__(self) -> None:
        self.calls: list[NetworkCall] = []

    def answer(self, call: NetworkCall) -> None:
        self.calls.append(call)
        call.output = torch.zeros(())

    def aside(self, wait: Callable[[], object]) -> object:
        return wait()


def calls_of(make: Callable[[], object]) -> list[NetworkCall]:
    """The network calls that are handed over, not yet made."""
    noted = Noted()
    with handing_over(noted):
        make()
    for call in noted.calls:
        call.output = None
    return noted.calls


@pytest.fixture(params=["digits", "pictures"])
def model(request: pytest.FixtureRequest) -> TextToImage:
    if request.param == "digits":
        return catalog.load("digits")
    return Pictures(Miniature(small_network(), make_scheduler(), encoder()))


def prompts(model: TextToImage) -> list[str]:
    digits = model.spec.shape[0] == 1
    return ["3", "", "seven"] if digits else ["a dog", "", "an owl on a very old wooden fence"]


def noise(model: TextToImage, seed: int, count: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *model.spec.shape, generator=generator)


def test_one_batch_answers_each_call_as_it_would_be_answered_alone(model: TextToImage) -> None:
    T = len(model.spec.alpha_bars)
    asked = [
        (noise(model, seed, count), t, model.embed([prompt] * count))
        for seed, (count, t, prompt) in enumerate(
            zip((1, 2, 5), (T - 1, T // 2, 3), prompts(model), strict=True)
        )
    ]
    alone = [model.predict(*one) for one in asked]
    calls = calls_of(lambda: [model.predict(*one) for one in asked])
    assert len({call.kind for call in calls}) == 1
    perform(calls)
    for call, expected in zip(calls, alone, strict=True):
        torch.testing.assert_close(call.result(), expected, atol=2e-5, rtol=1e-4)


def test_the_answer_in_company_is_the_callers_own_memory(model: TextToImage) -> None:
    calls = calls_of(
        lambda: [model.predict(noise(model, n, 1), 9, model.embed([""])) for n in (1, 2)]
    )
    perform(calls)
    assert all(
        call.result().untyped_storage().nbytes() == 4 * call.result().numel() for call in calls
    )


def test_rows_of_zeros_behind_a_prompt_change_nothing() -> None:
    model = Pictures(Miniature(small_network(), make_scheduler(), encoder()))
    x_t, states = noise(model, 1, 1), model.embed(["a dog"])
    longer = torch.cat([states, torch.zeros(1, 9, states.shape[2])], 1)
    torch.testing.assert_close(model.predict(x_t, 500, longer), model.predict(x_t, 500, states))


def double(x: Tensor) -> Tensor:
    return 2 * x


def test_calls_of_another_kind_are_kept_apart() -> None:
    x = torch.zeros(2, 3, 8, 8)
    network, states = object(), torch.zeros(2, 5, 7)

    def kind(network: object, *inputs: Tensor, ragged: bool = False) -> object:
        return NetworkCall(network, double, inputs, ragged=ragged).kind

    assert kind(network, x) == kind(network, torch.ones(4, 3, 8, 8))
    assert kind(network, x) != kind(object(), x)
    assert kind(network, x) != kind(network, torch.zeros(2, 3, 8, 9))
    assert kind(network, x) != kind(network, x.double())
    assert kind(network, x) != kind(network, x, states)
    assert kind(network, x, states) != kind(network, x, states[:, :4])
    assert kind(network, x, states, ragged=True) == kind(network, x, states[:, :4], ragged=True)


def test_outside_a_call_is_a_plain_call() -> None:
    made: list[str] = []

    def function(x: Tensor) -> Tensor:
        made.append("called")
        return double(x)

    assert called(NetworkCall(object(), function, (torch.ones(1),))) == 2
    assert made == ["called"]


def test_what_company_would_change_is_not_handed_over() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    norm = nn.BatchNorm1d(3)
    assert norm.training
    noted = Noted()
    with handing_over(noted):
        called(NetworkCall(norm, norm, (x.detach(),)))
        norm.eval()
        called(NetworkCall(norm, norm, (x,)))
        assert noted.calls == []
        called(NetworkCall(norm, norm, (x.detach(),)))
    assert len(noted.calls) == 1


def test_a_bad_input_fails_only_the_call_that_it_came_with() -> None:
    sizes: list[int] = []

    def positive(x: Tensor) -> Tensor:
        sizes.append(len(x))
        if (x < 0).any():
            raise ValueError("negative")
        return double(x)

    calls = [NetworkCall(None, positive, (torch.tensor([[n]]),)) for n in (1.0, -1.0, 3.0)]
    perform(calls)
    assert [float(call.result()) for call in (calls[0], calls[2])] == [2, 6]
    with pytest.raises(ValueError, match="negative"):
        calls[1].result()
    assert sizes == [3, 1, 1, 1]


def test_a_network_that_mixes_up_its_rows_is_asked_once_for_each() -> None:
    calls = [NetworkCall(None, lambda x: x.sum()[None], (torch.ones(2, 1),)) for _ in range(2)]
    perform(calls)
    assert [float(call.result()) for call in calls] == [2, 2]


def test_handing_over_ends_with_its_block_even_after_an_error() -> None:
    with pytest.raises(ValueError, match="inside"), handing_over(Noted()):
        raise ValueError("inside")
    assert batching._here.handler is None
