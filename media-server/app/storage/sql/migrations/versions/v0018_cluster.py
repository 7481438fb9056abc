"""What a store on PostgreSQL and S3 knows of its uploads and files, and what its nodes share. On PostgreSQL alone.

These tables are no part of the catalogue's: nothing of them moves from one kind of database to the other, and their constraints are
PostgreSQL's own. The words are those of ``app.storage.cluster``.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

# Two ranges exclude each other without an extension: the upload's number is one, as a range of itself alone.
_APART = "EXCLUDE USING gist ((int8range(upload, upload, '[]')) WITH &&, span WITH &&)"
_NOW = "double precision NOT NULL DEFAULT extract(epoch FROM clock_timestamp())"

_TABLES = f"""
CREATE TABLE store_uploads (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload_id text COLLATE "C" NOT NULL UNIQUE,
    token text NOT NULL,
    document text NOT NULL,
    state text NOT NULL,
    active_at double precision NOT NULL,
    size bigint NOT NULL,
    part_size bigint NOT NULL,
    most_parts integer NOT NULL,
    multipart text,
    closed boolean NOT NULL DEFAULT false
);
CREATE INDEX store_uploads_by_age ON store_uploads (active_at);
CREATE TABLE store_pieces (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload bigint NOT NULL,
    span int8range NOT NULL,
    at double precision NOT NULL,
    part integer,
    etag text,
    key text,
    data bytea,
    {_APART}
);
CREATE INDEX store_pieces_by_time ON store_pieces (upload, at);
CREATE TABLE store_tries (
    upload bigint NOT NULL,
    cell bigint NOT NULL,
    n bigint NOT NULL,
    at {_NOW},
    PRIMARY KEY (upload, cell)
);
CREATE UNLOGGED TABLE store_claims (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upload bigint NOT NULL,
    span int8range NOT NULL,
    holder integer NOT NULL,
    at {_NOW},
    {_APART}
);
CREATE TABLE store_objects (
    identity text PRIMARY KEY,
    key text NOT NULL,
    size bigint NOT NULL,
    state text NOT NULL,
    since {_NOW}
);
CREATE INDEX store_objects_under_way ON store_objects (since) WHERE state <> 'there';
CREATE TABLE store_names (
    place bytea PRIMARY KEY,
    folder text NOT NULL,
    disk_path text NOT NULL,
    wanted text NOT NULL,
    shown text NOT NULL,
    identity text
);
CREATE INDEX store_names_by_identity ON store_names (identity) WHERE identity IS NOT NULL;
CREATE TABLE store_bin (
    upload_id text COLLATE "C" PRIMARY KEY,
    identity text NOT NULL,
    at {_NOW}
);
CREATE INDEX store_bin_by_identity ON store_bin (identity);
CREATE UNLOGGED TABLE store_readers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    identity text NOT NULL,
    holder integer NOT NULL,
    at {_NOW}
);
CREATE INDEX store_readers_by_identity ON store_readers (identity);
CREATE TABLE store_leftovers (
    token text PRIMARY KEY,
    multipart text,
    parts boolean NOT NULL,
    since {_NOW}
);
CREATE INDEX store_leftovers_by_age ON store_leftovers (since);
CREATE TABLE store_secrets (
    name text PRIMARY KEY,
    value text NOT NULL
);
CREATE UNLOGGED TABLE store_places (
    slot integer PRIMARY KEY,
    upload bytea NOT NULL,
    sender bytea NOT NULL,
    upload_id text NOT NULL,
    since double precision NOT NULL
);
CREATE UNLOGGED TABLE store_place_holders (
    slot integer NOT NULL,
    holder integer NOT NULL,
    PRIMARY KEY (slot, holder)
);
CREATE UNLOGGED TABLE store_tickets (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL,
    tickets bytea NOT NULL
);
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for statement in filter(str.strip, _TABLES.split(";\n")):
        op.execute(sa.text(statement.replace(":", r"\:")))
