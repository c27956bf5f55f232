// Relay_server is go-libp2p's circuit relay over TCP and Noise, without limits for its circuits, for
// relay_bench.py. It prints its address, answers each line of stdin with one of its own when it has collected
// its garbage, and ends with its stdin.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"

	"warren/bench/peers/go/plainhost"
)

const many = 20_000

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "relay_server:", err)
		os.Exit(1)
	}
}

func serve() error {
	h, err := plainhost.New()
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
	plainhost.Tell(h)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory() // collects the garbage first
		fmt.Printf("{\"connections\": %d}\n", len(h.Network().Conns()))
	}
	return nil
}
