"""Which documents are worth annotating next."""
