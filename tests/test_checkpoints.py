"""Checkpoints are written whole or not at all, and damage is told, never executed."""

import ast
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn, optim

from models import atomic, checkpoints
from models.checkpoints import BrokenCheckpoint, load_tensors, save_tensors

PROJECT = Path(__file__).parents[1]


def test_tensors_and_notes_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    tensors = {"x": torch.randn(3, 2), "count": torch.tensor(7), "half": torch.ones(2).half()}
    save_tensors(path, tensors, {"step": "12"})
    loaded, notes = load_tensors(path)
    assert notes == {"step": "12"}
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        torch.testing.assert_close(loaded[name], tensor, rtol=0, atol=0)


def test_a_view_and_its_base_can_be_saved_together(tmp_path: Path) -> None:
    whole = torch.arange(4.0).view(1, 1, 2, 2).contiguous(memory_format=torch.channels_last)
    save_tensors(tmp_path / "a.safetensors", {"whole": whole, "part": whole.clone()[..., 0]}, {})
    loaded, _ = load_tensors(tmp_path / "a.safetensors")
    assert loaded["part"].flatten().tolist() == [0, 2]


def test_eight_bits_are_wrong_by_half_a_step_of_each_rows_largest_at_most() -> None:
    weights = {"kernel": torch.randn(5, 3, 3, 3), "bias": torch.randn(5), "count": torch.tensor(7)}
    weights["kernel"][2] = 0  # a row without a largest weight
    small = checkpoints.in_eight_bits(weights)
    again = checkpoints.from_eight_bits(small)
    assert small["kernel"].dtype == torch.int8
    assert again.keys() == weights.keys()
    largest = weights["kernel"].abs().amax((1, 2, 3), keepdim=True)
    assert ((again["kernel"] - weights["kernel"]).abs() <= largest / 254 + 1e-7).all()
    torch.testing.assert_close(again["bias"], weights["bias"].half())
    assert again["count"] == 7


@pytest.mark.parametrize("kernel", [torch.zeros(4, 3), torch.zeros(3)])
def test_a_scale_that_fits_no_weights_is_refused(kernel: torch.Tensor) -> None:
    with pytest.raises(BrokenCheckpoint, match="no weights that it fits"):
        checkpoints.from_eight_bits({"kernel": kernel, "kernel.scale": torch.ones(3)})


def test_nothing_but_the_file_is_left_in_the_folder(tmp_path: Path) -> None:
    for _ in range(2):
        save_tensors(tmp_path / "a.safetensors", {"x": torch.zeros(2)}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_disk_that_refuses_leaves_the_old_file_whole(tmp_path: Path) -> None:
    """The kernel cuts this process off after 100 kB a file, as a full disk would."""
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"x": torch.ones(1000)}, {"step": "1"})
    code = f"""
import resource, signal, torch
from pathlib import Path
from models.checkpoints import save_tensors
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    save_tensors(Path({str(path)!r}), {{"x": torch.zeros(100_000)}}, {{"step": "2"}})
except OSError as error:
    print("refused:", error)
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert said.stdout.startswith("refused: ")
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]
    tensors, notes = load_tensors(path)
    assert notes == {"step": "1"}
    assert tensors["x"].eq(1).all()


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def half_way(part: Path) -> None:
        part.write_text("ne")
        raise OSError("pulled out")

    with pytest.raises(OSError, match="pulled out"):
        atomic.write_atomically(path, half_way)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


class Evil:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return Path.touch, (Path("executed"),)  # type: ignore[return-value]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize(
    "harm",
    [
        truncate,
        lambda path: path.write_bytes(path.read_bytes()[:4]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(pickle.dumps(Evil())),
        lambda path: torch.save({"x": torch.zeros(2)}, path),
        lambda path: path.write_bytes(b"\xff" * 1000),
        lambda path: path.write_text("{}"),
        Path.unlink,
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["cut-off", "stump", "empty", "pickle", "torch-save", "noise", "json", "none", "folder"],
)
def test_a_file_that_is_no_whole_checkpoint_is_refused_by_name(
    tmp_path: Path, harm: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"x": torch.zeros(100)}, {})
    harm(path)
    with pytest.raises(BrokenCheckpoint, match=r"^a\.safetensors can't be read: "):
        load_tensors(path)
    assert not Path("executed").exists()


@pytest.mark.parametrize(
    "other",
    [nn.Linear(2, 3), nn.Conv2d(2, 2, 3), nn.Sequential(nn.Linear(2, 2)), nn.BatchNorm1d(2)],
    ids=["other-shape", "other-layer", "other-names", "more-names"],
)
def test_weights_of_another_network_are_refused(other: nn.Module) -> None:
    with pytest.raises(BrokenCheckpoint, match="another network") as caught:
        checkpoints.load_weights(nn.Linear(2, 2), other.state_dict())
    assert "\n" not in str(caught.value)


def test_training_goes_on_bit_for_bit_after_a_restore() -> None:
    def step(network: nn.Module, optimiser: optim.Optimizer) -> None:
        optimiser.zero_grad()
        network(torch.ones(1, 2)).square().sum().backward()
        optimiser.step()

    def fresh() -> tuple[nn.Module, optim.Optimizer]:
        torch.manual_seed(0)
        network = nn.Linear(2, 2)
        return network, optim.Adam(network.parameters(), 0.1, fused=True)

    one, other = fresh(), fresh()
    for _ in range(3):
        step(*one)
    checkpoints.restore_training(checkpoints.training_tensors(*one), *other)
    for _ in range(3):
        step(*one)
        step(*other)
    assert torch.equal(one[0].weight, other[0].weight)


def test_shipped_weights_are_half_as_big_and_counters_stay() -> None:
    halved = checkpoints.halved(nn.BatchNorm2d(4).state_dict())
    assert halved["weight"].dtype == torch.float16
    assert halved["num_batches_tracked"].dtype == torch.int64


def names_used(path: Path) -> Iterator[str]:
    """Modules that a file imports and dotted names that it calls."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (f"{alias.name}.{alias.asname or ''}".rstrip(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)
        elif isinstance(node, ast.Call):
            safely = any(ast.unparse(word) == "weights_only=True" for word in node.keywords)
            yield ast.unparse(node.func) + (", weights only" if safely else "")


FORBIDDEN = {"torch.load", "np.load", "numpy.load", "eval", "exec", "pd.read_pickle"}
PICKLING = {"pickle", "_pickle", "cPickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}


STUDENTS_OWN = PROJECT / "lessons" / "check" / "load.py"
"""Runs a student's own file on the student's own machine; the app never imports it."""


@pytest.mark.parametrize(
    "path",
    [path for layer in ("lessons", "models") for path in sorted((PROJECT / layer).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(PROJECT)),
)
def test_nothing_is_ever_unpickled_or_evaluated(path: Path) -> None:
    names = set(names_used(path))
    if path == STUDENTS_OWN:
        names -= {"exec"}
    assert not names & FORBIDDEN
    # The name of the error alone is harmless: it is what a refused file raises.
    names -= {"pickle", "pickle.UnpicklingError"}
    assert not {name.split(".")[0] for name in names} & PICKLING


@pytest.mark.parametrize(
    "code",
    [
        "import pickle as p",
        "import pickle\npickle.loads(b'')",
        "from pickle import loads",
        "import torch\ntorch.load('x')",
        "import torch\ntorch.load('x', weights_only=False)",
        "eval('1')",
    ],
)
def test_every_way_to_unpickle_is_noticed(code: str, tmp_path: Path) -> None:
    file = tmp_path / "code.py"
    file.write_text(code)
    with pytest.raises(AssertionError):
        test_nothing_is_ever_unpickled_or_evaluated(file)
