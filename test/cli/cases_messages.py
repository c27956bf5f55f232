"""Messages and the inbox."""

import base64
import concurrent.futures
import re
import subprocess
import threading

from bench import Pair, case, expect_status, inbox, serve
from program import COMMAND_S, require

MESSAGE_MAX = 16 * 1024 * 1024


@case
def a_message_arrives_verified(bench):
    with Pair(bench) as (alice, bob):
        sent = alice.do("send", bob.node_id, "Grüße, bob", "--json").json()
        require(sent["delivered"] is True, f"send printed {sent}")
        [message] = inbox(bob)
        wanted = {
            "number": 1,
            "from_node_id": alice.node_id,
            "from_peer_id": alice.peer_id,
            "text": "Grüße, bob",
            "verified": True,
        }
        require(wanted.items() <= message.items(), f"the inbox has {message}")
        require(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["received_at"]), "bad time")
        text = bob.do("inbox").text()
        require("Grüße, bob" in text and alice.node_id in text and "verified" in text, f"inbox: {text}")


@case
def nodes_with_sm2_identities_do_the_same(bench):
    with Pair(bench, init=("--identity", "sm2")) as (alice, bob):
        alice.do("send", bob.node_id, "by NodeID")
        bob.do("send", alice.peer_id, "by PeerID")
        [to_bob], [to_alice] = inbox(bob), inbox(alice)
        for message, sender in ((to_bob, alice), (to_alice, bob)):
            wanted = {"from_node_id": sender.node_id, "from_peer_id": sender.peer_id, "verified": True}
            require(wanted.items() <= message.items(), f"the inbox has {message}")
        with serve(bob, "upper", "tr a-z A-Z"):
            answer = alice.do("request", bob.node_id, "upper", "abc").text()
            require(answer == "ABC", f"the answer is {answer!r}")


@case
def text_file_and_standard_input_are_the_same(bench):
    with Pair(bench) as (alice, bob):
        file = bench.folder / "letter"
        file.write_bytes(b"from a file\n")
        alice.do("send", bob.node_id, "from the line")
        alice.do("send", bob.peer_id, "--file", file)
        alice.do("send", bob.addresses[0], stdin=b"from standard input")
        alice.do("send", bob.node_id, "")
        alice.do("send", bob.node_id, stdin=bytes(range(256)))
        messages = inbox(bob)
        texts = ["from the line", "from a file\n", "from standard input", ""]
        require([message["text"] for message in messages[:4]] == texts, f"the inbox has {messages}")
        require("text" not in messages[4], "bytes are shown as text")
        require(base64.b64decode(messages[4]["base64"]) == bytes(range(256)), "bytes were changed")
        require([message["number"] for message in messages] == [1, 2, 3, 4, 5], "the numbers jump")
        require(len(inbox(bob, "--after", "3")) == 2, "--after is not heard")
        expect_status(alice.run("send", bob.node_id, "--file", bench.folder / "none"), 1, "none")


@case
def a_terminal_is_safe_from_messages(bench):
    with Pair(bench) as (alice, bob):
        alice.do("send", bob.node_id, stdin=b"\x1b[2Jcleared\r\n#7  from somebody else, verified\n")
        text = bob.do("inbox").text()
        require("\x1b" not in text and "\r" not in text, f"control characters reach the terminal: {text!r}")
        require("\n#7" not in text, f"a text looks like another message: {text!r}")


@case
def follow_shows_old_and_new_messages(bench):
    with Pair(bench) as (alice, bob):
        alice.do("send", bob.node_id, "before")
        with bob.start("inbox", "--follow", "--json") as follower:
            require(follower.event()["text"] == "before", "a stored message is not shown")
            for number in range(3):
                alice.do("send", bob.node_id, f"after {number}")
                require(follower.event()["text"] == f"after {number}", "a new message is not shown")


@case
def sixteen_mebibytes_and_no_more(bench):
    with Pair(bench) as (alice, bob):
        file = bench.folder / "large"
        file.write_bytes(b"x" * MESSAGE_MAX)
        alice.do("send", bob.node_id, "--file", file)
        file.write_bytes(b"x" * (MESSAGE_MAX + 1))
        expect_status(alice.run("send", bob.node_id, "--file", file), 1, "16 MiB")
        [message] = inbox(bob)
        require(message["text"] == "x" * MESSAGE_MAX, "the message was changed")


@case
def messages_at_once_arrive_once_each(bench):
    with Pair(bench) as (alice, bob):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: alice.do("send", bob.node_id, f"n{number}"), range(32)))
        texts = [message["text"] for message in inbox(bob)]
        require(sorted(texts) == sorted(f"n{number}" for number in range(32)), f"the inbox has {texts}")


@case
def the_examples_run(bench):
    letter = ("wrote: hello, bob", "bob answered: HOW ARE YOU?")
    examples = {
        "example_coroutine": letter,
        "example_blocking": letter,
        "example_broadcast": ("tells all: rain at noon\n",),
    }
    for name, texts in examples.items():
        command = [bench.program.parent / name]
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_S, check=False, text=True)
        require(done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr}")
        for text in texts:
            require(text in done.stdout, f"{name} printed {done.stdout}")


@case
def an_acknowledged_message_survives_kill_9_once(bench):
    """The receiver is killed while senders write; what was acknowledged is there after its restart."""
    with Pair(bench) as (alice, bob):
        acknowledged = []
        enough = threading.Event()

        def send(sender):
            for number in range(200):
                text = f"{sender}-{number}"
                if alice.run("send", bob.node_id, text).status != 0:
                    return
                acknowledged.append(text)
                if len(acknowledged) >= 12:
                    enough.set()

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            senders = [pool.submit(send, sender) for sender in range(4)]
            require(enough.wait(COMMAND_S), "hardly a message arrived")
            bob.daemon.kill()
            for sender in senders:
                sender.result()
        require(len(acknowledged) < 800, "the receiver was not killed in between")
        bob.daemon.__exit__(None, None, None)
        bob.up()
        texts = [message["text"] for message in inbox(bob)]
        require(len(set(texts)) == len(texts), "a message is there twice")
        missing = set(acknowledged) - set(texts)
        require(not missing, f"acknowledged, and lost: {missing}")
        # At most the ones in flight may be there without an acknowledgement.
        require(len(texts) <= len(acknowledged) + 4, "messages from nowhere")

        alice.do("connect", bob.addresses[0])
        alice.do("send", bob.node_id, "after the restart")
        require(inbox(bob)[-1]["text"] == "after the restart", "the restarted node takes no messages")
