// Pubsub is a stock go-libp2p node with a stock go-libp2p-pubsub, for Warren's interoperability tests. Lines on stdin
// drive it, JSON lines on stdout report; test/interop/README.md, "The peers of topics", has the lines.
package main

import (
	"context"
	"errors"
	"flag"

	"warren/test/interop/listener"
)

const usage = `usage:
  pubsub listen [--addr MULTIADDR] [--version 1.3|1.2|1.1|1.0|floodsub] [--gossip-only] [--raw] [--seconds N] [--timeout N]
--gossip-only keeps the mesh empty; --raw speaks the protocol by hand, to send what the stock node would not
`

type event = listener.Event

type options struct {
	version    string
	gossipOnly bool
	raw        bool
}

func main() {
	var o options
	listener.Main(listener.Program{
		Name:  "pubsub",
		Usage: usage,
		Flags: func(flags *flag.FlagSet) {
			flags.StringVar(&o.version, "version", "1.3", "the newest version that it speaks")
			flags.BoolVar(&o.gossipOnly, "gossip-only", false, "nobody is in its mesh")
			flags.BoolVar(&o.raw, "raw", false, "no pubsub: the protocol by hand")
		},
		Check: func() error {
			if _, known := protocols[o.version]; !known {
				return errors.New("unknown version")
			}
			return nil
		},
		Start: func(ctx context.Context, addr string) (listener.Node, error) {
			if o.raw {
				return newRawNode(addr, o)
			}
			return newNode(ctx, addr, o)
		},
	})
}
