"""The simulation that docs/performance.md tells of: it carries what it is given, and shows who waits for whom."""

from __future__ import annotations

from dataclasses import replace

from tests.bench.petabyte import MIB, Assumed, Costs, Simulation, parts_a_second

THROUGH = Costs(2.0, 0.0, 0.007, 2, 8000, through=True)
PAST = Costs(0.0, 0.003, 0.003, 0, 1400, through=False)
PART = 64 * MIB


def test_with_room_everything_is_carried_and_answered_by_what_it_takes() -> None:
    simulation = Simulation(THROUGH, PART, 8, 0.2).run(30)
    assert simulation.carried() > 0.9
    alone = THROUGH.node_a_gib / 16 + PART / Assumed().store_line + Assumed().store_seconds
    assert alone < simulation.percentile(0.5) < 1.5 * alone
    wanted = parts_a_second(PART, 0.2) * THROUGH.database_a_part / Assumed().database_cores
    assert 0.8 * wanted < simulation.shares()["processor of the database"] < 1.2 * wanted
    assert simulation.refused == 0


def test_what_is_full_makes_all_slower_and_is_not_passed() -> None:
    small = replace(Assumed(), database_cores=1)
    full = 1 / THROUGH.database_a_part / parts_a_second(PART)
    above = Simulation(THROUGH, PART, 60, 1.5 * full, small).run(30)
    assert above.carried() < 0.85
    assert 0.95 < above.shares()["processor of the database"] < 1.05
    assert above.percentile(0.9, since=20) > 2 * Simulation(THROUGH, PART, 60, 0.5 * full, small).run(30).percentile(
        0.9, since=20
    )


def test_who_waits_for_the_log_shares_its_flushes() -> None:
    slow = replace(Assumed(), flush=0.02)
    few, many = (Simulation(THROUGH, PART, 20, load, slow).run(10) for load in (0.1, 1.0))
    assert many.log.served / many.log.flushes > 2 * few.log.served / few.log.flushes


def test_while_the_database_is_away_nobody_is_answered_and_afterwards_all_are() -> None:
    simulation = Simulation(PAST, PART, 3, 0.5)
    simulation.away = (10.0, 20.0)
    simulation.run(40)
    answered = [at for at, _ in simulation.latencies]
    assert not [at for at in answered if 10.1 < at < 20.0]
    assert [at for at in answered if at > 30.0]
    assert simulation.refused
    assert max(each for _, each in simulation.latencies) < 20
