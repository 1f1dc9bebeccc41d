"""The state of the random number generators."""

import random
from typing import Annotated, Optional

import numpy
import torch
from pydantic import BaseModel, ConfigDict, Field

# Words in the state of a Mersenne twister
WORDS = 624


class RandomState(BaseModel):
    """The state of Python's, numpy's and torch's generators, as it can be saved."""

    python: tuple[int, list[int], Optional[float]]
    numpy: tuple[str, bytes, Annotated[int, Field(ge=0, le=WORDS)], int, float]
    torch: bytes
    cuda: list[bytes]

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def now(cls) -> "RandomState":
        """RETURNS (RandomState): The state of all generators."""
        version, numbers, gauss = random.getstate()
        name, keys, *rest = numpy.random.get_state()
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return cls.model_validate(
            {
                "python": (version, list(numbers), gauss),
                "numpy": (name, numpy.asarray(keys).tobytes(), *rest),
                "torch": torch.get_rng_state().numpy().tobytes(),
                "cuda": [each.numpy().tobytes() for each in cuda],
            }
        )

    def restore(self) -> None:
        """Set the generators back.

        RAISES (ValueError): If this is no state of theirs, or of another number of GPUs.
        """
        n_devices = torch.cuda.device_count()
        if self.cuda and len(self.cuda) != n_devices:
            raise ValueError(f"it is of a machine with {len(self.cuda)} GPUs, and here are {n_devices}")
        version, numbers, gauss = self.python
        random.setstate((version, tuple(numbers), gauss))
        name, keys, position, has_gauss, cached = self.numpy
        numpy.random.set_state((name, numpy.frombuffer(keys, dtype="uint32"), position, has_gauss, cached))
        torch.set_rng_state(_byte_tensor(self.torch))
        if self.cuda:
            torch.cuda.set_rng_state_all([_byte_tensor(each) for each in self.cuda])


def _byte_tensor(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
