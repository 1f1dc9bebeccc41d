"""Nested spans as HTML, and what all plots share."""
