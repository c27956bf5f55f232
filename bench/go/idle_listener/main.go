// Idle_listener is a go-libp2p node of TCP, Noise (or TLS) and yamux that takes as many connections as come:
// idle_bench measures its memory. It prints its address, and for each line on stdin, having collected its
// garbage and returned what is free to the system, the number of its connections.
//
//	idle_listener noise|tls
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "idle_listener:", err)
		os.Exit(1)
	}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: idle_listener noise|tls")
		os.Exit(2)
	}
	security := libp2p.Security(noise.ID, noise.New)
	if os.Args[1] == "tls" {
		security = libp2p.Security(libp2ptls.ID, libp2ptls.New)
	}
	resources, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(rcmgr.InfiniteLimits))
	check(err)
	host, err := libp2p.New(
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		security,
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)
	check(err)
	defer host.Close()
	fmt.Printf("%s/p2p/%s\n", host.Addrs()[0], host.ID())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory()
		fmt.Println(len(host.Network().Conns()))
	}
}
