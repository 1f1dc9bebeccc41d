"""What pipelines have learned, compared bit for bit."""

import numpy


def weights(nlp):
    """All parameters of the pipeline, by a name."""
    found = {}
    for component, pipe in nlp.pipeline:
        for i, node in enumerate(pipe.model.walk() if hasattr(pipe, "model") else []):
            for name in node.param_names:
                found[f"{component}.{i}.{name}"] = node.get_param(name)
            for shim in node.shims:
                found.update(
                    {f"{component}.{i}.{n}": p.detach().numpy() for n, p in shim.module.named_parameters()}
                )
    return found


def assert_same_weights(one, other):
    one, other = weights(one), weights(other)
    assert one.keys() == other.keys()
    for name, values in one.items():
        numpy.testing.assert_array_equal(values, other[name], err_msg=name)
