"""Make `nlp.pipe(n_process=…)` safe after torch and tokenizers have run."""

import os

import torch

_guarded = False


def use_one_thread_after_fork() -> None:
    """Let torch use one thread in forked processes. A process that is forked once torch has run inherits a
    thread pool without threads, and would wait for them forever; with one thread the pool is not used.
    """
    global _guarded
    if not _guarded and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_quieten_tokenizers, after_in_child=lambda: torch.set_num_threads(1))
        _guarded = True


def _quieten_tokenizers() -> None:
    """Else each forked process warns that it uses one thread to cut texts into pieces."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
