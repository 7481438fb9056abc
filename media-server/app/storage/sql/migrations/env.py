"""How Alembic runs the migrations: on the connection that ``app.storage.sql.migrate`` gives it, in its transaction."""

from __future__ import annotations

from alembic import context

from app.storage.sql.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
