from hypothesis import given
from hypothesis import strategies as st

from spacy_gpner.spans.nesting import Nesting, nesting

SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 5)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=9
)


def contains(outer, inner):
    return outer != inner and outer[0] <= inner[0] and inner[1] <= outer[1]


@given(SPANS)
def test_equals_a_look_at_every_pair(spans):
    assert nesting(spans) == [
        Nesting(any(contains(other, own) for other in spans), any(contains(own, other) for other in spans))
        for own in spans
    ]
