__title__ = "spacy_gpner"
__version__ = "0.1.0"
