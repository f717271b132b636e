"""Train, look at and judge the miniature from the command line.

python -m models.miniature --data FOLDER --minutes 30      # train, or go on training
python -m models.miniature --minutes 20 --cool-down 20     # the last chunk before shipping
python -m models.miniature --ship                          # averaged weights → weights/
python -m models.miniature --sheet sheet.png               # the course's prompts, drawn
python -m models.miniature --evaluate                      # numbers into the model card
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from models.devices import pick_device
from models.miniature import box, card, evaluate, pictures, sheet, train


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line asks."""
    asked = _parser().parse_args(arguments)
    state = Path(asked.state)
    if asked.minutes:
        _prepare(asked.data, state)
        train.run(state, asked.minutes, asked.cool_down, asked.processes)
    if asked.ship:
        box.save(train.averaged(state), box.FOLDER)
    if asked.sheet:
        sheet.write(box.load(), Path(asked.sheet))
    if asked.evaluate:
        numbers = evaluate.evaluate(box.load(), state)
        card.write(box.FOLDER / "README.md", numbers)


def _prepare(data: str | None, state: Path) -> None:
    cache = state / "pictures.safetensors"
    if cache.exists():
        return
    if data is None:
        raise SystemExit("Say with --data where pictures.zip and captions.jsonl are.")
    state.mkdir(parents=True, exist_ok=True)
    pictures.prepare(Path(data), cache)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.miniature",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    home = Path("~/.cache/diffusion-step-by-step/miniature").expanduser()
    alone = pick_device().type != "cpu"
    parser.add_argument("--data", help="folder with pictures.zip and captions.jsonl")
    parser.add_argument("--state", default=str(home), help="folder of the training's own files")
    parser.add_argument("--minutes", type=float, default=0.0, help="train so long")
    parser.add_argument(
        "--cool-down", type=float, default=0.0, help="end the chunk by slowing down"
    )
    parser.add_argument("--processes", type=int, default=1 if alone else os.cpu_count() or 1)
    parser.add_argument("--ship", action="store_true", help="put the averaged weights in the box")
    parser.add_argument("--evaluate", action="store_true", help="measure; write the model card")
    parser.add_argument("--sheet", metavar="FILE", help="draw the course's prompts")
    return parser


if __name__ == "__main__":
    main()
