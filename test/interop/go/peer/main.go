// Peer is a stock go-libp2p node for Warren's interoperability tests: TCP and WebSocket with Noise (or TLS) and
// yamux, and QUIC, nothing else. Flags and lines on stdin drive it, JSON lines on stdout report. The line protocol, which
// Warren's own test peer speaks too, is written down in test/interop/README.md.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const usage = `usage:
  peer listen [--addr MULTIADDR[,MULTIADDR...]] [--security noise|tls|both] [--key-type TYPE]
              [--psk KEYFILE] [--certificates FOLDER] [--retry] [--seconds N] [--timeout N]
  peer dial MULTIADDR [--identify] [--ping N] [--echo-streams N --echo-bytes B] [--hold]
                      [--addr MULTIADDR[,MULTIADDR...]|none] [--security noise|tls|both] [--key-type TYPE]
                      [--psk KEYFILE] [--certificates FOLDER] [--retry] [--seconds N] [--timeout N]
TYPE is ed25519 (the default), secp256k1, ecdsa, rsa, or sm2, which also makes the peer know that type;
KEYFILE makes the peer a member of the private network with that pre-shared key;
FOLDER has chain.pem and key.pem for its own wss addresses, and ca.pem that those of others end at;
with --retry, who dials over QUIC has to show its address first
Behind routers, both:
              [--circuits] [--auto-relay MULTIADDR] [--punch] [--autonat] [--private]
              [--relay [--circuit-seconds N --circuit-bytes N]]
--circuits dials and accepts relayed connections (circuit relay v2), --relay relays for others, without limits
unless there are some; --auto-relay lets go-libp2p's AutoRelay reserve at that relay; --autonat serves AutoNAT v1
and v2, and can ask; --punch seeks direct paths through NATs (DCUtR); --private makes addresses that are not public as good as others, where go-libp2p can be told
so: in its relay and in AutoNAT v2, not in v1
`

// Exit statuses, the same as Warren's test peer has.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

type options struct {
	addr     string
	security string
	keyType  string
	psk      string
	folder   string // of certificates
	retry    bool
	nat      natOptions
	seconds  int
	timeout  int

	// dial only
	target      string
	identify    bool
	pings       int
	echoStreams int
	echoBytes   int64
	hold        bool
}

func parse(args []string) (command string, o options, err error) {
	if len(args) == 0 {
		return "", o, errors.New("no command")
	}
	command, args = args[0], args[1:]
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVar(&o.addr, "addr", "/ip4/127.0.0.1/tcp/0", "listening addresses, separated by commas, or none")
	flags.StringVar(&o.security, "security", "noise", "the security protocols: noise, tls, or both in stock order")
	flags.StringVar(&o.keyType, "key-type", "ed25519", "key of the host: ed25519, secp256k1, ecdsa (P-256), rsa (2048 bits) or sm2")
	flags.StringVar(&o.psk, "psk", "", "file with the pre-shared key of a private network (swarm.key)")
	flags.StringVar(&o.folder, "certificates", "", "folder with ca.pem, chain.pem and key.pem, for wss")
	flags.BoolVar(&o.retry, "retry", false, "whether all who dial over QUIC have to show their address first")
	flags.BoolVar(&o.nat.circuits, "circuits", false, "whether it dials and accepts relayed connections")
	flags.StringVar(&o.nat.autoRelay, "auto-relay", "", "a relay that AutoRelay reserves at")
	flags.BoolVar(&o.nat.relay, "relay", false, "whether it relays for others")
	flags.IntVar(&o.nat.circuitSeconds, "circuit-seconds", 0, "time limit of a circuit")
	flags.Int64Var(&o.nat.circuitBytes, "circuit-bytes", 0, "limit of a circuit's bytes, each way")
	flags.BoolVar(&o.nat.autonat, "autonat", false, "whether it serves AutoNAT, and can ask")
	flags.BoolVar(&o.nat.punch, "punch", false, "whether it seeks direct paths through NATs")
	flags.BoolVar(&o.nat.private, "private", false, "whether private addresses are as good as public ones")
	flags.IntVar(&o.seconds, "seconds", 120, "time limit of the whole run")
	flags.IntVar(&o.timeout, "timeout", 30, "time limit of each step, in seconds")
	switch command {
	case "listen":
	case "dial":
		if len(args) == 0 || len(args[0]) == 0 || args[0][0] == '-' {
			return command, o, errors.New("dial needs a multiaddr")
		}
		o.target, args = args[0], args[1:]
		flags.BoolVar(&o.identify, "identify", false, "report what the peer said of itself")
		flags.IntVar(&o.pings, "ping", 0, "number of pings")
		flags.IntVar(&o.echoStreams, "echo-streams", 0, "number of concurrent echo streams")
		flags.Int64Var(&o.echoBytes, "echo-bytes", 0, "payload of each echo stream")
		flags.BoolVar(&o.hold, "hold", false, "afterwards stay connected and obey stdin")
	default:
		return command, o, fmt.Errorf("unknown command %q", command)
	}
	if err := flags.Parse(args); err != nil {
		return command, o, err
	}
	if flags.NArg() > 0 {
		return command, o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.seconds <= 0 || o.timeout <= 0 || o.pings < 0 || o.echoStreams < 0 || o.echoBytes < 0 ||
		o.nat.circuitSeconds < 0 || o.nat.circuitBytes < 0 {
		return command, o, errors.New("numbers must be positive")
	}
	return command, o, nil
}

func main() {
	command, o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n%s", err, usage)
		os.Exit(exitUsage)
	}
	limit := time.Duration(o.seconds) * time.Second
	// Nothing may outlive its limit, not even a shutdown that hangs.
	time.AfterFunc(limit+5*time.Second, func() { os.Exit(exitFailed) })
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	status := run(ctx, command, o)
	cancel()
	os.Exit(status)
}

func run(ctx context.Context, command string, o options) int {
	node, err := newNode(o)
	if err != nil {
		emitError("start", err)
		return exitFailed
	}
	defer node.close()
	emit(readyEvent{Event: "ready", PeerID: node.host.ID().String(), Addresses: node.addresses()})
	if command == "listen" {
		node.obey(ctx, readLines(os.Stdin))
		return exitDone
	}
	if err := node.dial(ctx, o); err != nil {
		return exitFailed
	}
	if o.hold {
		emit(doneEvent{Event: "done"})
		node.obey(ctx, readLines(os.Stdin))
	}
	return exitDone
}

// readLines hands over the lines of a file and closes the channel at its end.
func readLines(file *os.File) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(file)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
	}()
	return lines
}
