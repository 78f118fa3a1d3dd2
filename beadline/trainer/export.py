"""A model with a tokenizer of ours -> one GGUF file. Trains nothing.

What becomes of models with other tokenizers is in `merged`: they keep the GGUF they came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beadline.engine.fim.families import FAMILY_KEY
from beadline.engine.llama.native import load_library
from beadline.engine.llama.quantise import quantise
from beadline.trainer.architectures import Architecture
from beadline.trainer.tokenizer import (
    END,
    FAMILY,
    FILE,
    MIDDLE,
    PAD,
    PRE_TOKENIZER,
    PREFIX,
    REPO,
    SPECIAL,
    SUFFIX,
    special_id,
)

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel


WRITTEN = ("Q8_0", "F16", "F32")
"""Types that `gguf` writes by itself; all others llama.cpp makes of F16."""


def export_gguf(
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    target: Path,
    *,
    name: str,
    quantisation: str = "Q8_0",
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write `model` with its tokenizer to `target`, in one of `WRITTEN` or in a type of llama.cpp's
    (`Q4_K_M`).

    One-dimensional tensors stay float32; so do rows that are no multiple of the block size. Raises
    `ModelError` for an architecture or a type that is not known.
    """
    if quantisation not in WRITTEN:
        whole = target.with_name(f"{target.name}.f16")
        try:
            export_gguf(model, tokenizer, whole, name=name, quantisation="F16", metadata=metadata)
            quantise(load_library(), whole, target, quantisation)
        finally:
            whole.unlink(missing_ok=True)
        return
    import gguf

    config: Any = model.config
    architecture = Architecture.of_config(config.to_dict())
    writer = gguf.GGUFWriter(target, architecture.name)
    writer.add_name(name)
    writer.add_string(FAMILY_KEY, FAMILY)
    for key, value in (metadata or {}).items():
        writer.add_string(key, value)
    heads, kv_heads = architecture.heads, architecture.kv_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    if head * heads != config.hidden_size:
        writer.add_key_length(head)
        writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_rope_freq_base(float(config.rope_parameters["rope_theta"]))
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    quantised = gguf.GGMLQuantizationType[quantisation]
    writer.add_file_type(
        gguf.LlamaFileType[
            "MOSTLY_Q8_0"
            if quantisation == "Q8_0"
            else "MOSTLY_F16"
            if quantisation == "F16"
            else "ALL_F32"
        ]
    )
    _add_tokenizer(writer, tokenizer)
    for key, tensor in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        data = architecture.arrange(key, tensor.detach().float().cpu().numpy())
        mapped = architecture.tensor_name(key)
        if data.ndim == 1:
            writer.add_tensor(mapped, data)
            continue
        block = gguf.GGML_QUANT_SIZES[quantised][0]
        kind = quantised if data.shape[-1] % block == 0 else gguf.GGMLQuantizationType.F32
        writer.add_tensor(mapped, gguf.quants.quantize(data, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: object, tokenizer: Tokenizer) -> None:
    """Vocabulary, merges, and the ids that let any llama.cpp server fill holes."""
    import json

    import gguf

    assert isinstance(writer, gguf.GGUFWriter)
    model = json.loads(tokenizer.to_str())["model"]
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    pieces = [tokenizer.id_to_token(token) or f"[PAD{token}]" for token in range(size)]
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(pieces)
    writer.add_token_types([control if piece in SPECIAL else normal for piece in pieces])
    writer.add_token_merges([" ".join(merge) for merge in model["merges"]])
    ids = {piece: special_id(tokenizer, piece) for piece in SPECIAL}
    writer.add_bos_token_id(ids[END])
    writer.add_eos_token_id(ids[END])
    writer.add_pad_token_id(ids[PAD])
    writer.add_add_bos_token(False)
    for role, piece in (
        ("pre", PREFIX), ("suf", SUFFIX), ("mid", MIDDLE),
        ("pad", PAD), ("rep", REPO), ("sep", FILE),
    ):  # fmt: skip
        writer.add_uint32(f"tokenizer.ggml.fim_{role}_token_id", ids[piece])
