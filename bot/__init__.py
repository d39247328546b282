"""The assistant: turns, skills, channels, commands. Imports `index` and `knowledge`."""
