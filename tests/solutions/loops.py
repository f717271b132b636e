"""Loops, the course's own signatures, dictionaries."""
# Written as students write: it is neither formatted nor linted.
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.transforms.functional as TF
import matplotlib.pyplot as plt
import mediapy as media
from diffusers import DiffusionPipeline
from tqdm.auto import tqdm

device = "cuda" if torch.cuda.is_available() else "cpu"
stage_1 = DiffusionPipeline.from_pretrained("DeepFloyd/IF-I-L-v1.0")
alphas_cumprod = stage_1.scheduler.alphas_cumprod
strided_timesteps = list(range(990, -1, -30))
stage_1.scheduler.set_timesteps(timesteps=strided_timesteps)


def forward(im, t):
    eps = torch.randn_like(im)
    a = alphas_cumprod[t]
    return torch.sqrt(a) * im + torch.sqrt(1 - a) * eps


def add_variance(predicted_variance, t, image):
    variance = stage_1.scheduler._get_variance(t, predicted_variance=predicted_variance)
    variance_noise = torch.randn_like(image)
    variance = torch.exp(0.5 * variance) * variance_noise
    return image + variance


def one_step_denoise(im_noisy, t, prompt_embeds):
    with torch.no_grad():
        noise_est = stage_1.unet(im_noisy.half().cuda(), t, encoder_hidden_states=prompt_embeds.half().cuda(), return_dict=False)[0]
        noise_est = noise_est[:, :3]
        return (im_noisy - (1 - alphas_cumprod[t]).sqrt() * noise_est) / alphas_cumprod[t].sqrt()


def iterative_denoise(im_noisy, i_start, prompt_embeds, timesteps, display=True):
    image = im_noisy
    with torch.no_grad():
        for i in range(i_start, len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]
            a_t = alphas_cumprod[t]
            a_p = alphas_cumprod[prev_t]
            alpha = a_t / a_p
            beta = 1 - alpha
            out = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(out, image.shape[1], dim=1)
            x0 = (image - (1 - a_t).sqrt() * noise_est) / a_t.sqrt()
            image = a_p.sqrt() * beta / (1 - a_t) * x0 + alpha.sqrt() * (1 - a_p) / (1 - a_t) * image
            if i < len(timesteps) - 2:
                image = add_variance(predicted_variance, t, image)
            if display and i % 5 == 0:
                media.show_image(image)
    clean = image.cpu().detach().numpy()
    return clean


def iterative_denoise_cfg(im_noisy, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = im_noisy
    with torch.no_grad():
        for i in tqdm(range(i_start, len(timesteps) - 1)):
            t = timesteps[i]
            prev_t = timesteps[i + 1]
            a_t = alphas_cumprod[t].view(1, 1, 1, 1).to(image.device, dtype=image.dtype)
            a_p = alphas_cumprod[prev_t].view(1, 1, 1, 1).to(image.device, dtype=image.dtype)
            alpha = a_t / a_p
            beta = 1 - alpha
            out = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            un = stage_1.unet(image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(out, image.shape[1], dim=1)
            un_est, _ = torch.split(un, image.shape[1], dim=1)
            eps = un_est + scale * (noise_est - un_est)
            x0 = (image - (1 - a_t).sqrt() * eps) / a_t.sqrt()
            image = a_p.sqrt() * beta / (1 - a_t) * x0 + alpha.sqrt() * (1 - a_p) / (1 - a_t) * image
            if i < len(timesteps) - 2:
                image = add_variance(predicted_variance, t, image)
    return image.cpu().numpy(), []


def inpaint(original_image, mask, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    image = torch.randn_like(original_image).to(device).half()
    with torch.no_grad():
        for i in range(len(timesteps) - 1):
            t = timesteps[i]
            prev_t = timesteps[i + 1]
            a_t, a_p = alphas_cumprod[t], alphas_cumprod[prev_t]
            alpha = a_t / a_p
            beta = 1 - alpha
            out = stage_1.unet(image, t, encoder_hidden_states=prompt_embeds, return_dict=False)[0]
            un = stage_1.unet(image, t, encoder_hidden_states=uncond_prompt_embeds, return_dict=False)[0]
            noise_est, predicted_variance = torch.split(out, image.shape[1], dim=1)
            un_est, _ = torch.split(un, image.shape[1], dim=1)
            eps = un_est + scale * (noise_est - un_est)
            x0 = (image - (1 - a_t).sqrt() * eps) / a_t.sqrt()
            image = a_p.sqrt() * beta / (1 - a_t) * x0 + alpha.sqrt() * (1 - a_p) / (1 - a_t) * image
            if i < len(timesteps) - 2:
                image = add_variance(predicted_variance, t, image)
            image = mask * image + (1 - mask) * forward(original_image, prev_t)
    return image


def cfg(x, t, e, u, scale):
    out = stage_1.unet(x, t, encoder_hidden_states=e, return_dict=False)[0]
    un = stage_1.unet(x, t, encoder_hidden_states=u, return_dict=False)[0]
    return un[:, :3] + scale * (out[:, :3] - un[:, :3]), out[:, 3:]


def make_flip_illusion(image, i_start, prompt_embeds, uncond_prompt_embeds, timesteps, scale=7, display=True):
    p1, p2 = prompt_embeds
    for i in range(i_start, len(timesteps) - 1):
        t, prev_t = timesteps[i], timesteps[i + 1]
        a_t, a_p = alphas_cumprod[t], alphas_cumprod[prev_t]
        alpha = a_t / a_p
        beta = 1 - alpha
        e1, v1 = cfg(image, t, p1, uncond_prompt_embeds, scale)
        e2, v2 = cfg(torch.flip(image, dims=[2]), t, p2, uncond_prompt_embeds, scale)
        eps = (e1 + torch.flip(e2, dims=[2])) / 2
        x0 = (image - (1 - a_t).sqrt() * eps) / a_t.sqrt()
        image = a_p.sqrt() * beta / (1 - a_t) * x0 + alpha.sqrt() * (1 - a_p) / (1 - a_t) * image
        if prev_t > 0:
            image = add_variance(v1, t, image)
    image = image / 2 + 0.5
    return image * 2 - 1


def make_hybrids(image, prompt_embeds1, prompt_embeds2, uncond_prompt_embeds, timesteps, scale=7):
    for i in range(len(timesteps) - 1):
        t, prev_t = timesteps[i], timesteps[i + 1]
        a_t, a_p = alphas_cumprod[t], alphas_cumprod[prev_t]
        alpha = a_t / a_p
        beta = 1 - alpha
        e1, v1 = cfg(image, t, prompt_embeds1, uncond_prompt_embeds, scale)
        e2, v2 = cfg(image, t, prompt_embeds2, uncond_prompt_embeds, scale)
        low = TF.gaussian_blur(e1, kernel_size=33, sigma=2)
        high = e2 - TF.gaussian_blur(e2, kernel_size=33, sigma=2)
        eps = low + high
        x0 = (image - (1 - a_t).sqrt() * eps) / a_t.sqrt()
        image = a_p.sqrt() * beta / (1 - a_t) * x0 + alpha.sqrt() * (1 - a_p) / (1 - a_t) * image
        if prev_t > 0:
            image = add_variance((v1 + v2) / 2, t, image)
    return image


class Conv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 1, 1)
        self.bn = nn.BatchNorm2d(out_channels)
        self.act = nn.GELU()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


class DownConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class UpConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1)
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class Flatten(nn.Module):
    def __init__(self):
        super().__init__()
        self.pool = nn.AvgPool2d(7)

    def forward(self, x):
        return F.gelu(self.pool(x))


class Unflatten(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, in_channels, 7, 7, 0)
        self.bn = nn.BatchNorm2d(in_channels)

    def forward(self, x):
        return F.gelu(self.bn(self.conv(x)))


class ConvBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.a = Conv(in_channels, out_channels)
        self.b = Conv(out_channels, out_channels)

    def forward(self, x):
        return self.b(self.a(x))


class DownBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.a = DownConv(in_channels, out_channels)
        self.b = ConvBlock(out_channels, out_channels)

    def forward(self, x):
        return self.b(self.a(x))


class UpBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.a = UpConv(in_channels, out_channels)
        self.b = ConvBlock(out_channels, out_channels)

    def forward(self, x):
        return self.b(self.a(x))


class FCBlock(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.fc1 = nn.Linear(in_channels, out_channels)
        self.fc2 = nn.Linear(out_channels, out_channels)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class UnconditionalUNet(nn.Module):
    def __init__(self, in_channels, num_hiddens):
        super().__init__()
        D = num_hiddens
        self.c1 = ConvBlock(in_channels, D)
        self.d1 = DownBlock(D, D)
        self.d2 = DownBlock(D, 2 * D)
        self.f = Flatten()
        self.u = Unflatten(2 * D)
        self.u1 = UpBlock(4 * D, D)
        self.u2 = UpBlock(2 * D, D)
        self.c2 = ConvBlock(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, 3, 1, 1)

    def forward(self, x):
        assert x.shape[-2:] == (28, 28)
        a = self.c1(x)
        b = self.d1(a)
        c = self.d2(b)
        d = self.u(self.f(c))
        e = self.u1(torch.cat([d, c], 1))
        f = self.u2(torch.cat([e, b], 1))
        return self.out(self.c2(torch.cat([f, a], 1)))


class TimeConditionalUNet(nn.Module):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__()
        D = num_hiddens
        self.fc1 = FCBlock(1, 2 * D)
        self.fc2 = FCBlock(1, D)
        self.c1 = ConvBlock(in_channels, D)
        self.d1 = DownBlock(D, D)
        self.d2 = DownBlock(D, 2 * D)
        self.f = Flatten()
        self.u = Unflatten(2 * D)
        self.u1 = UpBlock(4 * D, D)
        self.u2 = UpBlock(2 * D, D)
        self.c2 = ConvBlock(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, 3, 1, 1)

    def forward(self, x, t):
        t = t.view(-1, 1)
        a = self.c1(x)
        b = self.d1(a)
        c = self.d2(b)
        d = self.u(self.f(c)) + self.fc1(t)[:, :, None, None]
        e = self.u1(torch.cat([d, c], 1)) + self.fc2(t)[:, :, None, None]
        f = self.u2(torch.cat([e, b], 1))
        return self.out(self.c2(torch.cat([f, a], 1)))


class ClassConditionalUNet(nn.Module):
    def __init__(self, in_channels, num_classes, num_hiddens):
        super().__init__()
        D = num_hiddens
        self.num_classes = num_classes
        self.t1 = FCBlock(1, 2 * D)
        self.t2 = FCBlock(1, D)
        self.k1 = FCBlock(num_classes, 2 * D)
        self.k2 = FCBlock(num_classes, D)
        self.c1 = ConvBlock(in_channels, D)
        self.d1 = DownBlock(D, D)
        self.d2 = DownBlock(D, 2 * D)
        self.f = Flatten()
        self.u = Unflatten(2 * D)
        self.u1 = UpBlock(4 * D, D)
        self.u2 = UpBlock(2 * D, D)
        self.c2 = ConvBlock(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, 3, 1, 1)

    def forward(self, x, c, t, mask=None):
        hot = F.one_hot(c, self.num_classes).float()
        if mask is not None:
            hot = hot * mask.view(-1, 1)
        t = t.view(-1, 1)
        a = self.c1(x)
        b = self.d1(a)
        cc = self.d2(b)
        d = self.u(self.f(cc)) * self.k1(hot)[:, :, None, None] + self.t1(t)[:, :, None, None]
        e = self.u1(torch.cat([d, cc], 1)) * self.k2(hot)[:, :, None, None] + self.t2(t)[:, :, None, None]
        f = self.u2(torch.cat([e, b], 1))
        return self.out(self.c2(torch.cat([f, a], 1)))


def ddpm_schedule(beta1, beta2, num_ts):
    assert beta1 < beta2 < 1.0
    betas = torch.linspace(beta1, beta2, num_ts)
    alphas = 1 - betas
    alpha_bars = torch.cumprod(alphas, dim=0)
    return {"betas": betas, "alphas": alphas, "alpha_bars": alpha_bars}


def ddpm_forward(unet, ddpm_schedule, x_0, num_ts):
    unet.train()
    t = torch.randint(1, num_ts + 1, (x_0.shape[0],)).to(x_0.device)
    eps = torch.randn_like(x_0)
    abar = ddpm_schedule["alpha_bars"][t - 1].view(-1, 1, 1, 1)
    x_t = abar.sqrt() * x_0 + (1 - abar).sqrt() * eps
    return nn.MSELoss()(unet(x_t, t / num_ts), eps)


@torch.inference_mode()
def ddpm_sample(unet, ddpm_schedule, img_wh, num_ts, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    dev = next(unet.parameters()).device
    x = torch.randn(40, 1, *img_wh).to(dev)
    cache = []
    for t in range(num_ts, 0, -1):
        z = torch.randn_like(x) if t > 1 else 0
        abar = ddpm_schedule["alpha_bars"][t - 1]
        alpha = ddpm_schedule["alphas"][t - 1]
        beta = ddpm_schedule["betas"][t - 1]
        abar_prev = ddpm_schedule["alpha_bars"][t - 2] if t > 1 else torch.tensor(1.0)
        eps = unet(x, torch.full((40, 1), t / num_ts).to(dev))
        x0 = (x - (1 - abar).sqrt() * eps) / abar.sqrt()
        x = abar_prev.sqrt() * beta / (1 - abar) * x0 + alpha.sqrt() * (1 - abar_prev) / (1 - abar) * x + beta.sqrt() * z
        cache.append(x)
    return x, cache


def class_ddpm_forward(unet, ddpm_schedule, x_0, c, p_uncond, num_ts):
    unet.train()
    t = torch.randint(1, num_ts + 1, (x_0.shape[0],))
    eps = torch.randn_like(x_0)
    abar = ddpm_schedule["alpha_bars"][t - 1].view(-1, 1, 1, 1)
    x_t = abar.sqrt() * x_0 + (1 - abar).sqrt() * eps
    mask = (torch.rand(x_0.shape[0]) > p_uncond).float()
    return F.mse_loss(unet(x_t, c, t / num_ts, mask), eps)


@torch.inference_mode()
def ddpm_cfg_sample(unet, ddpm_schedule, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    N = c.shape[0]
    x = torch.randn(N, 1, *img_wh)
    for t in range(num_ts, 0, -1):
        z = torch.randn_like(x) if t > 1 else 0
        abar, alpha, beta = (ddpm_schedule[k][t - 1] for k in ("alpha_bars", "alphas", "betas"))
        tt = torch.full((N,), t / num_ts)
        eps_u = unet(x, c, tt, mask=torch.zeros(N))
        eps_c = unet(x, c, tt, mask=torch.ones(N))
        eps = eps_u + guidance_scale * (eps_c - eps_u)
        x = (x - beta / (1 - abar).sqrt() * eps) / alpha.sqrt() + beta.sqrt() * z
    return x


def time_fm_forward(unet, x_1, num_ts):
    unet.train()
    x_0 = torch.randn_like(x_1)
    t = torch.rand(x_1.shape[0])
    x_t = (1 - t.view(-1, 1, 1, 1)) * x_0 + t.view(-1, 1, 1, 1) * x_1
    return F.mse_loss(unet(x_t, t), x_1 - x_0)


@torch.inference_mode()
def time_fm_sample(unet, img_wh, num_ts, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    x = torch.randn(10, 1, *img_wh)
    for i in range(num_ts):
        x = x + unet(x, torch.full((10,), i / num_ts)) / num_ts
    return x


def class_fm_forward(unet, x_1, c, p_uncond, num_ts):
    unet.train()
    x_0 = torch.randn_like(x_1)
    t = torch.rand(x_1.shape[0], 1, 1, 1)
    x_t = (1 - t) * x_0 + t * x_1
    mask = (torch.rand(x_1.shape[0]) >= p_uncond).float()
    return F.mse_loss(unet(x_t, c, t.flatten(), mask), x_1 - x_0)


@torch.inference_mode()
def class_fm_sample(unet, c, img_wh, num_ts, guidance_scale=5.0, seed=0):
    unet.eval()
    torch.manual_seed(seed)
    N = len(c)
    x = torch.randn(N, 1, *img_wh)
    for t in torch.arange(num_ts) / num_ts:
        tt = t.expand(N)
        u0 = unet(x, c, tt, torch.zeros(N))
        u1 = unet(x, c, tt, torch.ones(N))
        x = x + (u0 + guidance_scale * (u1 - u0)) / num_ts
    return x


model = UnconditionalUNet(1, 128)
opt = torch.optim.Adam(model.parameters(), lr=1e-4)
for epoch in range(5):
    for x, _ in train_loader:
        print(x)
