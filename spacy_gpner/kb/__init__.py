"""A knowledge base of annotations: a database that answers questions."""
