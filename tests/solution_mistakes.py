"""Mistakes as students make them, in `solutions/loops.py`: what is changed, and its name."""

from typing import NamedTuple


class Made(NamedTuple):
    """A mistake in one function of the solution.

    Attributes:
        check: the function.
        title: what the mistake is called.
        right: what stands in the function; its first place there is changed.
        wrong: what is written instead.
    """

    check: str
    title: str
    right: str
    wrong: str


_LAST = "            if i < len(timesteps) - 2:\n                image ="
_ALPHA = "alpha = a_t / a_p"
_LEVEL = 'ddpm_schedule["alpha_bars"][t - 1]'

MADE = (
    Made(
        "ddpm_sample",
        "Sampling loop · the step after index 0 wraps around",
        "[t - 2] if t > 1 else torch.tensor(1.0)",
        "[t - 2]",
    ),
    Made(
        "ddpm_sample",
        "Sampling loop · noise on the last step",
        "torch.randn_like(x) if t > 1 else 0",
        "torch.randn_like(x)",
    ),
    Made(
        "class_ddpm_sample",
        "Sampling loop · noise on the last step",
        "torch.randn_like(x) if t > 1 else 0",
        "torch.randn_like(x)",
    ),
    Made(
        "iterative_denoise", "Sampling loop · noise on the last step", _LAST, "            image ="
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · the loop stops one step early",
        "len(timesteps) - 1)",
        "len(timesteps) - 2)",
    ),
    Made(
        "ddpm_sample",
        "Sampling loop · the loop stops one step early",
        "range(num_ts, 0, -1)",
        "range(num_ts, 1, -1)",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · α of one timestep in a step of many",
        "a_p = alphas_cumprod[prev_t]",
        "a_p = alphas_cumprod[t - 1]",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · α of one timestep in a step of many",
        _ALPHA,
        "alpha = alphas_cumprod[t] / alphas_cumprod[t - 1]",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · the variance of one timestep in a step of many",
        "image = add_variance(predicted_variance, t, image)",
        "one = alphas_cumprod[t] / alphas_cumprod[t - 1]; "
        "low = ((1 - alphas_cumprod[t - 1]) / (1 - a_t) * (1 - one)).log(); "
        "w = (predicted_variance + 1) / 2; "
        "image = image + torch.exp((w * (1 - one).log() + (1 - w) * low) / 2) "
        "* torch.randn_like(image)",
    ),
    Made("ddpm_sample", "Noise · the seed does not count", "manual_seed(seed)", "manual_seed(0)"),
    Made("fm_sample", "Noise · the seed does not count", "manual_seed(seed)", "manual_seed(0)"),
    Made(
        "ddpm_sample",
        "Noise · one noise for all images of a batch",
        "torch.randn(40, 1, *img_wh)",
        "torch.randn(1, 1, *img_wh).repeat(40, 1, 1, 1)",
    ),
    Made(
        "ddpm_schedule",
        "Noise · the schedule in half precision",
        "torch.cumprod(alphas, dim=0)",
        "torch.cumprod(alphas.half(), dim=0)",
    ),
    Made(
        "iterative_denoise_cfg",
        "Guidance · 1 + w called γ",
        "un_est + scale * (noise_est - un_est)",
        "(1 + scale) * noise_est - scale * un_est",
    ),
    Made(
        "class_fm_sample",
        "Guidance · 1 + w called γ",
        "(u0 + guidance_scale * (u1 - u0))",
        "((1 + guidance_scale) * u1 - guidance_scale * u0)",
    ),
    Made(
        "iterative_denoise_cfg",
        "Guidance · the prompt and the empty prompt exchanged",
        "un_est + scale * (noise_est - un_est)",
        "noise_est + scale * (un_est - noise_est)",
    ),
    Made("ddpm_sample", "Network · BatchNorm left in train mode", "    unet.eval()\n", ""),
    Made(
        "UnconditionalUNet",
        "Network · a GELU behind the last layer",
        "return self.out(self.c2(torch.cat([f, a], 1)))",
        "return F.gelu(self.out(self.c2(torch.cat([f, a], 1))))",
    ),
    Made(
        "UpBlock",
        "Network · blocks in the wrong order",
        "self.a = UpConv(in_channels, out_channels)\n"
        "        self.b = ConvBlock(out_channels, out_channels)",
        "self.a = ConvBlock(in_channels, in_channels)\n"
        "        self.b = UpConv(in_channels, out_channels)",
    ),
    Made("ddpm_sample", "Network · t scaled otherwise than in training", "t / num_ts", "t / 1000"),
    Made(
        "ClassConditionalUNet",
        "Network · the mask of the labels inverted",
        "mask.view",
        "(1 - mask).view",
    ),
    Made(
        "class_ddpm_forward",
        "Network · the mask of the labels inverted",
        "> p_uncond",
        "< p_uncond",
    ),
    Made(
        "fm_sample",
        "Flow matching · the last step left out",
        "range(num_ts)",
        "range(num_ts - 1)",
    ),
    Made("fm_sample", "Flow matching · time reversed", "i / num_ts", "1 - i / num_ts"),
    Made("fm_sample", "Flow matching · run backwards", "x = x + unet", "x = x - unet"),
    Made(
        "fm_sample",
        "Flow matching · time one step ahead, up to t = 1",
        "i / num_ts",
        "(i + 1) / num_ts",
    ),
    Made("ddpm_forward", "Training · the level of t − 1", _LEVEL, _LEVEL.replace("1]", "2]")),
    Made(
        "ddpm_forward",
        "Training · one image's noise level for the whole batch",
        ".view(-1, 1, 1, 1)",
        "[0]",
    ),
    Made(
        "ddpm_forward",
        "Training · noise drawn once in the data set",
        "eps = torch.randn_like(x_0)",
        "torch.manual_seed(0); eps = torch.randn_like(x_0)",
    ),
    Made(
        "inpaint",
        "Inpainting · the clean original pasted in",
        "forward(original_image, prev_t)",
        "original_image",
    ),
    Made(
        "inpaint",
        "Inpainting · the source image under the noise of the step before",
        "forward(original_image, prev_t)",
        "forward(original_image, t)",
    ),
    Made(
        "inpaint",
        "Inpainting · the mask inverted",
        "mask * image + (1 - mask) * forward",
        "(1 - mask) * image + mask * forward",
    ),
    Made(
        "make_flip_illusion",
        "Two prompts · the second noise not turned back",
        "torch.flip(e2, dims=[2])",
        "e2",
    ),
    Made(
        "make_hybrids",
        "Two prompts · low and high pass exchanged",
        "prompt_embeds1, uncond_prompt_embeds, scale)\n"
        "        e2, v2 = cfg(image, t, prompt_embeds2",
        "prompt_embeds2, uncond_prompt_embeds, scale)\n"
        "        e2, v2 = cfg(image, t, prompt_embeds1",
    ),
    Made(
        "iterative_denoise",
        "Posterior mean · √(ᾱ_t′ β) under one root",
        "a_p.sqrt() * beta /",
        "(a_p * beta).sqrt() /",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · DDIM where DDPM is asked for",
        "image = a_p.sqrt() * beta / (1 - a_t) * x0 + "
        "alpha.sqrt() * (1 - a_p) / (1 - a_t) * image\n"
        "            if i < len(timesteps) - 2:\n"
        "                image = add_variance(predicted_variance, t, image)",
        "image = a_p.sqrt() * x0 + (1 - a_p).sqrt() * noise_est",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · the variance of the stride's β",
        "image = add_variance(predicted_variance, t, image)",
        "image = image + beta.sqrt() * torch.randn_like(image)",
    ),
    Made(
        "forward",
        "Forward · ᾱ without its square root",
        "torch.sqrt(a) * im + torch.sqrt(1 - a)",
        "a * im + (1 - a)",
    ),
    Made(
        "forward",
        "Forward · the level of t − 1",
        "a = alphas_cumprod[t]",
        "a = alphas_cumprod[t - 1]",
    ),
    Made(
        "denoise",
        "Clean estimate · not divided by √ᾱ",
        " / alphas_cumprod[t].sqrt()",
        "",
    ),
    Made(
        "iterative_denoise",
        "Sampling loop · no noise added",
        _LAST,
        "            if False:\n                image =",
    ),
    Made(
        "ddpm_sample",
        "Sampling loop · noise multiplied by its variance",
        "beta.sqrt() * z",
        "beta * z",
    ),
    Made("ddpm_forward", "Training · t not divided by T", "t / num_ts", "t.float()"),
    Made(
        "fm_forward", "Flow matching · the target with its sign changed", "x_1 - x_0)", "x_0 - x_1)"
    ),
    Made(
        "fm_forward",
        "Flow matching · image and noise exchanged",
        "(1 - t.view(-1, 1, 1, 1)) * x_0 + t.view(-1, 1, 1, 1) * x_1",
        "(1 - t.view(-1, 1, 1, 1)) * x_1 + t.view(-1, 1, 1, 1) * x_0",
    ),
)
