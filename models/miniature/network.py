"""The network as diffusers calls it: outside it speaks noise, like DeepFloyd IF.

So every lesson and diffusers' own pipelines take it; inside (`unet.py`) it predicts v, because that
is what learns quickly.
"""

from __future__ import annotations

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from torch import Tensor

from lessons.diffusion.denoise import noise_from_v
from models.miniature.schedule import alpha_bars
from models.miniature.unet import PromptUNet


class MiniatureUNet(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """A `PromptUNet` with diffusers' manners.

    Args:
        channels: width of each level, from 16×16 down; multiples of 32 where a level attends.
        blocks: blocks a level, down and up.
        attends: which levels look at all places and all words at once.
        fold: pixels a side that are folded into channels.
        grown: the training began at half the size.
        in_channels: 3, red, green and blue.
        out_channels: 3; or 6 as DeepFloyd IF has, which its pipelines count on. Then the last
            three are -1, IF's word for the posterior's variance: this network learns none.
        sample_size: 64, pixels a side.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        channels: tuple[int, ...] = (128, 224, 320),
        blocks: int = 2,
        attends: tuple[bool, ...] = (False, True, True),
        fold: int = 4,
        grown: bool = False,
        in_channels: int = 3,  # noqa: ARG002 (kept in the config)
        out_channels: int = 3,  # noqa: ARG002 (kept in the config)
        sample_size: int = 64,
    ) -> None:
        super().__init__()
        self.unet = PromptUNet(channels, blocks, attends, fold, sample_size, grown)

    def forward(
        self,
        sample: Tensor,
        timestep: Tensor | float | int,
        encoder_hidden_states: Tensor,
        return_dict: bool = True,
        **_unused: object,
    ) -> UNet2DConditionOutput | tuple[Tensor]:
        """Predict the noise, as diffusers' pipelines ask for it.

        Args:
            sample: x_t, (B, 3, 64, 64).
            timestep: index 0 … 999 into the schedule, one or (B,).
            encoder_hidden_states: token states, (B, L, 384); rows of zeros are no tokens.
            return_dict: wrap the answer in diffusers' own class.

        Returns:
            The predicted noise, (B, out_channels, 64, 64).
        """
        t = torch.as_tensor(timestep, device=sample.device).long().expand(len(sample))
        alpha_bar_t = alpha_bars().to(sample.device)[t][:, None, None, None]
        v = self.predict_v(sample, t, encoder_hidden_states)
        eps = noise_from_v(sample.double(), v.double(), alpha_bar_t).to(sample.dtype)
        if self.config.out_channels == 2 * self.config.in_channels:
            eps = torch.cat([eps, -torch.ones_like(eps)], 1)
        return UNet2DConditionOutput(sample=eps) if return_dict else (eps,)

    def predict_v(self, x_t: Tensor, t: Tensor, states: Tensor) -> Tensor:
        """Predict v; see `PromptUNet.forward`."""
        v: Tensor = self.unet(x_t, t, states)
        return v
