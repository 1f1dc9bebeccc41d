"""One reader per corpus format, all yielding the same records; and their way into a DocBin."""
