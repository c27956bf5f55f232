// Mdns is a stock go-libp2p node that looks for its neighbors and lets itself be found (test/net/cases_mdns.py):
//
//	mdns MULTIADDR...
//
// It listens there, reports itself and whom it finds as JSON lines on stdout, and says goodbye when stdin ends.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

type event struct {
	Event     string   `json:"event"`
	PeerID    string   `json:"peer_id"`
	Addresses []string `json:"addresses"`
}

type reporter struct{}

func (reporter) HandlePeerFound(info peer.AddrInfo) {
	report("found", info)
}

func report(name string, info peer.AddrInfo) {
	e := event{Event: name, PeerID: info.ID.String()}
	for _, address := range info.Addrs {
		e.Addresses = append(e.Addresses, address.String())
	}
	line, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	os.Stdout.Write(append(line, '\n')) // in one piece: events come from several goroutines
}

func run(addresses []string) error {
	host, err := libp2p.New(libp2p.ListenAddrStrings(addresses...), libp2p.DisableRelay(), libp2p.DisableMetrics())
	if err != nil {
		return err
	}
	defer host.Close()
	service := mdns.NewMdnsService(host, "", reporter{})
	if err := service.Start(); err != nil {
		return err
	}
	defer service.Close()
	report("ready", peer.AddrInfo{ID: host.ID(), Addrs: host.Addrs()})
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mdns:", err)
		os.Exit(1)
	}
}
