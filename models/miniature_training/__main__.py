"""Train, look at and measure Pictures from the command line.

python -m models.miniature_training --data FOLDER --minutes 30   # train, or go on training
python -m models.miniature_training --minutes 20 --cool-down 20  # the last chunk before shipping
python -m models.miniature_training --go-on --minutes 60          # from the weights in the box
python -m models.miniature_training --ship                        # averaged weights into the box
python -m models.miniature_training --export FOLDER               # averaged weights in small files
python -m models.miniature_training --sheet FILE.png              # the course's prompts, sampled
python -m models.miniature_training --classifier                  # train it anew, into the box
python -m models.miniature_training --evaluate                    # measure, write into the card
python -m models.miniature_training --evaluate samples --guidance 2 --steps 50
python -m models.miniature_training --pairs anagrams "a fir tree | a strawberry" --guidance 5
python -m models.miniature_training --pairs hybrids "FAR | NEAR" --sigma 2 --sheet FILE.png
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from models.devices import pick_device
from models.miniature import box, classifier
from models.miniature_training import (
    card,
    evaluate,
    naming,
    pairs,
    shards,
    sheet,
    sprites,
    train,
)
from models.miniature_training import classifier as teaching
from models.miniature_training.training import Recipe


def main(arguments: list[str] | None = None) -> None:
    """Do what the command line asks."""
    asked = _parser().parse_args(arguments)
    state = Path(asked.state)
    if asked.minutes or asked.classifier or asked.evaluate is not None:
        _pack(asked.data, state / "sprites")
    if asked.minutes:
        _train(asked, state)
    if asked.ship:
        box.save(box.wrapped(train.averaged(state)), box.FOLDER)
    if asked.export:
        shards.write(state, Path(asked.export))
    if asked.sheet and not asked.pairs:
        sheet.write(
            box.load(),
            Path(asked.sheet),
            manner=replace(sheet.THIRTY_FOUR, guidance=asked.guidance),
        )
    if asked.classifier:
        drawings = sprites.painted(sprites.load(state / "sprites", "training"))
        teaching.save(naming.trained_classifier(box.load(), drawings), classifier.FILE)
    if asked.pairs:
        reader = classifier.load()
        pairs.report(
            box.load(),
            reader,
            asked.pairs[0],
            asked.pairs[1:],
            asked.guidance,
            sigma=asked.sigma,
            sheet_file=Path(asked.sheet) if asked.sheet else None,
        )
    if asked.evaluate is not None:
        pieces = asked.evaluate or evaluate.PIECES
        manner = sheet.Manner(
            asked.guidance, asked.steps, asked.sampler, asked.guided_above, asked.seeds
        )
        found = evaluate.evaluate(box.load(), state, pieces, manner)
        card.write(box.FOLDER / "README.md", found)


def _pack(data: str | None, folder: Path) -> None:
    """Make what training and measuring read, unless it is there from before."""
    if (folder / "captions.jsonl").exists():
        return
    if data is None:
        raise SystemExit("Say with --data where pictures.zip and captions.jsonl are.")
    sprites.pack(Path(data), folder)


def _train(asked: argparse.Namespace, state: Path) -> None:
    recipe = Recipe(
        channels=tuple(asked.channels),
        blocks=asked.blocks,
        batch=asked.batch,
        coarse=asked.coarse,
        plain=asked.plain,
        rate=asked.rate,
        warm_up=asked.warm_up,
    )
    begin = box.load().network.unet if asked.go_on else None
    train.run(state, asked.minutes, asked.cool_down, asked.processes, recipe, begin)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.miniature_training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    home = Path("~/.cache/diffusion-step-by-step/pictures").expanduser()
    recipe, usual = Recipe(), evaluate.USUAL
    alone = pick_device().type != "cpu"
    parser.add_argument("--data", help="folder with pictures.zip and captions.jsonl")
    parser.add_argument("--state", default=str(home), help="folder of the training's own files")
    parser.add_argument("--minutes", type=float, default=0.0, help="train so long")
    parser.add_argument(
        "--cool-down", type=float, default=0.0, help="end the chunk by slowing down"
    )
    parser.add_argument("--go-on", action="store_true", help="begin with the weights in the box")
    parser.add_argument("--ship", action="store_true", help="put the averaged weights in the box")
    parser.add_argument("--export", metavar="FOLDER", help="write the averaged weights in parts")
    parser.add_argument("--sheet", metavar="FILE", help="sample the course's prompts, as PNG")
    parser.add_argument("--classifier", action="store_true", help="train it anew, into the box")
    parser.add_argument(
        "--evaluate",
        nargs="*",
        choices=evaluate.PIECES,
        metavar="PIECE",
        help=f"measure the model in the box: {', '.join(evaluate.PIECES)}; all if none is named",
    )
    parser.add_argument(
        "--pairs", nargs="+", metavar="PAIR", help="anagrams or hybrids, then pairs to be read"
    )
    parser.add_argument("--sigma", type=float, default=pairs.SIGMA, help="of hybrids' low pass")
    parser.add_argument("--guidance", type=float, default=usual.guidance, help="γ of samples")
    parser.add_argument("--steps", type=int, default=usual.steps, help="of the samples")
    parser.add_argument("--seeds", type=int, default=usual.seeds, help="samples of a prompt")
    parser.add_argument("--sampler", choices=sheet.SAMPLERS, default=usual.sampler)
    parser.add_argument(
        "--guided-above", type=int, default=0, metavar="T", help="below, no guidance"
    )
    parser.add_argument("--processes", type=int, default=1 if alone else os.cpu_count() or 1)
    parser.add_argument("--channels", type=int, nargs=3, default=recipe.channels)
    parser.add_argument("--blocks", type=int, default=recipe.blocks)
    parser.add_argument("--batch", type=int, default=recipe.batch)
    parser.add_argument("--coarse", type=int, default=recipe.coarse, help="images at half size")
    parser.add_argument("--plain", type=int, default=recipe.plain, help="images of plain data")
    parser.add_argument("--rate", type=float, default=recipe.rate)
    parser.add_argument("--warm-up", type=int, default=recipe.warm_up)
    return parser


if __name__ == "__main__":
    main()
