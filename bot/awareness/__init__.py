"""The statistics of awareness: pure functions, no input or output, no clock, no database."""
