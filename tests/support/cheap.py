"""What is dear on purpose, so that strangers do not guess, costs next to nothing where a test says nothing else: the hash of a
password takes a fifth of a second of the processor, and a captcha a third. Servers that start as shipped (live.py) pay it.

And who reads files or embeds texts gives way to nobody: beside as many tests as the machine has processors it would have its turn
when all of them are done, long after whoever waits for it has given up."""

from __future__ import annotations

from functools import partial


def have_it_cheap() -> None:
    """From now on, in this process and those that are forked from it."""
    from argon2 import PasswordHasher

    from app.services.links import passwords
    from app.storage.captcha import altcha
    from app.storage.confined import process
    from app.storage.search import embedder

    vars(passwords)["PasswordHasher"] = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    altcha.ITERATIONS = 10
    vars(process)["give_way"] = vars(embedder)["give_way"] = _give_no_way


def _give_no_way(process_id: int) -> None:
    """Instead of ``app.storage.idle.give_way``."""
