"""The greedy choice, against one that weighs all documents anew each time."""

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from benchmarks.selection import ranked

# Of eighths, whose sums and halves are exact: equal worth is equal
EIGHTHS = st.integers(0, 8).map(lambda n: n / 8)


def plain(errors, discount):
    """The definition: all weighed anew for each place."""
    order, left = [], list(range(len(errors)))
    while left:
        seen = [sum(errors[other][surface] > 0 for other in order) for surface in range(errors.shape[1])]
        worth = {
            place: sum(x * discount**n for x, n in zip(errors[place], seen, strict=True)) for place in left
        }
        order.append(max(left, key=lambda place: (worth[place], -place)))
        left.remove(order[-1])
    return order


@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(st.lists(EIGHTHS, min_size=width, max_size=width), min_size=1, max_size=8)
    ),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_as_the_definition_has_it(rows, discount):
    errors = numpy.array(rows)
    assert list(ranked(csr_array(errors), discount)) == plain(errors, discount)


def test_without_discount_it_is_the_order_of_expected_errors():
    errors = numpy.random.default_rng(0).random((50, 20))
    order = list(ranked(csr_array(errors), 1.0))
    assert order == numpy.argsort(-errors.sum(1), kind="stable").tolist()


@pytest.mark.parametrize("copies", [2, 5])
def test_copies_are_not_chosen_beside_each_other(copies):
    """Whoever is surest to be wrong about one text needs it annotated once."""
    best, others = [[0.5, 0.5, 0, 0]], [[0, 0, 0.6, 0], [0, 0, 0, 0.55]]
    order = list(ranked(csr_array(numpy.array(best * copies + others)), 0.5))
    assert order[:3] == [0, copies, copies + 1]
    assert order[3:] == list(range(1, copies))


def test_documents_without_doubt_come_last_in_their_order():
    assert list(ranked(csr_array(numpy.array([[0.0], [0.0], [0.1], [0.0]])), 0.5)) == [2, 0, 1, 3]
