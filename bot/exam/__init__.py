"""The exam for negotiators (协商代表考试): named, and kept apart from everything else.

Its store (`XST_HOME/exam.db`), its pages and its certificates know people by name. Nothing here
touches the live state, the desk, pseudonyms or channels, and nothing of theirs touches it.
"""
