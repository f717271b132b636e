"""Train the network of Pictures, in chunks of any length, on a GPU or on a process for each core.

Two threads that meet at every layer wait for each other as soon as anything else wants a core; two
processes that meet once a step do not. Each takes every second image of the batch, their gradients
are averaged, and all take the same step.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Final, TypeVar

import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

from models.checkpoints import load_tensors, save_tensors
from models.devices import fast_precision, pick_device
from models.miniature.encoder import TextEncoder
from models.miniature.unet import PromptUNet
from models.miniature_training import sprites
from models.miniature_training.batches import LATER, Batches
from models.miniature_training.caption_states import Captions
from models.miniature_training.log import Log
from models.miniature_training.sprites import NOUN_NAMES
from models.miniature_training.training import USUAL, Recipe, Training

T = TypeVar("T")

FITTED: Final = 2048
"""Images that colours and spectrum are measured on."""


SAVE_EVERY: Final = 240
"""Seconds."""


def averaged(state: Path) -> PromptUNet:
    """The network with its running average of weights, as the last chunk left it.

    Raises:
        BrokenCheckpoint: nothing was trained here, or the file is damaged.
    """
    weights, notes = load_tensors(state / "averaged.safetensors")
    network = PromptUNet(**json.loads(notes["network"]))
    network.load_state_dict(weights)
    return network


def run(
    state: Path,
    minutes: float,
    cool_down: float = 0.0,
    processes: int = 1,
    recipe: Recipe = USUAL,
    begin_with: PromptUNet | None = None,
) -> None:
    """Train for some minutes, from where the last call stopped.

    Args:
        state: folder of the training's own files: sprites (see `sprites.pack`),
            training.safetensors, log.jsonl, and averaged.safetensors, the result so far.
        minutes: how long, by the clock.
        cool_down: the last so many minutes the learning rate falls to zero. That makes the best
            images but is no place to go on from, so it touches averaged.safetensors alone.
        processes: one for each core that may be used; 1 on a GPU.
        begin_with: where a training that has no state yet begins; new weights if None.
    """
    if processes == 1:
        _train(0, 1, state, minutes, cool_down, recipe, begin_with, None)
        return
    with tempfile.TemporaryDirectory() as meeting:
        spawn(  # type: ignore[no-untyped-call]
            _train,
            (processes, state, minutes, cool_down, recipe, begin_with, Path(meeting) / "point"),
            nprocs=processes,
        )


def _train(
    rank: int,
    processes: int,
    state: Path,
    minutes: float,
    cool_down: float,
    recipe: Recipe,
    begin_with: PromptUNet | None,
    meeting: Path | None,
) -> None:
    begin = saved = time.monotonic()
    if meeting is not None:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=processes)
    device = pick_device()
    torch.backends.cudnn.benchmark = True
    bare = sprites.load(state / "sprites", "training").to(device)
    encoder, cache = TextEncoder(device=device), state / "captions.safetensors"
    nouns = [NOUN_NAMES[i] for i in sorted(set(bare.noun.tolist()))]
    captions_ = Captions(encoder, nouns, device, cache)
    batches = Batches(sprites.painted(bare), captions_, recipe.seed, recipe.batch)
    training = Training(recipe, device, _agreed(fast_precision(device)))
    path = state / "training.safetensors"
    if path.exists():
        training.load(path)
    elif begin_with is not None:
        training.begin_with(begin_with)
    else:
        training.fit(batches.images(FITTED, LATER), captions_.vectors())
    log = Log(state, training, captions_) if rank == 0 else None
    parent = os.getppid()
    gone, finished = 0.0, False
    while not finished:
        if training.coarse and training.images >= recipe.coarse:
            training.grow(batches.images(FITTED, LATER))
        cooling = minutes - gone < cool_down
        brake = max(0.0, minutes - gone) / cool_down if cooling else 1.0
        batch = batches.take(training.step, training.stage, rank, processes)
        errors = training.take_step(batch, brake)
        if log:
            log.take(batch.t, errors)
            if time.monotonic() - saved > SAVE_EVERY:
                _save(training, state, cooling)
                log.held_out()
                saved = time.monotonic()
        if processes > 1 or training.step % 5 == 0:  # so that all stop at the same step
            gone = _agreed((time.monotonic() - begin) / 60)
            orphaned = meeting is not None and os.getppid() != parent
            finished = gone >= minutes or orphaned
    if log:
        log.held_out()
        _save(training, state, cool_down > 0)
    if meeting is not None:
        dist.destroy_process_group()


def _agreed(opinion: T) -> T:
    """What the first process says: one clock and one arithmetic for all."""
    opinions = [opinion]
    if dist.is_initialized():
        dist.broadcast_object_list(opinions, 0)
    return opinions[0]


def _save(training: Training, state: Path, cooling: bool) -> None:
    if not cooling:
        training.save(state / "training.safetensors")
    network = training.network
    shape = {
        "channels": network.channels,
        "blocks": network.blocks,
        "attends": network.attends,
        "fold": network.fold,
        "size": network.linear.spectrum.shape[-1],
        "grown": network.grown,
    }
    notes = {"step": str(training.step), "network": json.dumps(shape)}
    save_tensors(state / "averaged.safetensors", training.averaged(), notes)
