"""A DeepFloyd IF of few numbers: the same classes and files, untrained, 16×16 and 32×32."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import T5Config, T5EncoderModel, T5Tokenizer

from lessons.part_a import sampling
from models import catalog

WORDS = ("a", "an", "of", "photo", "high", "quality", "rocket", "ship", "pencil", "skull")
WIDTH = 8
"""Width of the text encoder; 4096 in the real one."""


def unet(stage: int = 1, seed: int = 0, size: int | None = None) -> UNet2DConditionModel:
    """A network of either stage, with weights that follow from the seed."""
    torch.manual_seed(seed)
    network = UNet2DConditionModel(
        sample_size=size or 16 * stage,
        in_channels=3 * stage,
        out_channels=6,
        block_out_channels=(8, 16),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
        cross_attention_dim=32,
        encoder_hid_dim=WIDTH,
        attention_head_dim=8,
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
        class_embed_type="timestep" if stage == 2 else None,
        resnet_time_scale_shift="scale_shift",
        cross_attention_norm="group_norm",
        act_fn="gelu",
    )
    return network.eval()


def scheduler(**changes: object) -> DDPMScheduler:
    """The published configuration."""
    settings: dict[str, object] = {
        "num_train_timesteps": 1000,
        "beta_schedule": "squaredcos_cap_v2",
        "variance_type": "learned_range",
        "prediction_type": "epsilon",
        "thresholding": True,
        "dynamic_thresholding_ratio": 0.95,
        "sample_max_value": 1.5,
        **changes,
    }
    return DDPMScheduler(**settings)


def tokenizer() -> T5Tokenizer:
    """Words and letters of the lessons' prompts."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789▁"
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0)]
    pieces += [(f"▁{word}", -1.0) for word in WORDS]
    known = {piece for piece, _ in pieces}
    pieces += [(letter, -5.0) for letter in letters if letter not in known]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def text_encoder(seed: int = 0) -> T5EncoderModel:
    """A T5 of one layer."""
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=len(tokenizer()),
        d_model=WIDTH,
        d_kv=4,
        d_ff=16,
        num_layers=1,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
        use_cache=False,
    )
    return T5EncoderModel(config).eval()


def save(folder: Path) -> Path:
    """Write stage I as the hub keeps it."""
    unet().save_pretrained(folder / "unet")
    scheduler().save_pretrained(folder / "scheduler")
    text_encoder().save_pretrained(folder / "text_encoder")
    tokenizer().save_pretrained(folder / "tokenizer")
    return folder


def as_published(text_encoder: Path) -> None:
    """Lay out a saved text encoder as the hub keeps the real one: float16, in two files."""
    whole = text_encoder / "model.safetensors"
    weights = {name: one.half() for name, one in load_file(whole).items()}
    names, total = list(weights), 2
    where = {name: f"model.fp16-{k % 2 + 1:05}-of-{total:05}" for k, name in enumerate(names)}
    for part in set(where.values()):
        chosen = {name: weights[name] for name in names if where[name] == part}
        save_file(chosen, text_encoder / f"{part}.safetensors", metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {n: f"{part}.safetensors" for n, part in where.items()}}
    (text_encoder / "model.safetensors.index.fp16.json").write_text(json.dumps(index))
    whole.rename(text_encoder / "model.8bit.safetensors")


def save_upscaler(folder: Path) -> Path:
    """Write stage II as the hub keeps it."""
    unet(stage=2, seed=1).save_pretrained(folder / "unet")
    scheduler().save_pretrained(folder / "scheduler")
    noising = {"thresholding": False, "variance_type": "fixed_small"}
    scheduler(**noising).save_pretrained(folder / "image_noising_scheduler")
    return folder


def pixels(prompt: str, model: str = "deepfloyd", gamma: float = 2.0) -> Tensor:
    """What the configured model draws from one seed, (H, W, 3)."""
    made = catalog.finish(sampling.demo(model, prompt, 3, count=1, gamma=gamma))
    return torch.from_numpy(made.images[0].pixels.copy())


def refused() -> str:
    """What is said when the configured model can't be loaded."""
    with pytest.raises(ValueError, match=r".+") as caught:
        catalog.load("deepfloyd")
    return str(caught.value)
