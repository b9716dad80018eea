"""What it costs: ``python -m tests.bench`` prints medians and ratios of interleaved runs."""
