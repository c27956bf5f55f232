package main

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/multiformats/go-multiaddr"
)

const usage = `usage:
  go_peer listen --transport TRANSPORT [--address IP] [--port N]
  go_peer dial --transport TRANSPORT --address MULTIADDR --op OPERATION [--bytes N] [--count N] [--streams K]
               [--direction up|down] [--each-line]
TRANSPORT is tcp-noise, tcp-tls, quic or ws; OPERATION is throughput, request, connect, handshakes or idle
`

// listenFormats are the addresses that a listener of each transport has.
var listenFormats = map[string]string{
	"tcp-noise": "/ip4/%s/tcp/%d",
	"tcp-tls":   "/ip4/%s/tcp/%d",
	"quic":      "/ip4/%s/udp/%d/quic-v1",
	"ws":        "/ip4/%s/tcp/%d/ws",
}

type options struct {
	listen    bool
	transport string
	address   string
	port      int
	operation string
	amount    int64 // bytes of a transfer, or the number of requests or connections
	streams   int64
	download  bool
	eachLine  bool
}

func readOptions(words []string) (options, error) {
	var o options
	if len(words) == 0 || (words[0] != "listen" && words[0] != "dial") {
		return o, fmt.Errorf("the first word is listen or dial")
	}
	o.listen = words[0] == "listen"
	flags := flag.NewFlagSet("go_peer", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var direction string
	flags.StringVar(&o.transport, "transport", "tcp-noise", "")
	flags.StringVar(&o.address, "address", "127.0.0.1", "")
	flags.IntVar(&o.port, "port", 0, "")
	flags.StringVar(&o.operation, "op", "throughput", "")
	flags.Int64Var(&o.amount, "bytes", 1, "")
	flags.Int64Var(&o.amount, "count", 1, "")
	flags.Int64Var(&o.streams, "streams", 1, "")
	flags.StringVar(&direction, "direction", "up", "")
	flags.BoolVar(&o.eachLine, "each-line", false, "")
	if err := flags.Parse(words[1:]); err != nil {
		return o, err
	}
	o.download = direction == "down"
	if listenFormats[o.transport] == "" {
		return o, fmt.Errorf("there is no transport %q", o.transport)
	}
	if !o.listen && !strings.HasPrefix(o.address, "/") {
		return o, fmt.Errorf("%q is no multiaddr", o.address)
	}
	return o, nil
}

func (o options) listenAddress() (multiaddr.Multiaddr, error) {
	return multiaddr.NewMultiaddr(fmt.Sprintf(listenFormats[o.transport], o.address, o.port))
}
