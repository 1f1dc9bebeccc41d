"""The main paper's Tables 3 to 5: `python -m paper.train` trains their models, `python -m paper.tables` makes
the tables."""
