"""What a corpus holds: lengths, labels, nesting, overlap, and the window that suits it."""
