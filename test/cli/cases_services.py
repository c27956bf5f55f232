"""Services and requests: warren serve, warren request."""

import concurrent.futures
import os
import threading

from bench import Pair, case, expect_status, serve, wait_until
from pace import expect_soon, in_some_try, seconds
from program import require

# Commands of services that hang do so for five minutes.
HELD_UP_S = 60


@case
def a_request_is_answered_by_a_command(bench):
    with Pair(bench) as (alice, bob), serve(bob, "upper", "tr a-z A-Z"):
        require(alice.do("request", bob.node_id, "upper", "hello").stdout == b"HELLO", "a wrong answer")
        require(alice.do("request", bob.peer_id, "upper", stdin=b"in").stdout == b"IN", "a wrong answer")
        require(alice.do("request", bob.node_id, "upper", "").stdout == b"", "a wrong answer")
        services = bob.do("status", "--json").json()["services"]
        require(services == ["upper"], f"status names the services {services}")


def expect_good_end(node):
    require(node.daemon.stop() == 0, "the daemon did not end in good order")


@case
def ten_mebibytes_come_back_unchanged_twice_at_once(bench):
    payloads = [os.urandom(10 * 1024 * 1024) for _ in range(2)]
    with Pair(bench) as (alice, bob), serve(bob, "cat", "cat"):

        def ask(payload):
            return alice.do("request", bob.node_id, "cat", "--timeout", "100", stdin=payload).stdout

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(ask, payloads))
        require(answers == payloads, "the bytes were changed")
        for node in (alice, bob):
            large = seconds(lambda node=node: expect_good_end(node))
            node.up()
            usual = seconds(lambda node=node: expect_good_end(node))
            expect_soon("the end of a daemon that had large messages", large, 5, usual)


@case
def the_command_knows_who_asks(bench):
    command = 'printf "%s %s %s" "$WARREN_FROM_NODE_ID" "$WARREN_FROM_PEER_ID" "$WARREN_SERVICE"'
    with Pair(bench) as (alice, bob), serve(bob, "who", command):
        words = alice.do("request", bob.node_id, "who", "").text().split()
        require(words == [alice.node_id, alice.peer_id, "who"], f"the command was told {words}")


@case
def what_is_not_served_is_status_1(bench):
    with Pair(bench) as (alice, bob):
        expect_status(alice.run("request", bob.node_id, "nothing", "x"), 1, "serve")
        with serve(bob, "once", "cat") as service:
            expect_status(bob.run("serve", "once", "--exec", "cat"), 1, "once")
            require(service.interrupt() == 0, f"serve ended with {service.process.returncode}")
        expect_status(alice.run("request", bob.node_id, "once", "x"), 1)
        with serve(bob, "once", "cat"):
            require(alice.do("request", bob.node_id, "once", "again").stdout == b"again", "not served again")
        expect_status(bob.run("serve", "two words", "--exec", "cat"), 2)


@case
def a_failed_command_is_a_failed_request(bench):
    with Pair(bench) as (alice, bob):
        with serve(bob, "false", "echo partial; exit 7"):
            result = alice.run("request", bob.node_id, "false", "x")
            expect_status(result, 1, "exit status 7")
            require(result.stdout == b"", "a failed request printed something")
        with serve(bob, "signal", "kill -9 $$"):
            expect_status(alice.run("request", bob.node_id, "signal", "x"), 1, "signal 9")
        # It need not read its input, nor keep its output open.
        with serve(bob, "deaf", "exec 0<&-; echo deaf"):
            answer = alice.do("request", bob.node_id, "deaf", stdin=b"x" * 1000000).stdout
            require(answer == b"deaf\n", f"the answer is {answer!r}")


def is_running(pid):
    """Not as a zombie, which somebody else may leave there."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@case
def the_time_limit_kills_the_whole_group(bench):
    pids = bench.folder / "pids"
    command = f"sleep 300 & echo $$ $! > {pids}; wait"
    with Pair(bench) as (alice, bob), serve(bob, "slow", command, "--time-limit", "0.5"):

        def ask():
            result = alice.run("request", bob.node_id, "slow", "x")
            expect_status(result, 1, "longer than 500 ms")
            require(result.seconds < HELD_UP_S, f"it took {result.seconds:.1f} s")
            require(pids.exists() and pids.read_text().endswith("\n"), "the command had not begun")

        in_some_try(ask)
        for pid in pids.read_text().split():
            wait_until(lambda pid=pid: not is_running(pid), f"process {pid} was left behind")


@case
def the_size_limit_ends_an_endless_answer(bench):
    with Pair(bench) as (alice, bob):
        with serve(bob, "yes", "yes"):
            expect_status(alice.run("request", bob.node_id, "yes", "x"), 1, "larger than 16 MiB")
        with serve(bob, "ten", "cat", "--size-limit", "10"):
            require(alice.do("request", bob.node_id, "ten", "0123456789").stdout == b"0123456789", "cut")
            expect_status(alice.run("request", bob.node_id, "ten", "0123456789a"), 1, "larger than 10 bytes")


@case
def a_left_behind_child_does_not_hold_the_answer(bench):
    pid_file = bench.folder / "pid"
    with Pair(bench) as (alice, bob), serve(bob, "fork", f"sleep 300 & echo $! > {pid_file}; echo done"):
        result = alice.do("request", bob.node_id, "fork", "x")
        require(result.stdout == b"done\n" and result.seconds < HELD_UP_S, "the answer was held up")
        pid = pid_file.read_text().strip()
        wait_until(lambda: not is_running(pid), "the child was left behind")


@case
def jobs_bounds_how_many_run(bench):
    running = bench.folder / "running"
    running.mkdir()
    command = f"touch {running}/$$; ls {running} | wc -l; sleep 0.2; rm {running}/$$"
    with Pair(bench) as (alice, bob), serve(bob, "count", command, "--jobs", "2"):
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            asked = [pool.submit(alice.do, "request", bob.node_id, "count", "") for _ in range(6)]
        counts = [int(answer.result().text()) for answer in asked]
        require(max(counts) <= 2, f"as many as {max(counts)} ran at once")


@case
def a_slow_service_times_out_at_the_requester(bench):
    with Pair(bench) as (alice, bob), serve(bob, "slow", "sleep 300"):
        result = alice.run("request", bob.node_id, "slow", "x", "--timeout", "1")
        expect_status(result, 4)
        require(result.seconds < HELD_UP_S, f"it took {result.seconds:.1f} s")


@case
def stopping_a_service_fails_its_requests_at_once(bench):
    started = bench.folder / "started"
    os.mkfifo(started)
    with Pair(bench) as (alice, bob), serve(bob, "slow", f"echo > {started}; sleep 300") as service:
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(alice.run, "request", bob.node_id, "slow", "x")
            started.read_text()
            require(service.interrupt() == 0, f"serve ended with {service.process.returncode}")
            expect_status(answer.result(), 1)
            require(answer.result().seconds < HELD_UP_S, "the requester was not told")


@case
def kill_9_of_the_other_side_is_an_error_and_no_hang(bench):
    started = bench.folder / "started"
    os.mkfifo(started)
    with Pair(bench) as (alice, bob), serve(bob, "slow", f"echo > {started}; sleep 300"):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            answer = pool.submit(alice.run, "request", bob.node_id, "slow", "x", "--timeout", "20")
            started.read_text()
            bob.daemon.kill()
            result = answer.result()
        expect_status(result, 4)
        require(result.seconds < HELD_UP_S, f"it took {result.seconds:.0f} s")


@case
def many_requests_at_once(bench):
    with Pair(bench) as (alice, bob), serve(bob, "upper", "tr a-z A-Z"):
        lock = threading.Lock()
        wrong = []

        def ask(number):
            answer = alice.do("request", bob.node_id, "upper", f"number {number}").text()
            if answer != f"NUMBER {number}":
                with lock:
                    wrong.append((number, answer))

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(32)))
        require(not wrong, f"wrong answers: {wrong}")
