"""The papers' models in grids that can be interrupted, and their tables beside the papers' values."""
