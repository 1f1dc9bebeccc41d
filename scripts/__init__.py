"""What the project's workflow runs beside `spacy` itself: `python -m scripts.prepare_corpus --help`."""
