"""What tools/tidy.py enforces, as data: layers, sizes, banned names, places of `catch`, words. STYLE.md has
the reasons. A place is a path prefix from the root: a folder ends in "/", a file may leave out its ending.
"""

# --- Layers ---------------------------------------------------------------------------------------
# Below core, each folder names what it sees. The folders above core see it and all below, not each other.
LOWER = {
    "base": set(),
    "multiformats": {"base"},
    "async": {"base"},
    "crypto": {"base", "multiformats"},
    "env": {"base", "async"},
    "core": {"base", "multiformats", "async", "crypto", "env"},
}
UPPER = {
    "negotiation",
    "security",
    "muxer",
    "transport",
    "swarm",
    "storage",
    "protocols",
    "messaging",
    "broadcast",
    "compute",
    "sim",
}
TOP = {"node"}  # sees everything: it is where things are wired

# In these, each subfolder is a sibling of the others (protocols/ping does not see protocols/identify).
SPLIT = {"security", "muxer", "transport", "protocols"}

# Libraries that are not named as their folder in warren/ is: protocols with a library of their own.
MODULE_FOLDERS = {
    "kad": "protocols/kad",
    "kad_routing": "protocols/kad",
    "kad_wire": "protocols/kad",
    "mdns": "protocols/mdns",
    "presence": "protocols/presence",
    "rendezvous": "protocols/rendezvous",
    "stun": "protocols/stun",
    "autonat": "protocols/autonat",
    "relay": "protocols/relay",
    "dcutr": "protocols/dcutr",
    "spray": "protocols/spray",
    "pubsub": "protocols/pubsub",
    "pubsub_wire": "protocols/pubsub",
    "pubsub_score": "protocols/pubsub",
    "pubsub_router": "protocols/pubsub",
}

# (who, whom): why. Named by folder, or by folder and subfolder.
LAYER_EXCEPTIONS = {
    ("swarm", "negotiation"): "the upgrader and the host negotiate what runs on a pipe",
    ("transport/quic", "security/tls"): "libp2p's certificate is the same over QUIC and over TCP",
    ("broadcast", "messaging"): "what is broadcast travels in the same signed envelopes as messages",
    ("broadcast", "protocols/pubsub"): "broadcasts are gossipsub with envelopes, numbers and repair",
    ("transport/websocket", "security/tls"): "secure WebSockets speak the web's TLS, with the same records",
}

# Tests, and headers that only tests include: they may use siblings of their module.
TEST_FILE = r"_test\.cpp$|/(?:test_|testing)\w*\.hpp$"

# env/real is the kernel: the library sees env's interfaces, and only who starts a program chooses it.
REAL_USERS = ("warren/env/real/", "warren/node/", "app/", "test/", "bench/", "examples/")

# --- Sizes ----------------------------------------------------------------------------------------
FILE_LINES_MAX = 500
LINE_COLUMNS_MAX = 110
FUNCTION_LINES_MAX = 70
SIZED = (".hpp", ".cpp", ".py", ".proto", ".go", ".sh", ".cmake")
NARROW = (".hpp", ".cpp", ".py", ".proto")  # whose lines are measured

# --- Banned names ---------------------------------------------------------------------------------
# (pattern in code without comments and strings, places where it is allowed, what, what to do instead)
REAL = ("warren/env/real/",)
PROGRAMS = ("app/", "bench/", "examples/")  # they run on a real machine, and nothing simulates them
BANNED = [
    (
        r"\b(?:steady_clock|system_clock|high_resolution_clock|utc_clock)::now\b"
        r"|\b(?:clock_gettime|gettimeofday)\b|\bstd::time\s*\(",
        REAL + PROGRAMS + ("test/",),
        "a clock is read",
        "take `now` as an argument, or ask env::Clock",
    ),
    (
        r"\bstd::j?thread\b|\bpthread_create\b|\bthread_pool\b",
        REAL
        + PROGRAMS
        + ("test/", "warren/async/offload", "warren/crypto/sm2_test", "warren/crypto/key_types_test")
        + ("warren/node/blocking_node_test",),
        "a thread",
        "one node is one thread; heavy work goes through Offload",
    ),
    (
        r"\bstd::(?:recursive_|shared_)?mutex\b|\bstd::condition_variable\b|\bstrand\b",
        REAL + PROGRAMS + ("test/", "warren/async/offload", "warren/storage/"),  # called on the pool
        "a lock",
        "one node is one thread; post to it instead",
    ),
    (
        r"\bstd::this_thread\b|\b(?:usleep|nanosleep)\b",
        REAL,
        "a sleep",
        "wait for an event, or on env::Clock; a test that sleeps fails one day",
    ),
    (
        r"\brandom_device\b|\bRAND_(?:priv_)?bytes\b|\brandombytes\w*|\b(?:getrandom|getentropy|arc4random)\b"
        r"|\bstd::s?rand\s*\(",
        REAL + ("warren/crypto/random", "bench/"),
        "randomness from the system",
        "draw from env::Random, so that a seed repeats the run",
    ),
    (
        r"\b(?:getaddrinfo|getnameinfo|gethostbyname|gethostbyaddr)\b",
        REAL + ("test/",),
        "name resolution",
        "ask env::Network",
    ),
    (
        r"\basio::detached\b|\.detach\s*\(\s*\)",
        (),
        "work that nobody joins",
        "spawn it in a TaskGroup that its owner closes",
    ),
    (
        r"\bawaitable_operators\b",
        (),
        "Asio's awaitable operators",
        "use with_timeout or race: `a || b` waits for the first success, not the first end",
    ),
    (
        r"\b(?:enable_)?shared_from_this\b",
        (),
        "shared ownership of oneself",
        "give it one owner, which closes its TaskGroup before it goes",
    ),
    (
        r"\bstd::(?:cout|cerr|clog)\b",
        PROGRAMS + ("test/", "cmake/"),
        "output from the library",
        "log through warren/base/log.hpp; the program decides where it goes",
    ),
]

# The same for #include lines: (pattern on the included path, places, what, what to do)
BANNED_INCLUDES = [
    (r"boost/asio\.hpp$", (), "all of Asio", "include what is used; the umbrella costs 8 s a file"),
    (
        r"boost/asio/experimental/awaitable_operators",
        (),
        "Asio's awaitable operators",
        "use with_timeout or race",
    ),
    (
        r"boost/asio/(?:ip/|local/|posix/|\w*timer|\w*socket\w*|serial_port|signal_set|thread_pool|\w*file)",
        REAL + PROGRAMS + ("warren/async/", "warren/sim/", "test/"),
        "Asio's sockets and timers",
        "go through env::Network and env::Clock",
    ),
    (
        r"sys/socket\.h|netdb\.h|netinet/|sys/epoll\.h|ifaddrs\.h|net/if\.h",
        REAL + ("test/", "bench/"),
        "the kernel's network interface",
        "go through env::Network",
    ),
    (r"^ares", REAL, "the DNS library", "go through env/resolver.hpp"),
    (
        r"^ldns/",
        ("warren/protocols/mdns/packet.cpp",),
        "the library of DNS packets",
        "go through mdns/packet.hpp",
    ),
    (r"sqlite3\.h", ("warren/storage/",), "SQLite", "go through core's store interfaces"),
    (
        r"openssl/|sodium",
        ("warren/crypto/", "warren/security/tls/", "bench/"),
        "a cryptographic library",
        "add what is missing to warren/crypto",
    ),
    (
        r"ngtcp2/|gnutls/",
        ("warren/transport/quic/engine", "warren/transport/quic/packet")
        + ("warren/transport/quic/socket_address", "warren/transport/quic/tls_session.cpp")
        + ("warren/transport/quic/tls_library",),
        "the QUIC library",
        "go through quic::Engine and packet.hpp: its API differs from version to version",
    ),
    (
        r"google/protobuf/|\.pb\.h$",
        ("*.cpp", "app/", "test/"),
        "protobuf in a header",
        "decode in the .cpp file; headers have plain structs",
    ),
    (r"^grpc", ("app/",), "gRPC", "the control service is app/'s own"),
    (r"^iostream$", PROGRAMS + ("test/", "cmake/"), "<iostream>", "log through warren/base/log.hpp"),
]

# --- Where `catch` is legal -----------------------------------------------------------------------
CATCH_PLACES = {
    "warren/async/as_result": "turns a thrown end of a conversation into a value",
    "warren/async/task_group": "the end of every spawned task",
    "warren/async/cancellation": "carries an exception from a task to who waits for it",
    "warren/async/offload": "carries an exception from a worker to who waits for it",
    "warren/async/race": "carries an exception from a task to who waits for it",
    "warren/env/real/": "translates Asio's exceptions into ours",
    "warren/node/blocking_node": "the boundary to the application's handlers and constructors",
    "app/loop_calls": "the end of a call of the control API, which becomes its status",
    "app/main.cpp": "says it in one sentence and sets the exit status",
    "cmake/test_main.cpp": "main of the test programs",
    "test/fuzz/": "main of the fuzz targets",
    "test/sim/dht/": "main of the DHT's simulation",
    "test/threads/": "calls of the blocking node, whose errors are exceptions",
    "bench/": "main of the benchmarks",
    "examples/": "main of the examples",
}

# --- Names ----------------------------------------------------------------------------------------
EMPTY_SUFFIXES = ("Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Impl")
NAMES_ALLOWED = {"ConnectionManager"}  # libp2p's own word

# --- Words ----------------------------------------------------------------------------------------
# (pattern, what, what to do), in every text file but these. The product's text is about the product.
WORDS_EXEMPT = ("tools/tidy", "LICENSE", "test/vectors/", "test/fuzz/corpus/")
WORDS = [
    (r"\b(?:TODO|FIXME|XXX|HACK)\b", "a note to oneself", "do it, or open an issue"),
    (
        r"(?<![\w.:~$}/])/(?:work|home|root|Users)/[\w.]",
        "a path of one machine",
        "write it relative to the repository",
    ),
    (r"/tmp/(?:ref|wb)\b", "a path of one machine", "name the project and the file instead"),
    (
        r"https?://(?:[\w-]+\.)*(?:proxy|registry|mirror|artifactory|nexus)\.",
        "the host of a package registry",
        "name the package",
    ),
    (
        r"\b(?:AI|LLMs?)\b|(?i:(?<!user )(?<!user-)(?<!identify )(?<!ICE )\bagents?\b(?! version))",
        "a word about how the text was made",
        "write about Warren",
    ),
]
