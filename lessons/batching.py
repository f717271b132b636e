"""Network calls of several jobs as one batch, for whoever runs jobs; no lesson knows of it."""

from models.batching import NetworkCall, handing_over, perform

__all__ = ["NetworkCall", "handing_over", "perform"]
