"""Scripts that measure: `python -m benchmarks.NAME`. They compare side by side in one run."""
