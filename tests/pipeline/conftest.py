"""Each kind of component in turn."""

import pytest

from ..components import COMPONENTS


@pytest.fixture(scope="package", params=COMPONENTS)
def kind(request):
    return COMPONENTS[request.param]


@pytest.fixture(scope="package")
def trained(kind):
    """A trained pipeline of the kind. Who changes a setting changes it back."""
    return kind.trained()
