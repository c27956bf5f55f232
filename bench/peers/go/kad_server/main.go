// Kad_server is a DHT server of go-libp2p-kad-dht with 200 peers in its routing table, over TCP and Noise, for
// find_node_bench.py. It prints its address, and ends with its stdin.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"math/bits"
	"os"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/multiformats/go-multiaddr"

	"warren/bench/peers/go/plainhost"
)

const (
	table  = 200
	bucket = 20
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "kad_server:", err)
		os.Exit(1)
	}
}

func serve() error {
	h, err := plainhost.New()
	if err != nil {
		return err
	}
	// Stock, but for what it does against addresses on loopback, and without looking after a table of peers that
	// do not exist.
	d, err := dht.New(h,
		dht.Mode(dht.ModeServer),
		dht.DisableAutoRefresh(),
		dht.AddressFilter(func(addresses []multiaddr.Multiaddr) []multiaddr.Multiaddr { return addresses }),
		dht.RoutingTableFilter(func(any, peer.ID) bool { return true }),
		dht.QueryFilter(func(any, peer.AddrInfo) bool { return true }),
		dht.RoutingTablePeerDiversityFilter(nil),
	)
	if err != nil {
		return err
	}
	if err := crowd(d); err != nil {
		return err
	}
	plainhost.Tell(h)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// crowd fills the table: full buckets, as they are in a large network.
func crowd(d *dht.IpfsDHT) error {
	var buckets [257]int
	for port := 2; d.RoutingTable().Size() < table; {
		_, key, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			return err
		}
		id, err := peer.IDFromPublicKey(key)
		if err != nil {
			return err
		}
		common := commonPrefix(id, d.PeerID())
		if buckets[common]++; buckets[common] > bucket {
			continue
		}
		for _, format := range []string{"/ip4/127.0.0.1/tcp/%d", "/ip4/127.0.0.1/udp/%d/quic-v1"} {
			address, err := multiaddr.NewMultiaddr(fmt.Sprintf(format, port))
			if err != nil {
				return err
			}
			d.Host().Peerstore().AddAddr(id, address, peerstore.PermanentAddrTTL)
		}
		if _, err := d.RoutingTable().TryAddPeer(id, true, false); err != nil {
			return err
		}
		port++
	}
	return nil
}

func commonPrefix(a, b peer.ID) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	for i := range x {
		if x[i] != y[i] {
			return 8*i + bits.LeadingZeros8(x[i]^y[i])
		}
	}
	return 256
}
