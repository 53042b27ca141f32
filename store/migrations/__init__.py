"""Alembic migrations of the casebook; shipped with the package, run when a casebook is opened."""
