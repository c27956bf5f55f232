// Kad is a stock go-libp2p node with a stock go-libp2p-kad-dht server, for Warren's interoperability tests. Lines on
// stdin drive it, JSON lines on stdout report; test/interop/README.md, "The peers of a DHT", has the lines.
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
  kad listen [--addr MULTIADDR] [--network NAME [--blind]] [--bootstrap MULTIADDR] [--seconds N] [--timeout N]
without --network in /ipfs/kad/1.0.0, else in /warren/NAME/kad/1.0.0, whose values --blind does not check
`

const exitUsage = 2

type options struct {
	addr      string
	network   string
	blind     bool
	bootstrap string
	seconds   int
	timeout   int
}

func parse(args []string) (o options, err error) {
	if len(args) == 0 || args[0] != "listen" {
		return o, errors.New("the only command is listen")
	}
	flags := flag.NewFlagSet("listen", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVar(&o.addr, "addr", "/ip4/127.0.0.1/tcp/0", "listening address")
	flags.StringVar(&o.network, "network", "", "name of a Warren network")
	flags.BoolVar(&o.blind, "blind", false, "take any value")
	flags.StringVar(&o.bootstrap, "bootstrap", "", "whom to connect to at the start")
	flags.IntVar(&o.seconds, "seconds", 120, "time limit of the whole run")
	flags.IntVar(&o.timeout, "timeout", 30, "time limit of each step, in seconds")
	if err := flags.Parse(args[1:]); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.seconds <= 0 || o.timeout <= 0 {
		return o, errors.New("unexpected arguments")
	}
	return o, nil
}

func emit(event map[string]any) {
	// A reader that is gone shows as the end of stdin as well.
	_ = json.NewEncoder(os.Stdout).Encode(event)
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "kad: %v\n%s", err, usage)
		os.Exit(exitUsage)
	}
	limit := time.Duration(o.seconds) * time.Second
	// Nothing may outlive its limit, not even a shutdown that hangs.
	time.AfterFunc(limit+5*time.Second, func() { os.Exit(1) })
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := run(ctx, o); err != nil {
		emit(map[string]any{"event": "error", "command": "start", "error": err.Error()})
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	n, err := newNode(ctx, o)
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
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		step, cancel := context.WithTimeout(ctx, time.Duration(o.timeout)*time.Second)
		event, err := n.command(step, words)
		cancel()
		if err != nil {
			event = map[string]any{"event": "error", "command": words[0], "error": err.Error()}
		}
		emit(event)
	}
	return nil
}
