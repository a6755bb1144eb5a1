"""Progress of long passes."""

import logging

import pytest

from fabgwas import progress as progress_module
from fabgwas.progress import Progress, duration


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 0.0

    monkeypatch.setattr(progress_module.time, "monotonic", lambda: Clock.now)
    return Clock


def test_tells_speed_and_what_is_left_every_ten_seconds(clock, caplog):
    with caplog.at_level(logging.INFO, "fabgwas"):
        progress = Progress("texts", 1000)
        for clock.now, done in ((0.0, 0), (5.0, 100), (10.0, 200), (50.0, 1000)):
            progress(done)
    assert caplog.messages == [
        "  texts: 200 of 1,000, 20 a second, 40 s left",
        "  texts: 1,000 of 1,000, 20 a second, 50 s in all",
    ]


def test_what_an_earlier_pass_did_is_not_speed(clock, caplog):
    with caplog.at_level(logging.INFO, "fabgwas"):
        progress = Progress("texts", 1000)
        for clock.now, done in ((0.0, 500), (10.0, 600)):
            progress(done)
    assert caplog.messages == ["  texts: 600 of 1,000, 10 a second, 40 s left"]


def test_a_short_pass_says_nothing(clock, caplog):
    with caplog.at_level(logging.INFO, "fabgwas"):
        progress = Progress("texts", 10)
        for clock.now, done in ((0.0, 0), (1.0, 10)):
            progress(done)
    assert caplog.messages == []


def test_terminals_get_ticks_in_between(clock, caplog):
    with caplog.at_level(logging.DEBUG, "fabgwas"):
        progress = Progress("texts", 1000)
        for clock.now, done in ((0.0, 0), (1.0, 50)):
            progress(done)
        assert len(caplog.records) == 1
        progress(1000)
    record, last = caplog.records
    assert (last.tick, last.message) == (True, "")
    assert record.tick
    assert record.message == (
        "  [#...................] texts: 50 of 1,000, 50 a second, 19 s left"
    )


def test_no_speed_is_told_before_there_is_one(clock, caplog):
    with caplog.at_level(logging.DEBUG, "fabgwas"):
        progress = Progress("folds", 5)
        clock.now = 1.0
        progress(1)
    assert caplog.messages == ["  [####................] folds: 1 of 5"]


def test_the_total_may_be_told_later(clock, caplog):
    with caplog.at_level(logging.INFO, "fabgwas"):
        progress = Progress("blocks")
        for clock.now, done in ((0.0, 0), (10.0, 4)):
            progress(done, 8)
    assert caplog.messages == ["  blocks: 4 of 8, 0.4 a second, 10 s left"]


def test_durations_are_in_the_largest_units():
    assert [duration(t) for t in (89.0, 600.0, 7320.0)] == ["89 s", "10 min", "2 h 2 min"]
