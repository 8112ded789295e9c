"""From any version of the tables to this one; Alembic runs them."""
