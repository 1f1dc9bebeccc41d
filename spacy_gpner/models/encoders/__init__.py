"""Encoders of token vectors, for `spacy.Tok2Vec.v2`."""
