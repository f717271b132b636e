"""A small classifier that reads digits, ours and those of the models."""

from __future__ import annotations

from torch import Tensor, nn

from models.blocks import ConvBlock, DownBlock


class DigitClassifier(nn.Module):
    """Down twice like the UNet, then one vector an image, then ten scores.

    Args:
        num_hiddens: D, the width of the first level; the vector has 4D numbers.
    """

    def __init__(self, num_hiddens: int) -> None:
        super().__init__()
        D = num_hiddens
        self.body = nn.Sequential(ConvBlock(1, D), DownBlock(D, 2 * D), DownBlock(2 * D, 4 * D))
        self.scores = nn.Linear(4 * D, 10)

    def features(self, x: Tensor) -> Tensor:
        """What the classifier sees in each digit before it decides.

        Args:
            x: (B, 1, 28, 28) in [0, 1].

        Returns:
            (B, 4D).
        """
        maps: Tensor = self.body(x)
        return maps.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Score each digit for each class.

        Args:
            x: (B, 1, 28, 28) in [0, 1].

        Returns:
            (B, 10): logits; softmax makes probabilities of them.
        """
        scores: Tensor = self.scores(self.features(x))
        return scores
