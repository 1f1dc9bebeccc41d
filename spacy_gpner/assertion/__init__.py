"""Whether what a text mentions is there: negated, uncertain, past, supposed, or a relative's."""
