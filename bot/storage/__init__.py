"""Live state by SQLAlchemy Core: the instructor's queue and the count of thumbs."""
