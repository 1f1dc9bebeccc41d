"""What a model costs: parameters and multiply-accumulates by part."""
