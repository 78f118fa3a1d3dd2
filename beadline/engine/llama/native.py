"""The only module that touches llama.cpp's C names. Knows no prompts, no sampling, no protocol.

Thin typed wrappers over `llama_cpp.llama_cpp` (llama-cpp-python's ctypes layer). A ctypes struct
that disagrees with the C one corrupts memory silently, so `load_library` first runs the checks of
`layout`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from beadline.engine.gguf import read_header
from beadline.engine.llama import installation
from beadline.engine.llama.batch import Batch
from beadline.engine.llama.kv_size import kv_bytes_per_token
from beadline.engine.llama.layout import STRUCTS, check_layout, check_version
from beadline.engine.llama.memory import tells_of_memory
from beadline.engine.llama.sequence_memory import SequenceMemory
from beadline.errors import EngineError, ModelError, OutOfMemory

if TYPE_CHECKING:
    import numpy as np

UNKNOWN, CONTROL, USER_DEFINED = 1 << 0, 1 << 3, 1 << 4
"""Bits of `llama_token_attr` (llama.h)."""
SENTENCEPIECE = 1
"""`LLAMA_VOCAB_TYPE_SPM`."""


class Library:
    """The loaded and checked library. Make one per process, by `load_library`."""

    def __init__(self, names: ModuleType, version: str) -> None:
        self.names = names
        self.version = version
        """Version of llama-cpp-python."""
        self.system_info = _text(names.llama_print_system_info()).strip()
        self.native_version = _text(names.llama_version())
        self.gpu = bool(names.llama_supports_gpu_offload())
        """Whether this build can put layers on a GPU."""
        self._lines: list[str] = []
        # The callback must live as long as the shared library, which others may use after us.
        names._lib.beadline_log = names.llama_log_callback(self._on_log)
        names.llama_log_set(names._lib.beadline_log, ctypes.c_void_p(0))
        names.llama_backend_init()

    @property
    def build(self) -> str:
        """One line: versions and the CPU or GPU features compiled in."""
        return (
            f"llama-cpp-python {self.version}, llama.cpp {self.native_version}, {self.system_info}"
        )

    @property
    def identity(self) -> str:
        """Changes when the library does: build line, struct sizes, names and sizes of its files."""
        sizes = [str(ctypes.sizeof(getattr(self.names, name))) for name in sorted(STRUCTS)]
        library = Path(self.names._lib._name)
        files = [
            f"{file.name}:{file.stat().st_size}:{file.stat().st_mtime_ns}"
            for file in sorted(library.parent.iterdir())
            if file.is_file() and ("ggml" in file.name or "llama" in file.name)
        ]
        return "|".join([self.build, *sizes, str(library), *files])

    def errors(self) -> str:
        """The last error lines of the library's log, for a message."""
        return " ".join(self._lines[-3:])

    def _on_log(self, level: int, text: bytes | None, _data: object) -> None:
        # ggml levels: 3 warning, 4 error; everything below stays silent.
        if level == 4 and text:
            self._lines = [*self._lines[-9:], _text(text).strip()]


def load_library() -> Library:
    """Import llama_cpp and check it. Raises `EngineError` when it is missing or does not fit."""
    try:
        import llama_cpp
        import llama_cpp.llama_cpp as names
    except ImportError as exc:
        raise installation.not_imported(exc, installation.here()) from exc
    except (OSError, RuntimeError) as exc:
        raise installation.not_loaded(exc, installation.here()) from exc
    check_version(llama_cpp.__version__)
    check_layout(names)
    return Library(names, llama_cpp.__version__)


class Model:
    """A loaded GGUF: weights and vocabulary. Free with `close`."""

    def __init__(
        self,
        library: Library,
        path: Path,
        *,
        gpu_layers: int = 0,
        use_mmap: bool | None = None,
        use_extra_bufts: bool = True,
        vocab_only: bool = False,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        """Load `path`. `gpu_layers` -1 is all where the build has a GPU; `use_mmap` None lets
        the library choose. Raises `OutOfMemory`, and `ModelError` when llama.cpp refuses the
        file.
        """
        names = library.names
        params = names.llama_model_default_params()
        # A CPU build ignores layers on the GPU; 0 keeps what we report true.
        params.n_gpu_layers = gpu_layers if library.gpu else 0
        params.use_extra_bufts = use_extra_bufts
        params.vocab_only = vocab_only
        if use_mmap is not None:
            params.load_mode = (
                names.LLAMA_LOAD_MODE_MMAP if use_mmap else names.LLAMA_LOAD_MODE_NONE
            )

        def progress(fraction: float, _data: object) -> bool:
            if on_progress is not None:
                on_progress(fraction)
            return True

        callback = names.llama_progress_callback(progress)
        params.progress_callback = callback
        self.library = library
        self.path = path
        self.use_extra_bufts = use_extra_bufts
        self._pointer = names.llama_model_load_from_file(os.fsencode(path), params)
        if not self._pointer:
            reason = library.errors()
            if tells_of_memory(reason):
                raise OutOfMemory(
                    f"There is not enough memory for {path.name}: {reason}.",
                    hint="Use a smaller model, or one with fewer bits a weight.",
                )
            raise ModelError(
                f"llama.cpp cannot load {path.name}: {reason or 'no reason given'}.",
                hint="The model may need a newer llama-cpp-python.",
            )
        self.gpu_layers = 0
        if library.gpu:
            layers = self.layers + 1
            self.gpu_layers = layers if gpu_layers < 0 else min(gpu_layers, layers)
        self._vocab = names.llama_model_get_vocab(self._pointer)
        self.vocabulary_size = int(names.llama_vocab_n_tokens(self._vocab))
        self._piece = ctypes.create_string_buffer(256)

    @property
    def layers(self) -> int:
        return int(self.library.names.llama_model_n_layer(self._pointer))

    @property
    def trained_context(self) -> int:
        """Context length the model was trained with, in tokens."""
        return int(self.library.names.llama_model_n_ctx_train(self._pointer))

    @property
    def parameters(self) -> int:
        return int(self.library.names.llama_model_n_params(self._pointer))

    @property
    def partial_removal(self) -> bool:
        """Whether a sequence's end can be forgotten alone; recurrent and hybrid models refuse."""
        names, model = self.library.names, self._pointer
        return not (names.llama_model_is_recurrent(model) or names.llama_model_is_hybrid(model))

    @property
    def sliding_window(self) -> bool:
        """Whether some layers see only the last tokens."""
        return int(self.library.names.llama_model_n_swa(self._pointer)) > 0

    @property
    def kv_bytes_per_token(self) -> int:
        """Memory of one token's keys and values in f16, as the file's header has it."""
        return kv_bytes_per_token(read_header(self.path))

    def metadata(self) -> dict[str, str]:
        """All scalar and string metadata of the file, as strings."""
        names = self.library.names
        found: dict[str, str] = {}
        for index in range(names.llama_model_meta_count(self._pointer)):
            key = self._meta(names.llama_model_meta_key_by_index, index)
            found[key] = self._meta(names.llama_model_meta_val_str_by_index, index)
        return found

    def _meta(self, function: Callable[..., int], index: int) -> str:
        size = 1024
        while True:
            buffer = ctypes.create_string_buffer(size)
            length = function(self._pointer, index, buffer, size)
            if length < size:
                return buffer.raw[: max(0, length)].decode("utf-8", "replace")
            size = length + 1

    def tokenise(self, text: bytes) -> list[int]:
        """Ids of UTF-8 `text`: no BOS or EOS; CONTROL tokens not parsed, USER_DEFINED still are."""
        names = self.library.names
        capacity = len(text) + 8
        while True:
            ids = (names.llama_token * capacity)()
            count = names.llama_tokenize(self._vocab, text, len(text), ids, capacity, False, False)
            if count >= 0:
                return list(ids[:count])
            if -count <= capacity:
                raise EngineError("llama.cpp could not tokenise the text.")
            capacity = -count

    def piece(self, token: int) -> bytes:
        """Bytes of a token; special tokens give their text."""
        names = self.library.names
        while True:
            length = names.llama_token_to_piece(
                self._vocab, token, self._piece, len(self._piece), 0, True
            )
            if length >= 0:
                return self._piece.raw[:length]
            self._piece = ctypes.create_string_buffer(-length)

    def token_text(self, token: int) -> str:
        """The token as the file spells it."""
        return _text(self.library.names.llama_vocab_get_text(self._vocab, token))

    def attributes(self, token: int) -> int:
        """Bits of `llama_token_attr`."""
        return int(self.library.names.llama_vocab_get_attr(self._vocab, token))

    def is_eog(self, token: int) -> bool:
        """Whether the file says that this token ends a generation."""
        return bool(self.library.names.llama_vocab_is_eog(self._vocab, token))

    @property
    def bos(self) -> int | None:
        token = int(self.library.names.llama_vocab_bos(self._vocab))
        return None if token < 0 else token

    @property
    def add_bos(self) -> bool:
        return bool(self.library.names.llama_vocab_get_add_bos(self._vocab))

    @property
    def vocabulary_type(self) -> int:
        return int(self.library.names.llama_vocab_type(self._vocab))

    @property
    def pointer(self) -> Any:
        return self._pointer

    def close(self) -> None:
        """Free the weights. The contexts made from it must be closed before."""
        if self._pointer:
            self.library.names.llama_model_free(self._pointer)
            self._pointer = None


class Context(SequenceMemory):
    """KV memory and logits of one model. Not thread-safe; free with `close`."""

    def __init__(
        self,
        model: Model,
        *,
        context_tokens: int,
        sequences: int,
        batch_tokens: int,
        threads: int,
        batch_threads: int,
        flash_attention: bool = False,
    ) -> None:
        """`context_tokens` is what each of the `sequences` may hold (the memory is not shared, so
        that attention of one sequence never walks over the cells of another); `batch_tokens` is
        the most that one `decode` takes, less in a small context; `flash_attention` leaves
        that to llama.cpp on a CPU too. Raises `OutOfMemory`, and `EngineError` when llama.cpp
        refuses for another reason.
        """
        library = model.library
        names = library.names
        params = names.llama_context_default_params()
        params.n_ctx = context_tokens * sequences
        params.n_seq_max = sequences
        params.kv_unified = False
        # Sliding-window models refuse partial removal unless their cache is full-sized.
        params.swa_full = True
        params.n_batch = params.n_ubatch = batch_tokens
        params.n_threads, params.n_threads_batch = threads, batch_threads
        if not model.gpu_layers and not flash_attention:
            # On a CPU it gives other bits for batches of other widths and other numbers of threads.
            # Without it all batches of two tokens or more give the same (docs/benchmarks.md).
            params.flash_attn_type = names.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self.model = model
        pointer = names.llama_init_from_model(model.pointer, params)
        if not pointer:
            reason = library.errors()
            kind = OutOfMemory if tells_of_memory(reason) else EngineError
            raise kind(
                f"llama.cpp cannot open a context of {context_tokens} tokens: {reason}.",
                hint="Lower engine.context_tokens.",
            )
        super().__init__(names, pointer)
        self.context_tokens = int(names.llama_n_ctx_seq(self._pointer))
        self.sequences = sequences
        # A small context gets a smaller batch than asked for; one token more aborts the process.
        self.batch_tokens = min(batch_tokens, int(names.llama_n_batch(self._pointer)))
        self._should_abort: Callable[[], bool] | None = None
        self._abort = names.ggml_abort_callback(self._on_abort)
        self._no_abort = names.ggml_abort_callback()
        self._views: dict[int, np.ndarray] = {}
        """Views of rows of logits by address."""
        self._batch = Batch(names, self.batch_tokens)

    def decode(
        self,
        tokens: Sequence[int],
        position: int,
        sequence: int,
        *,
        should_abort: Callable[[], bool] | None = None,
        outputs: int = 1,
    ) -> bool:
        """Evaluate `tokens` at `position`...; logits are kept for the last `outputs` of them.

        Returns False when `should_abort` (asked between graph nodes, on the CPU only) said stop:
        llama.cpp takes the whole batch back. Where a part of a sequence cannot be dropped it
        fails to: `last_position` is then the batch's end, the state is not, and all that is left
        to do is `clear`. Raises `EngineError` when llama.cpp fails; the state is then unknown.
        """
        batch = self._batch.fill(tokens, position, sequence, outputs)
        self._set_abort(should_abort)
        status = int(self._names.llama_decode(self._pointer, batch))
        self.decoded(status)
        if status == 2:
            return False
        if status != 0:
            raise EngineError(f"llama_decode failed ({status}). {self.model.library.errors()}")
        return True

    def use_adapter(self, adapter: Any, scale: float = 1.0) -> None:
        """Have what is decoded from now on changed by an adapter (`lora.Lora.pointer`), or by none.
        What the memory holds was evaluated without it: nobody but the caller knows which.
        """
        names, count = self._names, 0 if adapter is None else 1
        pointers = (names.llama_adapter_lora_p_ctypes * 1)(*[adapter] * count)
        scales = (ctypes.c_float * 1)(scale)
        if names.llama_set_adapters_lora(self._pointer, pointers, count, scales):
            raise EngineError("llama.cpp does not take the adapter.")

    def _set_abort(self, should_abort: Callable[[], bool] | None) -> None:
        if should_abort is self._should_abort:
            return
        if (should_abort is None) != (self._should_abort is None):
            callback = self._no_abort if should_abort is None else self._abort
            self._names.llama_set_abort_callback(self._pointer, callback, ctypes.c_void_p(0))
        self._should_abort = should_abort

    def _on_abort(self, _data: object) -> bool:
        return self._should_abort is not None and self._should_abort()

    def logits(self, back: int = 0) -> np.ndarray:
        """Logits after the last token of the last `decode`, or after the one `back` before it:
        float32, one per token of the vocabulary. A view that the next `decode` overwrites.
        """
        import numpy as np

        row = self._names.llama_get_logits_ith(self._pointer, -1 - back)
        if not row:
            raise EngineError("llama.cpp has no logits for the last token.")
        # The rows of a context have few addresses, and making a view takes 10 us and more.
        address = ctypes.addressof(row.contents)
        view = self._views.get(address)
        if view is None:
            size = self.model.vocabulary_size
            view = np.ctypeslib.as_array((ctypes.c_float * size).from_address(address))
            self._views[address] = view
        return view

    @property
    def partial_removal(self) -> bool:
        """Whether `remove` can be expected to work on a part (see `Model.partial_removal`)."""
        return self.model.partial_removal

    def close(self) -> None:
        """Free the KV memory."""
        if self._pointer:
            self._names.llama_free(self._pointer)
            self._pointer = None


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
