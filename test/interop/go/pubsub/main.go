// Pubsub is a stock go-libp2p node with a stock go-libp2p-pubsub, for Warren's interoperability tests. Lines on stdin
// drive it, JSON lines on stdout report; test/interop/README.md, "The peers of topics", has the lines.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

const usage = `usage:
  pubsub listen [--addr MULTIADDR] [--version 1.3|1.2|1.1|1.0|floodsub] [--gossip-only] [--raw] [--seconds N] [--timeout N]
--gossip-only keeps the mesh empty; --raw speaks the protocol by hand, to send what the stock node would not
`

const exitUsage = 2

type options struct {
	addr       string
	version    string
	gossipOnly bool
	raw        bool
	seconds    int
	timeout    int
}

func parse(args []string) (o options, err error) {
	if len(args) == 0 || args[0] != "listen" {
		return o, errors.New("the only command is listen")
	}
	flags := flag.NewFlagSet("listen", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVar(&o.addr, "addr", "/ip4/127.0.0.1/tcp/0", "listening address")
	flags.StringVar(&o.version, "version", "1.3", "the newest version that it speaks")
	flags.BoolVar(&o.gossipOnly, "gossip-only", false, "nobody is in its mesh")
	flags.BoolVar(&o.raw, "raw", false, "no pubsub: the protocol by hand")
	flags.IntVar(&o.seconds, "seconds", 120, "time limit of the whole run")
	flags.IntVar(&o.timeout, "timeout", 30, "time limit of each step, in seconds")
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	if _, known := protocols[o.version]; !known || flags.NArg() > 0 || o.seconds <= 0 || o.timeout <= 0 {
		return o, errors.New("unexpected arguments")
	}
	return o, nil
}

type event = map[string]any

func emit(e event) {
	// A reader that is gone shows as the end of stdin as well.
	_ = json.NewEncoder(os.Stdout).Encode(e)
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "pubsub: %v\n%s", err, usage)
		os.Exit(exitUsage)
	}
	limit := time.Duration(o.seconds) * time.Second
	// Nothing may outlive its limit, not even a shutdown that hangs.
	time.AfterFunc(limit+5*time.Second, func() { os.Exit(1) })
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx, o); err != nil {
		emit(event{"event": "error", "command": "start", "error": err.Error()})
		os.Exit(1)
	}
}

// obeyer is a node of either kind.
type obeyer interface {
	ready() (event, error)
	command(ctx context.Context, words []string) (event, error)
	close()
}

func start(ctx context.Context, o options) (obeyer, error) {
	if o.raw {
		return newRawNode(o)
	}
	return newNode(ctx, o)
}

func run(ctx context.Context, o options) error {
	n, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer n.close()
	ready, err := n.ready()
	if err != nil {
		return err
	}
	emit(ready)
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		step, cancel := context.WithTimeout(ctx, time.Duration(o.timeout)*time.Second)
		e, err := n.command(step, words)
		cancel()
		if err != nil {
			e = event{"event": "error", "command": words[0], "error": err.Error()}
		}
		emit(e)
	}
	return nil
}
