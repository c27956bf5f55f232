"""`warren up --qlog-dir`: what became of each packet, for who wants to know why a connection is slow."""

import json

from bench import Pair, case
from program import require


@case
def qlog_files_tell_of_each_quic_connection(bench):
    folder = bench.folder / "qlog"
    with Pair(bench, "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--qlog-dir", folder) as (alice, bob):
        alice.do("ping", bob.node_id, "--count", "1")
    files = list(folder.glob("*.sqlog"))
    for side in ("client", "server"):
        require(any(f"-{side}-" in file.name for file in files), f"no {side} among {files}")
    for file in files:
        # JSON text sequences (RFC 7464): each record begins with a record separator.
        text = file.read_text(encoding="utf-8")
        records = [json.loads(record) for record in text.split("\x1e") if record.strip()]
        require("qlog_version" in records[0], f"{file.name} begins with {records[0]}")
        require(len(records) > 10, f"{file.name} has {len(records)} records")
