"""What has weights or data: networks, MNIST, checkpoints, devices."""
