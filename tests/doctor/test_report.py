"""The shape of every finding."""

from __future__ import annotations

import json

import pytest

from beadline.doctor.report import Check, Status, failure, ok, warning
from beadline.errors import ModelError


def test_every_complaint_says_what_to_do() -> None:
    for status in (Status.WARNING, Status.ERROR):
        with pytest.raises(ValueError, match="what to do"):
            Check("name", status, "it is broken")
    assert failure("name", ModelError("It is broken.")).todo
    assert failure("name", ModelError("It is broken."), "Mend it.").todo == "Mend it."
    assert failure("name", ModelError("Broken.", hint="Buy one."), "Mend it.").todo == "Buy one."


def test_a_finding_as_json() -> None:
    for check in (ok("speed", "fast", rate=3.5), warning("speed", "slow", "Wait.", rate=None)):
        values = json.loads(json.dumps(check.to_json()))
        assert set(values) == {"name", "status", "what", "todo", "values"}
        assert values["status"] == check.status
