"""How a model is tuned: method, schedule, batch, limits. Knows no file of the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from beadline.trainer.finetune.schedule import Plan, Schedule


class Method(StrEnum):
    """What is trained."""

    LORA = "lora"
    """Low-rank adapters beside frozen weights (Hu et al. 2021, arXiv 2106.09685)."""
    QLORA = "qlora"
    """The same beside weights in 4-bit NormalFloat (Dettmers et al. 2023, arXiv 2305.14314);
    CUDA alone."""
    FULL = "full"
    """All weights."""


class Weighing(StrEnum):
    """What a learned token counts in the loss.

    A hole has some ten learned tokens, a plain text several hundred. In the mean over all tokens
    (MFTCoder's case1) seven samples with a hole in ten make a tenth of the loss, and the model
    learns to go on with text, which nobody asks it for. In the mean over samples of the mean over
    their tokens (MFTCoder's case2, codefuse-ai/MFTCoder, `loss_func_mft`) the shares of the loss
    are those of the samples, as `left_to_right` and `replay` say them. So a short middle counts as
    much as a long one, as it does in exact match.
    """

    SAMPLE = "sample"
    """As much as the others of its sample, which all count the same."""
    TOKEN = "token"
    """The same in all samples."""


class Switch(StrEnum):
    """On, off, or as the machine and the model allow."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


SMALL = 100_000_000
"""Parameters below which a model is tuned by `_SMALL`."""


@dataclass(frozen=True)
class _Size:
    """What is right for a model of a size."""

    rates: dict[Method, float]
    rank: int
    dropout: float
    max_hours: float


_SMALL = _Size({Method.LORA: 2e-3, Method.QLORA: 1e-3, Method.FULL: 5e-4}, 64, 0.0, 0.4)
"""A starting point that was not compared with others yet. A small model is tuned in few steps on
few cores, and its layers are narrow: adapters of rank 64 on all of them have much of the freedom of
full fine-tuning (Biderman et al. 2024, arXiv 2405.09673: low ranks learn less) and are served like
any other. Its rates are those of small models, which are higher. No dropout: a mask on the input of
every adapter costs time, and rows are seen once. 24 minutes leave room for the rest of three
quarters of an hour."""
_LARGE = _Size({Method.LORA: 5e-4, Method.QLORA: 2e-4, Method.FULL: 5e-5}, 16, 0.05, 0.0)
"""Personal Copilot: LoRA 5e-4, full 5e-5; MFTCoder: QLoRA 1e-4 to 2e-4; Refact: rank 16, alpha
32."""

_NO_MATTER = frozenset(
    {
        "threads", "micro_tokens", "logit_bytes", "checkpoint_minutes", "max_hours",
        "gradient_checkpointing",
    }
)  # fmt: skip
"""Options that only limit what of the machine is used."""


@dataclass(frozen=True)
class TuneOptions:
    """Everything that the outcome of a run depends on besides base model and rows, and the limits
    under which it works."""

    method: Method = Method.LORA
    rank: int = 0
    """0 takes that of the model's size, as do all of 0 or None below; see `for_model`."""
    alpha: int = 0
    """0: twice the rank."""
    dropout: float | None = None
    learning_rate: float = 0.0
    """Peak."""
    loss_weight: Weighing = Weighing.SAMPLE
    least_rate: float = 0.1
    """Learning rate at the end, as a share of the peak."""
    schedule: Schedule = Schedule.COSINE
    warmup: float = 0.03
    """Share of the steps."""
    decay: float = 0.1
    """Share of the steps in the last, linear phase of WSD and WCL."""
    weight_decay: float = 0.01
    clip: float = 1.0
    """Largest norm of the gradient."""
    batch_tokens: int = 8192
    """Tokens of one step, on all processes together."""
    micro_tokens: int = 4096
    """Most tokens of one forward pass; less where a large vocabulary would fill the memory. The
    trainer gives way to keystrokes between two of them."""
    logit_bytes: int = 2_000_000_000
    """Most bytes that the logits of a forward pass and what becomes of them may take."""
    evaluations: int = 10
    """How often the validation rows are scored."""
    patience: int = 3
    """Evaluations in a row without a new least loss after which training stops (MFTCoder's rule);
    0 never stops."""
    max_steps: int = 0
    """0: as many as the rows give."""
    max_hours: float | None = None
    """Of training, interruptions not counted; the schedule is shortened to fit. 0: no limit; None:
    by the model's size."""
    checkpoint_minutes: float = 5.0
    bf16: Switch = Switch.AUTO
    """Autocast to bfloat16; `auto` where the processor or GPU computes in it."""
    packing: Switch = Switch.AUTO
    """Several samples in a row that do not see one another; `off` pads every sample. `auto` packs
    wherever the model's attention lets it."""
    gradient_checkpointing: bool = False
    threads: int = 0
    """Of the CPU, on all processes together; 0: its physical cores."""
    seed: int = 1

    def for_model(self, parameters: int) -> TuneOptions:
        """With everything that was left open settled for a model of so many parameters."""
        size = _SMALL if parameters < SMALL else _LARGE
        rank = self.rank or size.rank
        return replace(
            self,
            rank=rank,
            alpha=self.alpha or 2 * rank,
            dropout=size.dropout if self.dropout is None else self.dropout,
            learning_rate=self.learning_rate or size.rates[self.method],
            max_hours=size.max_hours if self.max_hours is None else self.max_hours,
        )

    def plan(self, total: int) -> Plan:
        """Learning rates of a run of so many steps, once they are settled."""
        return Plan(
            self.schedule,
            total,
            self.learning_rate,
            self.learning_rate * self.least_rate,
            round(self.warmup * total),
            round(self.decay * total),
        )

    def outcome(self) -> dict[str, Any]:
        """What a run cannot go on with other values of; plain JSON values."""
        return {name: v for name, v in self.as_dict().items() if name not in _NO_MATTER}

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TuneOptions:
        """From what `as_dict` gave."""
        kinds: dict[str, type[StrEnum]] = {
            "method": Method, "schedule": Schedule, "bf16": Switch, "packing": Switch,
            "loss_weight": Weighing,
        }  # fmt: skip
        known = {field.name for field in fields(cls)}
        found: dict[str, Any] = {
            name: kinds[name](value) if name in kinds else value
            for name, value in values.items()
            if name in known
        }
        return cls(**found)
