"""Programs run together: restarted when they end, named, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.family import Program
from bot.supervisor import NotStarted, Supervisor
from tests.parts.processes import runs

#: Ignores every polite request, and has a child that does so too, in a process group of its own.
STUBBORN = """
    import os, signal, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setpgrp()
    os.write(1, f"{os.getpid()}\\n".encode())  # in one piece: two of them write
    time.sleep(60)
"""
SLEEPER = "import time; print('here', flush=True); time.sleep(60)"


def python(name: str, code: str, outlives: bool = False) -> Program:
    argv = (sys.executable, "-c", textwrap.dedent(code))
    return Program(name, argv, {"PYTHONUNBUFFERED": "1"}, outlives)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Listening(Supervisor):
    """A supervisor whose words are kept, and that stops when ``enough`` of them were said."""

    def __init__(self, enough: Callable[[list[tuple[str, str]]], bool], grace: float = 5.0) -> None:
        self.heard: list[tuple[str, str]] = []
        super().__init__(self._hear, grace=grace, pauses=(0.05, 0.1))
        self.enough = enough

    def _hear(self, name: str, line: str) -> None:
        self.heard.append((name, line))
        if self.enough(self.heard):
            self.stop()

    def lines(self, name: str) -> list[str]:
        return [line for who, line in self.heard if who == name]


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """No test here waits for ever, whatever is wrong with the code."""
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the supervisor did not return"))
    signal.alarm(30)
    yield
    signal.alarm(0)


def test_output_is_passed_on_line_by_line_under_the_program_s_name() -> None:
    """Every line a program prints is said once, with its name, and so is a last one without end."""
    program = python("talker", "print('one'); print('two'); print('thr', end=''); print('ee')")
    with Listening(lambda heard: any(name == "leadport" for name, _ in heard)) as supervisor:
        supervisor.start(program)
        supervisor.run()

    assert supervisor.lines("talker")[:3] == ["one", "two", "three"]


def test_a_crashed_program_is_named_and_started_again() -> None:
    """A program that is killed runs again soon, as another process, and the terminal says so."""
    with Listening(lambda heard: heard.count(("web", "here")) == 2) as supervisor:
        supervisor.start(python("web", SLEEPER), ready=lambda: bool(supervisor.heard))
        first = supervisor.pids()["web"]
        os.kill(first, signal.SIGKILL)
        supervisor.run()
        second = supervisor.pids()["web"]

    assert first != second
    assert supervisor.lines("leadport") == ["web was ended by SIGKILL; starting it again in 0.05 s"]


def test_a_crashed_program_s_children_do_not_outlive_it() -> None:
    """What a crashed program leaves behind is ended before it is started again."""
    with Listening(lambda heard: len(heard) >= 5, grace=0.3) as supervisor:
        supervisor.start(python("worker", STUBBORN), ready=lambda: len(supervisor.heard) == 2)
        orphan = next(int(p) for p in supervisor.lines("worker") if int(p) != _pid(supervisor))
        os.kill(_pid(supervisor), signal.SIGKILL)
        supervisor.run()

        assert not runs(orphan)


def _pid(supervisor: Supervisor) -> int:
    return supervisor.pids()["worker"]


def test_nothing_is_left_of_programs_that_will_not_end() -> None:
    """A program that ignores SIGTERM is killed after the grace, with its descendants."""
    with Listening(lambda heard: len(heard) == 2, grace=0.3) as supervisor:
        supervisor.start(python("worker", STUBBORN))
        supervisor.run()
        pids = [int(line) for line in supervisor.lines("worker")]
        assert all(runs(pid) for pid in pids)

    assert len(pids) == 2
    until(lambda: not any(runs(pid) for pid in pids))
    assert "worker did not end; killing it" in supervisor.lines("leadport")


def test_what_the_others_need_ends_last() -> None:
    """A program that outlives the rest is asked to end only when they have ended."""
    farewell = """
        import signal, sys, time
        def bye(*_):
            time.sleep(0.3)
            print("bye")
            sys.exit()
        signal.signal(signal.SIGTERM, bye)
        print("here")
        time.sleep(60)
    """
    with Listening(lambda heard: [line for _, line in heard].count("here") == 3) as supervisor:
        supervisor.start(python("valkey", farewell, outlives=True))
        supervisor.start(python("web", farewell))
        supervisor.start(python("worker", farewell))
        supervisor.run()

    ended = [name for name, line in supervisor.heard if line == "bye"]
    assert sorted(ended[:2]) == ["web", "worker"]
    assert ended[2:] == ["valkey"]


def test_a_program_that_cannot_start_is_not_tried_for_ever() -> None:
    """Ending before it was ever ready is a failure with the program's name and its last words."""
    supervisor = Listening(lambda heard: False)
    with supervisor, pytest.raises(NotStarted, match=r"web could not start: it ended with code 3"):
        supervisor.start(python("web", "print('no'); raise SystemExit(3)"), ready=lambda: False)

    assert supervisor.lines("web") == ["no"]


def test_a_killed_supervisor_takes_its_programs_along() -> None:
    """Programs get SIGTERM when the supervisor is killed and cannot end them itself."""
    ours = textwrap.dedent(f"""
        import sys
        from bot.family import Program
        from bot.supervisor import Supervisor
        with Supervisor(lambda name, line: None) as supervisor:
            supervisor.start(Program("web", (sys.executable, "-c", {SLEEPER!r})))
            print(supervisor.pids()["web"], flush=True)
            supervisor.run()
    """)
    with subprocess.Popen([sys.executable, "-c", ours], stdout=subprocess.PIPE) as process:
        assert process.stdout
        child = int(process.stdout.readline())
        assert runs(child)
        process.kill()

    until(lambda: not runs(child))


#: Says what it was given, and ends badly in one way if forked and in another if not.
LOADED = """
    import os, signal, sys
    def main():
        alone = os.getsid(0) == os.getpid() and not os.read(0, 1)
        files = sorted(int(name) for name in os.listdir("/dev/fd"))[:-1]
        fates = [signal.getsignal(n) is signal.SIG_DFL for n in (signal.SIGTERM, signal.SIGHUP)]
        print(__name__, *sys.argv[1:], os.environ["COLOUR"], alone, files, all(fates))
        print("to stderr", file=sys.stderr)
        if __name__ == "loaded":
            raise LookupError("lost")
        sys.exit(4)
    if __name__ == "__main__":
        main()
"""
SUPERVISED = """
    import sys
    import loaded
    from bot.family import Program
    from bot.supervisor import Supervisor, stopped_by_signals
    print("written once, though not yet when we fork")
    def hear(name, line):
        print(name, line)
        if "code 4" in line:
            supervisor.stop()
    with Supervisor(hear, pauses=(0.01,)) as supervisor, stopped_by_signals(supervisor):
        argv = (sys.executable, "-m", "loaded", "--port", "3")
        supervisor.start(Program("web", argv, {"COLOUR": "red"}, main=loaded.main))
        supervisor.run()
"""


def test_what_is_loaded_is_forked_and_after_a_crash_started_from_nothing(tmp_path: Path) -> None:
    """A program whose code is loaded runs in a process forked from ours, with nothing of ours open
    and with what a new one is given; if it crashes, the next one loads its code for itself."""
    (tmp_path / "loaded.py").write_text(textwrap.dedent(LOADED))
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SUPERVISED)],
        env={**os.environ, "PYTHONPATH": f"{Path.cwd()}:{tmp_path}", "PYTHONUNBUFFERED": ""},
        capture_output=True,
        text=True,
    )

    said = [line for line in ran.stdout.splitlines() if "Trace" not in line and "File" not in line]
    assert said[0] == "written once, though not yet when we fork" and said.count(said[0]) == 1
    assert "web loaded --port 3 red True [0, 1, 2] True" in said
    assert "web LookupError: lost" in said and said.count("web to stderr") == 2
    assert "leadport web ended with code 1; starting it again in 0.01 s" in said
    assert "web __main__ --port 3 red True [0, 1, 2] True" in said
    assert said[-1].startswith("leadport web ended with code 4")
    assert ran.stderr == "" and ran.returncode == 0
