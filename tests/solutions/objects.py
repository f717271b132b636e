"""Classes where the course has functions, guidance in one call, other orders, other formulas."""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn
from torchvision.transforms.functional import gaussian_blur, rotate

ABAR = alphas_cumprod = stage_1.scheduler.alphas_cumprod.double()  # noqa: F821
NET = stage_1.unet  # noqa: F821


def add_noise(t, x0, noise=None):
    """The forward process, time first."""
    noise = torch.randn(x0.shape, device=x0.device) if noise is None else noise
    abar = float(alphas_cumprod[t])
    return math.sqrt(abar) * x0 + math.sqrt(1 - abar) * noise, noise


def predict(x, t, *prompts):
    """One call of the network for all prompts."""
    batch = x.expand(len(prompts), -1, -1, -1)
    out = NET(
        batch, torch.tensor([t] * len(prompts)), encoder_hidden_states=torch.cat(prompts)
    ).sample
    return [one.chunk(2, dim=1) for one in out.split(1)]


@dataclass
class Step:
    """One step of the stride."""

    t: int
    s: int

    def __call__(self, x, eps, v):
        abar, abar_s = ABAR[self.t], ABAR[self.s]
        a = abar / abar_s
        mean = (x - (1 - a) / (1 - abar).sqrt() * eps) / a.sqrt()
        if self.s == 0:
            return mean.float()
        upper, lower = (1 - a).log(), ((1 - abar_s) / (1 - abar) * (1 - a)).log()
        w = (v + 1) / 2
        sigma = torch.exp((w * upper + (1 - w) * lower) / 2)
        return (mean + sigma * torch.randn_like(x)).float()


def run(x, timesteps, predictor, after=lambda x, s: x):
    """The loop."""
    for t, s in zip(timesteps[:-1], timesteps[1:]):
        x = after(Step(t, s)(x, *predictor(x, t)), s)
    return x


def guided(cond, uncond, gamma, x, t):
    """Both predictions in one call."""
    (eps_u, _), (eps_c, v) = predict(x, t, uncond, cond)
    return torch.lerp(eps_u, eps_c, gamma), v


def denoise(prompt, x_t, t):
    """The clean estimate."""
    ((eps, _),) = predict(x_t, t, prompt)
    return {"x0": (x_t - torch.sqrt(1 - ABAR[t]) * eps) / torch.sqrt(ABAR[t])}


@torch.no_grad()
def iterative_denoise(timesteps, prompt, noisy, start):
    """Other names, another order."""
    return run(noisy, timesteps[start:], lambda x, t: predict(x, t, prompt)[0])


@torch.no_grad()
def iterative_denoise_cfg(*, scale, timesteps, uncond_embeds, cond_embeds, x_t, i_start=0):
    """Keywords only."""
    return run(x_t, timesteps[i_start:], partial(guided, cond_embeds, uncond_embeds, scale))


@torch.no_grad()
def inpaint(mask, image, timesteps, prompt_embeds, uncond, gamma):
    """The known part is put in before each step."""
    x = torch.randn_like(image)
    for t, s in zip(timesteps, timesteps[1:]):
        x = torch.where(mask.bool(), x, add_noise(t, image)[0])
        x = Step(t, s)(x, *guided(prompt_embeds, uncond, gamma, x, t))
    return x


@torch.no_grad()
def visual_anagrams(noise, p1, p2, null_embeds, ts, cfg_scale):
    """Turned by 180 degrees."""

    def both(x, t):
        one, v = guided(p1, null_embeds, cfg_scale, x, t)
        two, _ = guided(p2, null_embeds, cfg_scale, rotate(x, 180), t)
        return torch.stack([one, rotate(two, 180)]).mean(0), v

    return run(noise, ts, both)


@torch.no_grad()
def make_hybrids(p2, p1, timesteps, uncond, scale, x_T):
    """Low frequencies of the first, high ones of the second."""

    def both(x, t):
        far, v = guided(p1, uncond, scale, x, t)
        near, _ = guided(p2, uncond, scale, x, t)
        return near + gaussian_blur(far - near, [33, 33], [2.0, 2.0]), v

    image = run(x_T, timesteps, both)
    return (image[0].permute(1, 2, 0).numpy() + 1) - 1


def layer(kind, c_in, c_out, *shape):
    """Convolution, norm, GELU."""
    return nn.Sequential(kind(c_in, c_out, *shape), nn.BatchNorm2d(c_out), nn.GELU())


def Conv(c_in, c_out):
    return layer(nn.Conv2d, c_in, c_out, 3, 1, 1)


def DownConv(c_in, c_out):
    return layer(nn.Conv2d, c_in, c_out, 3, 2, 1)


def UpConv(c_in, c_out):
    return layer(nn.ConvTranspose2d, c_in, c_out, 4, 2, 1)


def Flatten():
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.GELU())


def Unflatten(c):
    return layer(nn.ConvTranspose2d, c, c, 7, 7)


def ConvBlock(c_in, c_out):
    return nn.Sequential(Conv(c_in, c_out), Conv(c_out, c_out))


def DownBlock(c_in, c_out):
    return nn.Sequential(DownConv(c_in, c_out), ConvBlock(c_out, c_out))


def UpBlock(c_in, c_out):
    return nn.Sequential(UpConv(c_in, c_out), ConvBlock(c_out, c_out))


def FCBlock(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.GELU(), nn.Linear(n_out, n_out))


class UNet(nn.Module):
    """One class for all three networks."""

    def __init__(self, D, in_channels=1, conditions=()):
        super().__init__()
        self.fc = nn.ModuleList(
            nn.ModuleList([FCBlock(size, 2 * D), FCBlock(size, D)]) for size in conditions
        )
        self.out = nn.Sequential(ConvBlock(2 * D, D), nn.Conv2d(D, in_channels, 3, padding=1))
        self.up2, self.up1 = UpBlock(2 * D, D), UpBlock(4 * D, D)
        self.middle = nn.Sequential(Flatten(), Unflatten(2 * D))
        self.down2, self.down1 = DownBlock(D, 2 * D), DownBlock(D, D)
        self.lift = ConvBlock(in_channels, D)

    def body(self, x, act):
        a = self.lift(x)
        b = self.down1(a)
        c = self.down2(b)
        d = act(0, self.middle(c))
        e = act(1, self.up1(torch.cat((d, c), 1)))
        return self.out(torch.cat((self.up2(torch.cat((e, b), 1)), a), 1))


class UnconditionalUNet(UNet):
    def __init__(self, in_channels, num_hiddens):
        super().__init__(num_hiddens, in_channels)

    def forward(self, x):
        return self.body(x, lambda _, u: u)


class TimeConditionalUNet(UNet):
    """Products, as in the years of flow matching."""

    def __init__(self, num_hiddens, in_channels=1):
        super().__init__(num_hiddens, in_channels, (1,))

    def forward(self, x, t):
        return self.body(x, lambda k, u: u * self.fc[0][k](t.reshape(-1, 1))[..., None, None])


class ClassConditionalUNet(UNet):
    """Time before class."""

    def __init__(self, num_hiddens, num_classes=10, in_channels=1):
        super().__init__(num_hiddens, in_channels, (1, num_classes))

    def forward(self, x, t, y, mask=None):
        y = torch.eye(10)[y]
        if mask is not None:
            y = torch.einsum("bk,b->bk", y, mask.float())

        def act(k, u):
            time, label = self.fc[0][k](t.reshape(-1, 1)), self.fc[1][k](y)
            return label[..., None, None] * u + time[..., None, None]

        return self.body(x, act)


def ddpm_schedule(beta_start, beta_end, T):
    """A tuple."""
    betas = beta_start + (beta_end - beta_start) * torch.arange(T, dtype=torch.float64) / (T - 1)
    return betas, 1 - betas, torch.exp(torch.log1p(-betas).cumsum(0))


class ClassDDPM(nn.Module):
    """Loss and samples of one network, with labels."""

    def __init__(self, unet, betas=(1e-4, 0.02), num_ts=300, p_uncond=0.1):
        super().__init__()
        self.unet, self.T, self.p = unet, num_ts, p_uncond
        self.betas, self.alphas, self.abar = ddpm_schedule(*betas, num_ts)

    def forward(self, x, y):
        self.unet.train()
        t = torch.randint(0, self.T, (len(x),))
        a = self.abar[t].float()
        eps = torch.randn_like(x)
        noisy = (
            torch.einsum("b,bchw->bchw", a.sqrt(), x) + eps * (1 - a).sqrt()[:, None, None, None]
        )
        keep = torch.rand(len(x)) >= self.p
        return ((self.unet(noisy, t / self.T, y, keep) - eps) ** 2).mean()

    @torch.no_grad()
    def sample(self, labels, img_wh=(28, 28), guidance_scale=5.0, seed=0):
        self.unet.eval()
        g = torch.Generator().manual_seed(seed)
        x = torch.randn((len(labels), 1, *img_wh), generator=g)
        yes, no = torch.ones(len(labels)), torch.zeros(len(labels))
        for t in reversed(range(self.T)):
            told = torch.full((2 * len(labels),), t / self.T)
            both = self.unet(
                torch.cat([x, x]), told, torch.cat([labels, labels]), torch.cat([yes, no])
            )
            c, u = both.chunk(2)
            eps = u + guidance_scale * (c - u)
            b, a, abar = (float(table[t]) for table in (self.betas, self.alphas, self.abar))
            x = (x - b / math.sqrt(1 - abar) * eps) / math.sqrt(a)
            if t:
                x = x + math.sqrt(b) * torch.randn(x.shape, generator=g)
        return x


class DDPM(nn.Module):
    """Loss and samples of one network."""

    def __init__(self, unet, betas=(1e-4, 0.02), num_ts=300):
        super().__init__()
        self.unet, self.T = unet, num_ts
        self.betas, self.alphas, self.abar = ddpm_schedule(*betas, num_ts)

    def forward(self, x):
        self.unet.train()
        t = torch.randint(0, self.T, (len(x),))
        a = self.abar[t].float()[:, None, None, None]
        eps = torch.normal(0.0, 1.0, size=x.shape)
        return nn.functional.mse_loss(
            self.unet(a.sqrt() * x + (1 - a).sqrt() * eps, t / self.T), eps
        )

    @torch.no_grad()
    def sample(self, img_wh=(28, 28), seed=0, n=4):
        self.unet.eval()
        torch.manual_seed(seed)
        x = torch.stack([torch.randn(1, *img_wh) for _ in range(n)])
        for t in reversed(range(self.T)):
            eps = self.unet(x, torch.full((n,), t / self.T))
            b, a, abar = (float(table[t]) for table in (self.betas, self.alphas, self.abar))
            x = (x - b / math.sqrt(1 - abar) * eps) / math.sqrt(a)
            if t:
                x = x + math.sqrt(b) * torch.stack([torch.randn(1, *img_wh) for _ in range(n)])
        return x


class FlowMatching(nn.Module):
    """Loss and samples of one network."""

    def __init__(self, unet, num_ts=50):
        super().__init__()
        self.unet, self.steps = unet, num_ts

    def forward(self, x):
        self.unet.train()
        t, noise = torch.rand(len(x), 1), torch.empty_like(x).normal_()
        return (self.unet(torch.lerp(noise, x, t[..., None, None]), t) - x + noise).pow(2).mean()

    @torch.no_grad()
    def sample(self, img_wh=(28, 28), seed=0, n=4):
        self.unet.eval()
        torch.manual_seed(seed)
        x, dt = torch.randn(n, 1, *img_wh), 1 / self.steps
        for t in torch.linspace(0, 1, self.steps + 1)[:-1]:
            x += dt * self.unet(x, t.repeat(n))
        return x


class ClassFlowMatching(nn.Module):
    """The same with labels."""

    def __init__(self, unet, num_ts=50, p_uncond=0.1):
        super().__init__()
        self.unet, self.steps, self.p = unet, num_ts, p_uncond

    def forward(self, x, y):
        self.unet.train()
        t, noise = torch.rand(len(x), 1), torch.randn_like(x)
        keep = torch.rand(len(x)) >= self.p
        u = self.unet(torch.lerp(noise, x, t[..., None, None]), t, y, mask=keep)
        return (u - (x - noise)).pow(2).mean()

    @torch.no_grad()
    def sample(self, y, img_wh=(28, 28), gamma=5.0, seed=0):
        self.unet.eval()
        torch.manual_seed(seed)
        x = torch.randn(len(y), 1, *img_wh)
        for k in range(self.steps):
            t = torch.full((len(y),), k / self.steps)
            u = self.unet(x, t, y, torch.zeros(len(y)))
            x = x + (u + gamma * (self.unet(x, t, y, torch.ones(len(y))) - u)) / self.steps
        return x
