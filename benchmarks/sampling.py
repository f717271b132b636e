"""The sampling loop beside the bare network calls that it needs, and beside diffusers.

    python -m benchmarks.sampling [--model digits] [--repeats 5]

Lesson 1.4 from i_start = 10: 23 steps for one image. Then diffusers' own IF pipeline on the same
weights, timesteps and guidance, where the model is one that diffusers can take. All in one run and
in turn, so that other work on the machine meets all alike; medians.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
from diffusers import DDPMScheduler, IFPipeline
from diffusers.utils import logging

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.samplers import sampling_trajectory
from lessons.prompts import prompts_for
from models import catalog
from models.diffusers_model import DiffusersModel
from models.miniature.network import MiniatureUNet
from models.text_to_image import TextToImage

I_START = 10
GAMMA = 7.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=next(iter(catalog.entries())))
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    logging.set_verbosity_error()
    net = catalog.load(chosen.model)
    prompts = prompts_for(chosen.model)
    traces = {
        "1.4 from i_start = 10": t2i.make_predictor(net, prompts.neutral),
        "the same with guidance": t2i.make_predictor(net, prompts.three[0], GAMMA),
    }
    for name, predict in traces.items():
        loop, bare = in_turn(
            chosen.repeats, partial(trace, net, predict), partial(calls, net, predict)
        )
        print(f"{name}: {loop:.2f} s, network alone {bare:.2f} s, ratio {loop / bare:.3f}")
    prompt = prompts.three[0]
    together, apart = in_turn(
        chosen.repeats,
        partial(calls, net, t2i.make_predictor(net, prompt, GAMMA)),
        partial(calls, net, t2i.make_predictor(net, prompt), t2i.make_predictor(net, "")),
    )
    print(f"guidance: one call of two {together:.2f} s, two calls of one {apart:.2f} s")
    if isinstance(net, DiffusersModel):
        pipeline = pipeline_of(net)
        ours, theirs = in_turn(
            chosen.repeats,
            lambda: sample_from_noise(net, prompt),
            lambda: from_noise_with(pipeline, net, prompt),
        )
        print(f"33 guided steps: ours {ours:.2f} s, diffusers' IFPipeline {theirs:.2f} s")


def in_turn(repeats: int, *calls: Callable[[], object]) -> list[float]:
    """Seconds of each call, the median of several rounds in which all take their turn."""
    seconds: list[list[float]] = [[] for _ in calls]
    for _ in range(repeats + 1):
        for call, times in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    return [statistics.median(times[1:]) for times in seconds]  # the first round warms up


def trace(net: TextToImage, predict: PredictNoise) -> None:
    """The loop of the lessons, without its images."""
    form = net.spec
    noise = t2i.source(form, 0, 1)
    timesteps = t2i.timesteps_of(form, I_START)
    for _ in sampling_trajectory(noise(), timesteps, form.alpha_bars, predict, noise):
        pass


def calls(net: TextToImage, *predictors: PredictNoise) -> None:
    """The network alone, as often as the loop asks it, for each predictor."""
    x_t = t2i.source(net.spec, 0, 1)()
    for t in t2i.timesteps_of(net.spec, I_START)[:-1]:
        for predict in predictors:
            predict(x_t, t)


def sample_from_noise(net: TextToImage, prompt: str) -> None:
    """One guided image from pure noise, as the lessons make it."""
    form = net.spec
    noise = t2i.source(form, 0, 1)
    timesteps = t2i.timesteps_of(form)
    for _ in sampling_trajectory(
        noise(), timesteps, form.alpha_bars, t2i.make_predictor(net, prompt, GAMMA), noise
    ):
        pass


def pipeline_of(net: DiffusersModel) -> IFPipeline:
    """diffusers' pipeline around the same network."""
    scheduler = DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2", clip_sample=False)
    network = net.network
    if isinstance(network, MiniatureUNet):  # the pipeline counts on six channels
        network = MiniatureUNet.from_config({**network.config, "out_channels": 6})
        network.load_state_dict(net.network.state_dict())
    return IFPipeline(None, None, network, scheduler, None, None, None, False)


def from_noise_with(pipeline: IFPipeline, net: DiffusersModel, prompt: str) -> None:
    """The same by diffusers."""
    pipeline.set_progress_bar_config(disable=True)
    wanted, unwanted = net.embed([prompt, ""]).chunk(2)
    pipeline(
        prompt_embeds=wanted,
        negative_prompt_embeds=unwanted,
        timesteps=list(t2i.timesteps_of(net.spec)[:-1]),
        guidance_scale=GAMMA,
        generator=torch.Generator().manual_seed(0),
        output_type="pt",
    )


if __name__ == "__main__":
    main()
