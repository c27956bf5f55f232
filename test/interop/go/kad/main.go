// Kad is a stock go-libp2p node with a stock go-libp2p-kad-dht server, for Warren's interoperability tests. Lines on
// stdin drive it, JSON lines on stdout report; test/interop/README.md, "The peers of a DHT", has the lines.
package main

import (
	"context"
	"flag"

	"warren/test/interop/listener"
)

const usage = `usage:
  kad listen [--addr MULTIADDR] [--network NAME [--blind]] [--bootstrap MULTIADDR] [--seconds N] [--timeout N]
without --network in /ipfs/kad/1.0.0, else in /warren/NAME/kad/1.0.0, whose values --blind does not check
`

type event = listener.Event

type options struct {
	network   string
	blind     bool
	bootstrap string
}

func main() {
	var o options
	listener.Main(listener.Program{
		Name:  "kad",
		Usage: usage,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&o.network, "network", "", "name of a Warren network")
			flags.BoolVar(&o.blind, "blind", false, "take any value")
			flags.StringVar(&o.bootstrap, "bootstrap", "", "whom to connect to at the start")
		},
		Start: func(ctx context.Context, addr string) (listener.Node, error) { return newNode(ctx, addr, o) },
	})
}
