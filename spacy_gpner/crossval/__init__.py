"""Cross-validation: models of which each has not seen a part of the corpus, and the ensemble of them."""
