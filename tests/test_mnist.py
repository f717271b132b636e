"""The four MNIST files are the published ones; damage is told in one sentence."""

import gzip
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from models import mnist

PUBLISHED = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_unpacked_file_has_the_published_checksum(name: str) -> None:
    content = gzip.decompress((mnist.FOLDER / f"{name}.gz").read_bytes())
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == PUBLISHED[name]


def test_there_are_60000_training_and_10000_test_digits() -> None:
    for part, count in (("train", 60_000), ("test", 10_000)):
        digits = mnist.load(part)
        assert digits.images.shape == (count, 1, 28, 28)
        assert digits.images.dtype == torch.uint8
        assert digits.labels.shape == (count,)
        assert digits.labels.dtype == torch.int64


def test_the_first_labels_are_the_well_known_ones() -> None:
    assert mnist.load("train").labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.load("test").labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_the_headers_are_not_taken_for_pixels() -> None:
    first = mnist.load("train").images[0, 0]
    assert int(first.sum()) == 27_525
    assert first[:5].eq(0).all()


def test_pixels_become_numbers_from_0_to_1_and_nothing_else() -> None:
    levels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    torch.testing.assert_close(mnist.unit_range(levels), torch.tensor([0.0, 0.2, 1.0]))
    digits = mnist.unit_range(mnist.load("test").images[:100])
    assert digits.dtype == torch.float32
    assert digits.min() == 0
    assert digits.max() == 1


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def scribble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[200:260] = b"\xff" * 60
    path.write_bytes(content)


def put_other_content(path: Path) -> None:
    path.write_bytes(gzip.compress(b"some other data set"))


@pytest.mark.parametrize(
    ("harm", "word"),
    [
        (Path.unlink, "missing"),
        (cut_off, "damaged"),
        (scribble, "damaged"),
        (lambda path: path.write_text("no gzip at all"), "damaged"),
        (put_other_content, "not the published one"),
        (lambda path: path.write_bytes(b""), "not the published one"),
    ],
    ids=["missing", "cut-off", "scribbled", "no-gzip", "other-content", "empty"],
)
def test_a_bad_file_gives_one_sentence_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], None], word: str
) -> None:
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        shutil.copy(mnist.FOLDER / name, tmp_path)
    harm(tmp_path / "t10k-labels-idx1-ubyte.gz")
    monkeypatch.setattr(mnist, "FOLDER", tmp_path)
    with pytest.raises(mnist.BrokenData) as caught:
        mnist.load.__wrapped__("test")
    message = str(caught.value)
    assert message.startswith("The MNIST file t10k-labels-idx1-ubyte.gz is ")
    assert word in message
    assert "\n" not in message
