"""Annotating an archive of documents: streamed, in shards, each exactly once."""
