"""A kernel that breaks its connections while a cell runs."""

import pytest
import zmq

from lora_course.grading.session import Session, TimeLimitError
from lora_course.sandbox.limits import Limits


def test_an_interrupt_that_cannot_be_sent_means_that_the_kernel_is_lost(monkeypatch):
    def taken_by_nobody():
        raise zmq.Again

    session = Session(Limits(), sandboxed=False)
    try:
        monkeypatch.setattr(session._manager, "interrupt_kernel", taken_by_nobody)
        with pytest.raises(TimeLimitError) as caught:
            session.run("import time; time.sleep(50)", 0.5)
        assert not caught.value.alive
    finally:
        session.stop()
