"""Finding passages: every engine behind one Protocol. Imports `knowledge`, never `bot`."""
