"""How fast Droppr is beside others, measured in one run on one machine: ``python -m tests.bench --help``."""
