"""Pipeline components and their factories: what a spaCy user sees."""
