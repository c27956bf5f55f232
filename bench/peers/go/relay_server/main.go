// Relay_server is go-libp2p's circuit relay over TCP and Noise, without limits for its circuits, for
// relay_bench.py. It prints its address, answers each line of stdin with one of its own when it has collected
// its garbage, and ends with its stdin.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

const many = 20_000

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "relay_server:", err)
		os.Exit(1)
	}
}

func serve() error {
	h, err := libp2p.New(
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(noise.ID, noise.New),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)
	if err != nil {
		return err
	}
	// Stock, but for how many it serves: all come from one address here.
	resources := relay.DefaultResources()
	resources.MaxReservations = many
	resources.MaxReservationsPerIP = many
	r, err := relay.New(h, relay.WithResources(resources), relay.WithInfiniteLimits())
	if err != nil {
		return err
	}
	defer r.Close()
	fmt.Printf("%s/p2p/%s\n", h.Addrs()[0], h.ID())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory() // collects the garbage first
		fmt.Printf("{\"connections\": %d}\n", len(h.Network().Conns()))
	}
	return nil
}
