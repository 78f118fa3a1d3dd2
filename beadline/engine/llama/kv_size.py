"""Memory that a model's keys and values take, by its file's header. Knows no contexts.

Which keys there are, and what holds where one is missing: llama.cpp, src/llama-model.cpp.
"""

from __future__ import annotations

from beadline.engine.gguf import GgufHeader

_F16 = 2


def kv_bytes_per_token(header: GgufHeader) -> int:
    """Memory of the keys and values of one token in f16, all layers; 0 when the header does not
    say. An upper bound for models with sliding windows or recurrent layers.
    """
    name = header.text("general.architecture")
    layers = header.number(f"{name}.block_count")
    heads, most = _heads(header, f"{name}.attention.head_count", layers)
    if not heads or not layers:
        return 0
    width = header.number(f"{name}.embedding_length") // most
    # Missing is: as many as there are heads.
    kv_heads = _heads(header, f"{name}.attention.head_count_kv", layers)[0] or heads
    keys = header.number(f"{name}.attention.key_length") or width
    values = header.number(f"{name}.attention.value_length") or width
    return _F16 * kv_heads * (keys + values)


def _heads(header: GgufHeader, key: str, layers: int) -> tuple[int, int]:
    """Heads of all layers together, and the most of one. A file has one number, or one a layer."""
    each = [count for count in header.arrays.get(key, ()) if isinstance(count, int) and count > 0]
    if each:
        return sum(each), max(each)
    count = max(0, header.number(key))
    return count * layers, count
