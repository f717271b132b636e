"""DeepFloyd IF from the command line: `python -m models.deepfloyd`.

Without arguments it says what is configured and what it needs. It also fetches files ahead of a
class, encodes prompts, and takes over prompts that were encoded elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from models import deepfloyd
from models.deepfloyd import files
from models.deepfloyd.embeddings import read_course_file, write_course_file
from models.deepfloyd.settings import settings
from models.needs import rooms

GB = 1e9


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; what can't be done is one sentence and exit status 1."""
    parser = argparse.ArgumentParser(prog="python -m models.deepfloyd", description=__doc__)
    parser.add_argument("--download", action="store_true", help="fetch all files that are needed")
    parser.add_argument(
        "--encode",
        nargs="+",
        metavar="PROMPT",
        help="encode prompts and keep them; a text file (.txt) stands for its lines",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write what --encode encoded as one file in the course's form, to hand to a class",
    )
    parser.add_argument(
        "--import",
        dest="file",
        type=Path,
        metavar="FILE",
        help="the course's prompt_embeds_dict.pth",
    )
    asked = parser.parse_args(arguments)
    if asked.out and not asked.encode:
        parser.error("--out writes what --encode encoded: name the prompts, or a file of them")
    if not deepfloyd.configured():
        parser.exit(1, "Set DIFFUSION_DEEPFLOYD to IF-I-M-v1.0 or to a folder first.\n")
    try:
        if asked.file:
            print(f"Imported {import_file(asked.file)} prompts.")
        if asked.download:
            download()
        if asked.encode:
            encode(asked.encode, asked.out)
        report()
    except (ValueError, OSError) as error:
        parser.exit(1, f"{error}\n")
    return 0


def encode(words: Sequence[str], out: Path | None = None) -> None:
    """Encode prompts, and the empty one that guidance needs, and keep them.

    Args:
        words: prompts; one that ends in ".txt" is a file with a prompt a line.
        out: where to write them besides, as `read_course_file` reads them.

    Raises:
        ValueError: a file can't be read, or holds no prompts; or a prompt can't be encoded.
        OSError: the disk refused.
    """
    prompts = list(dict.fromkeys(["", *(prompt for one in words for prompt in _prompts(one))]))
    encoded = deepfloyd.encode(prompts)
    if out:
        write_course_file(out, dict(zip(prompts, encoded, strict=True)))
        print(f"Wrote {len(prompts)} prompts to {out}, the empty one among them.")


def _prompts(words: str) -> list[str]:
    if not words.endswith(".txt"):
        return [words]
    try:
        lines = Path(words).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{words} is not read: it is missing, or no text in UTF-8.") from error
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise ValueError(f"{words} holds no prompts: write one a line.")
    return found


def import_file(path: Path) -> int:
    """Keep all prompts of the course's file; returns how many.

    Raises:
        ValueError: the file is not what it should be, or belongs to another text encoder.
    """
    found, kept = read_course_file(path), deepfloyd.store()
    for prompt, embedding in found.items():
        kept.keep(prompt, embedding)
    return len(found)


def download() -> None:
    """Fetch what is not here yet.

    Raises:
        ValueError: it can't be had; the message says what to do.
    """
    chosen = settings()
    words = [] if chosen.text_encoder == "off" else [*files.TEXT_CONFIGS, *files.TEXT_WEIGHTS]
    folder = files.find(chosen.stage_1, [*files.CONFIGS, *files.WEIGHTS, *words])
    files.check_unet(folder, 1)
    if chosen.stage_2:
        files.check_unet(files.find(chosen.stage_2, [*files.CONFIGS, *files.WEIGHTS]), 2)


def report() -> None:
    """Say what is configured, what it needs, and what the machine has."""
    chosen, kept = settings(), deepfloyd.store()
    print(f"{deepfloyd.title()}; text encoder {chosen.text_encoder}.")
    for need in deepfloyd.needs():
        print(
            f"  {need.part}: {need.parameters / 1e6:,.1f} million parameters, "
            f"{need.loaded / GB:.2f} GB in memory"
        )
    for room in rooms():
        print(f"  this {room.where}: {room.free / GB:.1f} of {room.total / GB:.1f} GB free")
    print(f"  {len(kept.known())} encoded prompts in {kept.folder}")


if __name__ == "__main__":
    sys.exit(main())
