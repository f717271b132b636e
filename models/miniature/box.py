"""Open the miniature that is in the box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import torch
from diffusers import DDPMScheduler
from diffusers.utils.logging import disable_progress_bar
from safetensors import SafetensorError, safe_open
from torch import Tensor

from models.checkpoints import BrokenCheckpoint
from models.miniature.encoder import TextEncoder, alikeness
from models.miniature.linear import WienerDenoiser
from models.miniature.network import MiniatureUNet
from models.miniature.schedule import STEPS, alpha_bars
from models.miniature.unet import PromptUNet, pooled
from models.miniature.words import subject, vocabulary

disable_progress_bar()  # a second of loading needs none, and a server has nobody to show it to

BROKEN: Final = (SafetensorError, BrokenCheckpoint)
FOLDER: Final = Path(__file__).parent / "weights"


class BrokenModel(ValueError):
    """The model's files are missing or damaged; the message says which, in one sentence."""


@dataclass(frozen=True)
class Miniature:
    """A text-to-image model that a processor runs: 64×64 pictures, a thousand noise levels.

    Attributes:
        network: (x_t, t, token states) → the noise in x_t. It is shared: never change it.
        scheduler: diffusers' scheduler, set as the network was trained.
        encoder: reads prompts.
    """

    network: MiniatureUNet
    scheduler: DDPMScheduler
    encoder: TextEncoder

    @property
    def alpha_bars(self) -> Tensor:
        """Share of signal power left by timestep, (1000,) float64."""
        return alpha_bars()

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Read prompts, (B, L, 384) float32; rows of zeros behind a prompt's end."""
        return self.encoder.embed(prompts)

    def nearest_known(self, prompt: str) -> tuple[str, float]:
        """What the model was trained on that is most like a prompt, whatever its style.

        Args:
            prompt: any words.

        Returns:
            The nearest entry of its vocabulary, and the cosine similarity of the two, in [-1, 1];
            1 for an entry itself. Below about 0.6 the model draws something else.
        """
        asked = pooled(self.embed([subject(prompt)]))
        similarity = alikeness(asked, self._known)[0]
        best = int(similarity.argmax())
        return vocabulary()[best], float(similarity[best])

    @cached_property
    def _known(self) -> Tensor:
        return pooled(self.embed([subject(known) for known in vocabulary()]))


def available(folder: Path | None = None) -> bool:
    """Whether the weights are there; `load` says what is wrong with them, if anything."""
    return ((folder or FOLDER) / "unet" / "config.json").is_file()


def load(folder: Path | None = None) -> Miniature:
    """Open network, scheduler and text encoder; takes a second or two.

    Args:
        folder: weights as diffusers saves them (unet/, scheduler/); the ones in the box if None.

    Raises:
        BrokenModel: a file is missing or damaged.
    """
    folder = folder or FOLDER
    if not available(folder):
        raise BrokenModel(
            f"There are no weights in {folder}: train some with "
            "python -m models.miniature_training."
        )
    try:
        network = MiniatureUNet.from_pretrained(
            folder / "unet", local_files_only=True, use_safetensors=True, low_cpu_mem_usage=False
        )
        scheduler = DDPMScheduler.from_pretrained(folder / "scheduler", local_files_only=True)
        network = network.float().eval().requires_grad_(False).to(memory_format=torch.channels_last)
        return Miniature(network, scheduler, TextEncoder())
    except (OSError, ValueError, TypeError, RuntimeError, KeyError, *BROKEN) as error:
        reason = " ".join(str(error).split())[:200]
        raise BrokenModel(f"The model in {folder} can't be opened: {reason}") from error


def linear_denoiser(folder: Path | None = None) -> WienerDenoiser:
    """What the network begins with, read alone from its weights: the best linear denoiser.

    Raises:
        BrokenModel: the weights are missing or damaged.
    """
    unet = (folder or FOLDER) / "unet"
    denoiser, found = WienerDenoiser(), dict[str, Tensor]()
    try:
        for path in sorted(unet.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                for name in set(file.keys()) & {f"unet.linear.{n}" for n in denoiser.state_dict()}:
                    found[name.removeprefix("unet.linear.")] = file.get_tensor(name).float()
        denoiser.load_state_dict(found)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise BrokenModel(f"The model in {unet.parent} can't be opened: {error}") from error
    return denoiser.requires_grad_(False)


def wrapped(unet: PromptUNet) -> MiniatureUNet:
    """The network as diffusers calls it, with the same weights."""
    network: MiniatureUNet = MiniatureUNet(
        channels=unet.channels,
        blocks=unet.blocks,
        attends=unet.attends,
        fold=unet.fold,
        grown=unet.grown,
        sample_size=unet.linear.spectrum.shape[-1],
    )
    network.unet.load_state_dict(unet.state_dict())
    return network


def save(network: MiniatureUNet, folder: Path) -> None:
    """Write weights as float16, and the scheduler's settings, as diffusers does.

    What was measured and not learned (spectrum, colours, the captions' spread) stays float32.

    Args:
        network: stays as it is.
        folder: gets unet/ and scheduler/.
    """
    half = MiniatureUNet.from_config(network.config)
    half.load_state_dict(network.state_dict())
    for parameter in half.parameters():
        parameter.data = parameter.data.half()
    half.save_pretrained(folder / "unet", max_shard_size="14MB")
    make_scheduler().save_pretrained(folder / "scheduler")


def make_scheduler() -> DDPMScheduler:
    """DeepFloyd IF's scheduler, but for the variance, which is the posterior's and not learned."""
    return DDPMScheduler(
        num_train_timesteps=STEPS,
        beta_schedule="squaredcos_cap_v2",
        prediction_type="epsilon",
        variance_type="fixed_small",
        thresholding=True,
        dynamic_thresholding_ratio=0.95,
        sample_max_value=1.5,
    )
