"""Training that can be interrupted: a course, its loop and its checkpoints; optimizers."""
