"""The choice: the documents with the most to learn from, that are not all about the same."""

import heapq
from collections.abc import Iterator

import numpy
from scipy.sparse import csr_array


def ranked(errors: csr_array, discount: float) -> Iterator[int]:
    """Rank documents by what they are worth beside those before them: the sum of their expected errors, each
    times the discount for every document before in which its surface has an expected error, too. Of equal
    ones the first comes first.

    errors (csr_array): Expected errors of each surface in each document, shape (documents, surfaces).
    discount (float): In [0, 1]. 1 leaves what was ranked before out of account.
    YIELDS (int): The documents' places, the most valuable first.
    """
    left = numpy.ones(errors.shape[1])

    def worth(place: int) -> float:
        own = slice(errors.indptr[place], errors.indptr[place + 1])
        return float(errors.data[own] @ left[errors.indices[own]])

    heap = [(-worth(place), place) for place in range(errors.shape[0])]
    heapq.heapify(heap)
    while heap:
        # Worth only falls: a document that is still ahead of what the others were worth is the best
        place = heap[0][1]
        now = (-worth(place), place)
        if now > heap[0]:
            heapq.heapreplace(heap, now)
            continue
        heapq.heappop(heap)
        left[errors.indices[errors.indptr[place] : errors.indptr[place + 1]]] *= discount
        yield place
