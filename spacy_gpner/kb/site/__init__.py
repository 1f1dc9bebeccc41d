"""A knowledge base as a site on this machine, which Datasette serves."""
