"""What is known: law texts as checked records, and the project's own content."""
