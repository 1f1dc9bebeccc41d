"""Models that label sequences: an encoder, layers of context on it, and what reads tags from them."""

from dataclasses import dataclass
from typing import Any, Literal, Optional

from .study import FGM, Row, component_of

LAYERS = {
    "idcnn": "spacy-gpner.IDCNN.v1",
    "mha": "spacy-gpner.MultiHeadAttention.v1",
    "bilstm": "spacy-gpner.BiLSTM.v1",
    "bigru": "spacy-gpner.BiGRU.v1",
}


@dataclass(frozen=True)
class Descent:
    """One of torch's optimizers.

    name (str): Its name in `torch.optim`.
    rate (float): The learning rate that it reaches.
    lookahead (int): See `spacy-gpner.TorchOptimizer.v1`.
    """

    name: str
    rate: float
    lookahead: int = 0


@dataclass(frozen=True)
class TaggerRow(Row):
    """A model that labels sequences.

    layers (Tuple[str, ...]): Its layers of context, from the bottom to the top, by their names in `LAYERS`.
    heads (int): Attention heads.
    dropout (float): Dropout rate of the other layers' input.
    head (str): "CRF", or "Softmax" for tags that are learned each by itself.
    adversary (bool): Whether it is trained adversarially, by FGM.
    optimizer (Optional[Descent]): An optimizer in place of the config's.
    encoder (Optional[str]): A pretrained encoder in place of the preset's.
    augmenter (Optional[Dict[str, Any]]): What is done to the training documents, or to what the preset's
        augmenter makes of them.
    """

    layers: tuple[str, ...] = ()
    heads: int = 4
    dropout: float = 0.4
    head: Literal["CRF", "Softmax"] = "CRF"
    adversary: bool = False
    optimizer: Optional[Descent] = None
    encoder: Optional[str] = None
    augmenter: Optional[dict[str, Any]] = None

    def apply(self, config: dict[str, Any]) -> None:
        """See `Row.apply`."""
        _, component = component_of(config)
        model = component["model"]
        model["@architectures"] = f"spacy-gpner.{self.head}.v1"
        block = model["tok2vec"]
        while block.get("@architectures") in LAYERS.values():
            block = block["tok2vec"]
        for layer in self.layers:
            own = {"heads": self.heads, "dropout": 0.1} if layer == "mha" else {"dropout": self.dropout}
            block = {"@architectures": LAYERS[layer], **own, "tok2vec": block}
        model["tok2vec"] = block
        component["adversary"] = FGM if self.adversary else None
        if self.encoder is not None:
            config["paths"]["transformer"] = self.encoder
        if self.augmenter is not None:
            train = config["corpora"]["train"]
            before, own = train.get("augmenter"), self.augmenter
            chained = {"@augmenters": "spacy-gpner.chained.v1", "first": before, "then": own}
            train["augmenter"] = chained if before else own
        if self.optimizer is not None:
            self._replace_optimizer(config["training"], self.optimizer)

    @staticmethod
    def _replace_optimizer(training: dict[str, Any], descent: Descent) -> None:
        before = training["optimizer"]
        training["optimizer"] = {
            "@optimizers": "spacy-gpner.TorchOptimizer.v1",
            "name": descent.name,
            "lookahead": descent.lookahead,
            "learn_rate": {**before["learn_rate"], "initial_rate": descent.rate},
            "grad_clip": before["grad_clip"],
            "lr_scale": before.get("lr_scale"),
        }
