"""An encoder with the part of its vocabulary that given texts need."""
