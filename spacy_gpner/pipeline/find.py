"""Span components in a pipeline."""

from spacy.language import Language

from ..errors import PipelineError
from .span_pipe import SpanPipe


def span_pipes(nlp: Language) -> list[SpanPipe]:
    """The span components of a pipeline that run, in its order."""
    return [pipe for _, pipe in nlp.pipeline if isinstance(pipe, SpanPipe)]


def find_pipe(nlp: Language) -> SpanPipe:
    """A pipeline's first span component.

    nlp (Language): The pipeline.
    RETURNS (SpanPipe): The component.
    RAISES (PipelineError): If there is no such component.
    """
    pipes = span_pipes(nlp)
    if not pipes:
        raise PipelineError(
            f"{nlp.path} has no span component, such as span_globalpointer, that runs (what runs is "
            f"{', '.join(nlp.pipe_names) or 'nothing'}). Give a pipeline with one."
        )
    return pipes[0]
