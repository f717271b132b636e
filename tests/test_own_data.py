"""Uploads and dropped files: what is right is read, what is wrong ends in one sentence."""

import gzip
import io
import os
import pickle
import random
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from small_data import IMAGES, LABELS, drop, png, zip_of, zip_of_images

from lessons.images.opening import MOST_BYTES
from lessons.own_data import keeping, names, parts, sets, showing, uploads, zipped
from lessons.own_data.opening import open_upload
from models import dropped, idx, mnist

IDX_IMAGES, IDX_LABELS = idx.written(IMAGES), idx.written(LABELS)


class Bomb:
    """What runs something when it is unpickled."""

    def __reduce__(self) -> object:
        return os._exit, (3,)


def header(kind: int, *shape: int) -> bytes:
    return bytes((0, 0, kind, len(shape))) + struct.pack(f">{len(shape)}I", *shape)


def zip_with(name: str, content: bytes = b"x", mode: int = 0, **changes: object) -> bytes:
    buffer, one = io.BytesIO(), zipfile.ZipInfo(name)
    one.external_attr = mode << 16
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(one, content, **changes)  # type: ignore[arg-type]
    return buffer.getvalue()


def locked() -> bytes:
    """The flag of a password in the local header and in the list."""
    content = bytearray(zip_with("a.png", png(IMAGES[0])))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    return bytes(content)


def sentence_about(content: bytes) -> str:
    """Why a file is refused, or "" for one that is read."""
    try:
        uploads.read({"sent": content})
    except ValueError as refusal:
        return str(refusal)
    return ""


def test_idx_files_are_read_packed_or_not_and_labels_are_found_beside_the_images() -> None:
    for pack in (bytes, gzip.compress):
        files = {"some-labels": pack(IDX_LABELS), "some-images": pack(IDX_IMAGES)}
        for sent in (files, {"all.zip": zip_of(files)}):
            found = uploads.read(sent)
            assert (found.images == IMAGES).all()
            assert found.labels is not None
            assert (found.labels == LABELS).all()
            assert found.classes == ("0", "1", "2")
    assert uploads.read({"images": IDX_IMAGES}).labels is None


def test_in_a_zip_of_images_the_folder_is_the_label_and_digits_keep_their_number() -> None:
    found = uploads.read({"things.zip": zip_of_images()})
    order = np.argsort([("boot", "coat", "bag")[label] for label in LABELS], kind="stable")
    assert found.classes == ("bag", "boot", "coat")
    assert found.labels is not None
    assert Counter(found.labels.tolist()) == {0: 8, 1: 8, 2: 8}
    assert (found.images == IMAGES[order]).all()
    digits = uploads.read({"digits.zip": zip_of_images(("8", "3", "5"))})
    assert digits.labels is not None
    assert sorted(set(digits.labels.tolist())) == [3, 5, 8]
    assert len(digits.classes) == 9
    assert uploads.read({"flat.zip": zip_of_images(())}).labels is None


def test_black_and_white_are_exchanged_on_request_and_other_sizes_are_scaled() -> None:
    assert (uploads.read({"i": IDX_IMAGES}, exchange=True).images == 255 - IMAGES).all()
    wide = np.zeros((10, 20, 40), np.uint8)
    wide[:, :, 10:30] = 200
    small = uploads.read({"i": idx.written(wide)}).images
    assert small.shape == (10, 28, 28)
    assert (small == 200).all()
    colour = np.full((30, 30, 3), (255, 0, 0), np.uint8)
    found = uploads.read({"z": zip_of({f"{i}.png": png(colour) for i in range(10)})})
    assert set(found.images.flatten().tolist()) == {76}


def test_what_systems_put_into_a_zip_is_left_out() -> None:
    extra = {"__MACOSX/x/._0.png": b"?", "a/.DS_Store": b"?", "a/Thumbs.db": b"?"}
    images = {f"a/{i}.png": png(IMAGES[i]) for i in range(10)}
    assert len(uploads.read({"z": zip_of({**extra, **images})}).images) == 10


BAD = {
    "nothing": ({}, "No file was given"),
    "empty": ({"a": b""}, "“a”: This is no PNG"),
    "pickle": ({"a.pkl": pickle.dumps(Bomb())}, "“a.pkl”: This is no PNG"),
    "pickle in a zip": ({"z": zip_of({"a.png": pickle.dumps(Bomb())})}, "“a.png”: This is no PNG"),
    "zip in a zip": ({"z": zip_of({"a.zip": zip_of_images()})}, "“a.zip”: This is no PNG"),
    "empty zip": ({"z": zip_of({})}, "holds no file"),
    "half a zip": ({"z": zip_of_images()[:900]}, "damaged or incomplete"),
    "path up": ({"z": zip_with("../../a.png")}, "leads out of the zip"),
    "path from the root": ({"z": zip_with("/etc/a.png")}, "leads out of the zip"),
    "path of Windows": ({"z": zip_with("C:\\a.png")}, "leads out of the zip"),
    "link": ({"z": zip_with("a.png", b"/etc/passwd", stat.S_IFLNK | 0o777)}, "is a link"),
    "device": ({"z": zip_with("a.png", b"", stat.S_IFCHR | 0o777)}, "is a link"),
    "password": ({"z": locked()}, "has a password"),
    "other packing": ({"z": zip_with("a.png", compress_type=zipfile.ZIP_LZMA)}, "plain zip"),
    "zip bomb": ({"z": zip_with("a", bytes(zipped.MOST_UNPACKED + 1))}, "more than 128 MB"),
    "zip bomb in parts": (
        {"z": zip_of(dict.fromkeys("ab", bytes(zipped.MOST_UNPACKED // 2 + 1)))},
        "zip becomes more than 128 MB",
    ),
    "many": ({"z": zip_of({f"{i}": b"" for i in range(20_001)})}, "20,001 files; at most"),
    "eleven folders": ({"z": zip_of({f"{i}/a.png": b"" for i in range(11)})}, "11 folders"),
    "beside folders": ({"z": zip_of({"a.png": b"", "b/a.png": b""})}, "in a folder and others"),
    "few": ({"i": idx.written(IMAGES[:9])}, "needs 10 to 60,000 images; this one has 9"),
    "floats": ({"i": header(0x0D, 10, 28, 28) + bytes(31_360)}, "holds floats"),
    "no kind": ({"i": header(0x77, 10, 28, 28)}, "holds something else"),
    "two axes": ({"i": header(8, 10, 28) + bytes(280)}, "no IDX file of images or labels"),
    "half a header": ({"i": header(8, 10, 28, 28)[:9]}, "cut off within its header"),
    "cut off": ({"i": IDX_IMAGES[:-1]}, "header says 18,816 values, 18,815 follow"),
    "too long": ({"i": IDX_IMAGES + b"x"}, "18,817 follow"),
    "huge": ({"i": header(8, 2**32 - 1, 2**32 - 1, 2**32 - 1)}, "at most 54,880,000"),
    "hollow": ({"i": header(8, 10, 0, 28)}, "holds nothing"),
    "tiny": ({"i": idx.written(IMAGES[:, :4, :4])}, "4×4 pixels; 8 to 64"),
    "labels alone": ({"l": IDX_LABELS}, "must be one IDX file of images; here are 0"),
    "two of images": ({"i": IDX_IMAGES, "j": IDX_IMAGES}, "here are 2"),
    "three files": ({"i": IDX_IMAGES, "j": IDX_LABELS, "k": IDX_LABELS}, "one of labels"),
    "few labels": ({"i": IDX_IMAGES, "l": idx.written(LABELS[1:])}, "24 images and 23 labels"),
    "a label of 10": ({"i": IDX_IMAGES, "l": idx.written(LABELS + 8)}, "A label is 10"),
    "gzip bomb": ({"i": gzip.compress(bytes(80_000_000), 1)}, "when it is unpacked"),
    "half a gzip": ({"i": gzip.compress(IDX_IMAGES)[:-20]}, "cut off or damaged"),
    "no gzip": ({"i": b"\x1f\x8b" + bytes(30)}, "gzip and damaged"),
    "mixed": ({"i": IDX_IMAGES, "a.png": png(IMAGES[0])}, "one kind alone"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_upload_ends_in_one_sentence(what: str) -> None:
    files, sentence = BAD[what]
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        uploads.read(files)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_bomb_that_lies_about_its_size_is_stopped_by_what_comes_out() -> None:
    content = bytearray(zip_with("a", bytes(zipped.MOST_UNPACKED + 2**20)))
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        start = content.index(mark) + place
        content[start : start + 4] = struct.pack("<I", 100)
    with pytest.raises(zipped.Unwelcome, match=r"damaged|more than"):
        zipped.members(bytes(content))


def test_a_gzip_bomb_takes_no_more_memory_than_is_allowed_to_come_out() -> None:
    bomb = gzip.compress(bytes(40_000_000), 1)
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than 1,016 bytes"):
        idx.read(bomb, most=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize("seed", range(8))
def test_broken_bytes_are_read_or_refused_in_one_sentence_and_nothing_else(seed: int) -> None:
    """A seeded fuzz: flipped bytes, cuts, repeats, in zips and IDX files of all kinds."""
    chance = random.Random(seed)
    few = zip_of({f"{i % 2}/{i}.png": png(IMAGES[i]) for i in range(10)})
    whole = [few, IDX_IMAGES, gzip.compress(IDX_IMAGES), zip_of({"i": IDX_IMAGES})]
    ended: Counter[str] = Counter()
    for _ in range(150):
        broken = bytearray(chance.choice(whole))
        # Where headers are, damage tells more than among pixels.
        for _ in range(chance.randint(1, 4)):
            edge = chance.choice((40, len(broken)))
            place = chance.randrange(edge) * chance.choice((1, -1))
            broken[max(min(place, len(broken) - 1), -len(broken))] = chance.randrange(256)
        if chance.random() < 0.3:
            del broken[chance.randrange(len(broken)) :]
        if chance.random() < 0.1:
            broken += broken[: chance.randrange(100)]
        said = sentence_about(bytes(broken))
        assert "\n" not in said
        assert said == "" or said.endswith(".")
        ended["refused" if said else "read"] += 1
    assert ended["refused"] > 40
    assert ended["read"] > 5


def test_an_upload_is_read_in_a_process_of_its_own_and_comes_back_whole(tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = open_upload({"things.zip": zip_of_images()})
    same = uploads.read({"things.zip": zip_of_images()})
    assert (found.images == same.images).all()
    assert found.labels is not None
    assert (found.labels == same.labels).all()
    assert found.classes == same.classes
    assert open_upload({"i": IDX_IMAGES}).labels is None
    with pytest.raises(ValueError, match="leads out of the zip"):
        open_upload({"z": zip_with("../a.png")})
    with pytest.raises(ValueError, match=r"at most 12 MB"):
        open_upload({"z": bytes(MOST_BYTES + 1)})
    with pytest.raises(ValueError, match="takes more than"):
        open_upload({"i": IDX_IMAGES}, seconds=0.01)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_kept_set_has_its_digest_in_its_name_and_comes_back_as_it_was() -> None:
    found = uploads.read({"things.zip": zip_of_images()})
    data = keeping.keep("Our Things!", found)
    assert data.startswith("our-things-")
    assert names.is_data_name(data)
    assert sets.find(data) == sets.DataSet(data, "Our Things!", 24, found.classes, kept=True)
    assert data in [one.name for one in sets.all_sets()]
    assert keeping.keep("our things", found) == data
    again = uploads.read({"again.zip": showing.as_zip(data)})
    assert keeping.keep("Our Things", again) == data
    other = uploads.Uploaded(found.images ^ 1, found.labels, found.classes)
    assert keeping.keep("Our Things", other) != data


def test_every_tenth_image_is_held_out_and_none_is_in_both_parts() -> None:
    data = keeping.keep("x", uploads.read({"i": IDX_IMAGES, "l": IDX_LABELS}))
    train, test = parts.load(data, "train"), parts.load(data, "test")
    assert (test.images[:, 0].numpy() == IMAGES[[9, 19]]).all()
    assert train.labels.tolist() == [int(n) for i, n in enumerate(LABELS) if i not in (9, 19)]
    assert [image.caption for image in showing.first_rows(data)[0]][:3] == ["0", "1", "2"]


def test_what_measures_mnist_is_what_it_always_was() -> None:
    from lessons.training.previews import test_digits

    found = parts.shown(names.MNIST, 1000)
    assert (mnist.unit_range(found.images) == test_digits(1000)).all()
    assert found.labels[:10].tolist() == list(range(10))
    assert parts.in_turn(names.MNIST, 12).tolist() == [*range(10), 0, 1]


def test_a_set_whose_file_holds_other_images_is_refused() -> None:
    found, turned = (uploads.read({"i": IDX_IMAGES}, exchange) for exchange in (False, True))
    first, second = keeping.keep("x", found), keeping.keep("y", turned)
    path, other = (sets.root() / data / sets.TENSORS for data in (first, second))
    path.write_bytes(other.read_bytes())
    with pytest.raises(ValueError, match="other images than its name"):
        sets.arrays(first)
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ValueError, match="can't be read"):
        sets.arrays(first)
    (sets.root() / first / sets.ABOUT).write_text("[]")
    with pytest.raises(ValueError, match="damaged"):
        sets.find(first)
    assert [one.name for one in sets.all_sets()] == [names.MNIST, second]


@pytest.mark.parametrize("name", ["", "../x-0123456789ab", "x", "X-0123456789ab", "x-0123456789ab"])
def test_a_name_that_is_none_of_ours_finds_nothing(name: str) -> None:
    with pytest.raises(ValueError, match=r"not (on this server|the name)"):
        sets.find(name)


@pytest.mark.parametrize("packed", [True, False])
def test_four_idx_files_in_a_folder_are_a_data_set(packed: bool, tmp_path: Path) -> None:
    drop(tmp_path / "data" / "fashion-mnist", packed)
    [_, found] = sets.all_sets()
    assert (found.title, found.count, found.kept) == ("fashion-mnist", 24, False)
    train, test = parts.load(found.name, "train"), parts.load(found.name, "test")
    assert (train.images[:, 0].numpy() == IMAGES[:-8]).all()
    assert (test.labels.numpy() == LABELS[-8:]).all()
    path = next((tmp_path / "data" / "fashion-mnist").glob("t10k-images*"))
    path.write_bytes(path.read_bytes()[:-30])
    assert [one.name for one in sets.all_sets()] == [names.MNIST]
    with pytest.raises(mnist.BrokenData, match="t10k-images"):
        dropped.load("fashion-mnist", "test")
    with pytest.raises(ValueError, match="not on this server"):
        parts.load(found.name, "train")


def test_a_folder_that_lacks_a_file_is_no_data_set(tmp_path: Path) -> None:
    drop(tmp_path / "data" / "half")
    next((tmp_path / "data" / "half").glob("train-labels*")).unlink()
    assert [one.name for one in sets.all_sets()] == [names.MNIST]


def test_a_broken_stream_within_a_zip_is_refused() -> None:
    content = bytearray(zip_with("a.png", bytes(1000)))
    start = content.index(b"a.png") + 5
    content[start : start + 4] = b"\xff\xff\xff\xff"
    with pytest.raises(zipped.Unwelcome, match="damaged"):
        zipped.members(bytes(content))
    with pytest.raises(zlib.error):
        zlib.decompress(b"\xff\xff\xff\xff", -15)
