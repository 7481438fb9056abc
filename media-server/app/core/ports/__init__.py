"""What everything else plugs into. Each port has one contract suite in ``tests/contracts``."""
