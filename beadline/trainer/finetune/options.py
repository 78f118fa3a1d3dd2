"""How a model is tuned: method, schedule, batch, limits. Knows no file of the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
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


class Switch(StrEnum):
    """On, off, or as the machine and the model allow."""

    AUTO = "auto"
    ON = "on"
    OFF = "off"


LEARNING_RATES = {Method.LORA: 5e-4, Method.QLORA: 2e-4, Method.FULL: 5e-5}
"""Peaks that `learning_rate = 0` stands for (Personal Copilot: LoRA 5e-4, full 5e-5; MFTCoder:
QLoRA 1e-4 to 2e-4)."""

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
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    learning_rate: float = 0.0
    """Peak; 0 takes that of `LEARNING_RATES`."""
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
    max_hours: float = 0.0
    """Of training, interruptions not counted; the schedule is shortened to fit. 0: no limit."""
    checkpoint_minutes: float = 5.0
    bf16: Switch = Switch.AUTO
    """Autocast to bfloat16; `auto` where the processor or GPU computes in it."""
    packing: Switch = Switch.AUTO
    """Several samples in a row that do not see one another; `off` pads every sample. `auto` packs
    wherever the model's attention lets it."""
    gradient_checkpointing: bool = False
    threads: int = 0
    """Of the CPU; 0 leaves it to torch."""
    seed: int = 1

    @property
    def peak(self) -> float:
        """Highest learning rate."""
        return self.learning_rate or LEARNING_RATES[self.method]

    def plan(self, total: int) -> Plan:
        """Learning rates of a run of so many steps."""
        return Plan(
            self.schedule,
            total,
            self.peak,
            self.peak * self.least_rate,
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
        kinds = {"method": Method, "schedule": Schedule, "bf16": Switch, "packing": Switch}
        known = {field.name for field in fields(cls)}
        return cls(
            **{
                name: kinds[name](value) if name in kinds else value
                for name, value in values.items()
                if name in known
            }
        )
