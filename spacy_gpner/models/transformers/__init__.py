"""Pretrained encoders, from a hub name or a directory: fine-tuned, or frozen."""
