"""How documents are packed into bytes: by srsly, with encoders of its own and of other packages."""

import srsly


def keep_encoders() -> None:
    """Look up the encoders of other packages once. srsly asks all entry points of the environment for them
    with each message, three for every document, which is more than half of the time that it takes to read a
    corpus.
    """
    for registry in (srsly.msgpack_encoders, srsly.msgpack_decoders):
        for name, encoder in registry.get_entry_points().items():
            registry.register(name, func=encoder)
        registry.entry_points = False
