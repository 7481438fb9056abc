"""Numbers of parts: each is handed out once, and stands on the disk before anybody uses it, as one that was forgotten would be given to
somebody else. Of each cell is noted how many were handed out.

A chunk that is a cell gets its number together with its claim, which costs nothing more; one that fails before the store has heard of
the number gives it back, as a cell has only few.
"""

from __future__ import annotations

from app.storage.cluster.grid import MOST_TRIES

LONGEST_REQUEST_SECONDS = 900
"""Once all numbers of a cell were handed out, the first one is again, to nobody before the last was for so long."""

_MAY = "t.n %% {tries} <> 0 OR t.at < excluded.at - %(longest)s"
_AGAIN = "ON CONFLICT (upload, cell) DO UPDATE SET n = t.n + 1, at = excluded.at WHERE " + _MAY
TAKE = f"""
    INSERT INTO store_tries AS t (upload, cell, n) VALUES (%(upload)s, %(cell)s, 1)
    {_AGAIN.format(tries="%(tries)s")} RETURNING n
"""
TAKE_MANY = f"""
    INSERT INTO store_tries AS t (upload, cell, n)
    SELECT %(upload)s, cell, 1 FROM unnest(%(cells)s::bigint[]) AS cell ORDER BY cell
    {_AGAIN.format(tries="%(tries)s")} RETURNING cell, n
"""
# As ``Grid`` reckons. Only where a number is handed out does the commit wait for the disk.
TAKE_FOR_CHUNK = f"""
    WITH cell AS (
        SELECT number, %(start)s::bigint / part_size AS cell,
            least({MOST_TRIES}, greatest(1, most_parts / ((size + part_size - 1) / part_size))) AS tries
        FROM store_uploads
        WHERE upload_id = %(upload_id)s AND state = 'open' AND size > part_size
            AND %(start)s::bigint %% part_size = 0 AND %(stop)s::bigint = least(size, %(start)s::bigint + part_size)
    ), taken AS (
        INSERT INTO store_tries AS t (upload, cell, n) SELECT number, cell, 1 FROM cell
        {_AGAIN.format(tries="(SELECT tries FROM cell)")} RETURNING n
    )
    SELECT n, set_config('synchronous_commit', 'on', true) FROM taken
"""
# Nobody else has one of a higher number then. That it may be handed out at once was so before, too.
GIVE_BACK = "UPDATE store_tries SET n = n - 1, at = 0 WHERE upload = %(upload)s AND cell = %(cell)s AND n = %(n)s"
