"""What each setting of a run does, and why its usual value is usual."""

from __future__ import annotations

from typing import Final

HELP: Final[dict[str, str]] = {
    "num_hiddens": "D, the number of feature maps of the UNet's first block; all other blocks "
    "have a multiple of it. Twice the width is about four times the parameters.",
    "epochs": "How often the training images are gone through.",
    "learning_rate": "The size of Adam's steps. Too large: the loss jumps or grows. Too small: it "
    "falls slowly.",
    "batch_size": "Images per optimiser step. A small batch makes more steps per epoch, with a "
    "noisier gradient and a noisier curve; a large one fewer and smoother steps. Compare curves of "
    "different batch sizes at equal images seen.",
    "images_per_epoch": "An epoch of fewer than 60,000 images shows the first previews sooner.",
    "decay": "The learning rate of the last step as a share of the first; 1 keeps it constant. "
    "Large steps make progress early; small ones at the end average out the noise of the batches.",
    "schedule": "How the learning rate falls to its last value. By epoch: by the same factor after "
    "each epoch, so exponentially. Linear: evenly at every step.",
    "ema": "0 uses the weights as they are. Otherwise samples are made with an exponential moving "
    "average of the weights: this share of the average is kept in each step, so 0.995 averages "
    "over about the last 200 steps. Training itself is unchanged.",
    "seed": "Fixes the initial weights, the order of the images, the noise and the timesteps.",
    "precision": "float32 is exact to seven digits. bfloat16 calculates convolutions and matrix "
    "products with two to three digits, faster on processors that support it; weights and loss "
    "stay float32.",
    "data": "MNIST, or a data set that was dropped into the server's folder, uploaded or drawn on "
    "the page “Your own digit”. The name ends with a digest of the images, so the settings say "
    "exactly what was trained on. An epoch stays as many images as is set: a small set is gone "
    "through several times in it.",
    "sigma": "The noise level that the denoiser is trained for, on pixels from 0 to 1.",
    "sample_steps": "Sampling steps of the previews after each epoch. It does not change training.",
    "drop": "The share of training images whose label is left out, so that the network also learns "
    "the prediction without label that guidance needs. 0 trains none; a large share leaves fewer "
    "images to learn the labels from.",
    "gamma": "The guidance scale of the previews: 1 follows the label, more exaggerates it. It "
    "does not change training.",
}
"""Help texts by the name of the setting."""
