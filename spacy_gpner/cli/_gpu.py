"""Where a command computes."""

from spacy.cli import _util


def setup_gpu(gpu_id: int) -> None:
    """Use a GPU or the CPU, and say which, as spaCy's commands do.

    gpu_id (int): The GPU's number, or -1 for the CPU.
    RAISES (SystemExit): If the GPU can't be used, with a message in place of a traceback.
    """
    from wasabi import msg

    try:
        _util.setup_gpu(gpu_id)
    # thinc's ValueError, and whatever CuPy and torch raise where a driver or the number doesn't fit
    except Exception as err:
        msg.fail(
            f"Can't use GPU {gpu_id} ({type(err).__name__}: {err})",
            "Leave --gpu-id out for the CPU. A GPU needs CuPy for its CUDA: pip install cupy-cuda13x",
            exits=1,
        )
