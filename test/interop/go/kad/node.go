package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/ipfs/boxo/ipns"
	"github.com/ipfs/boxo/path"
	"github.com/ipfs/go-cid"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"

	"warren/test/interop/listener"
)

type node struct {
	host host.Host
	dht  *dht.IpfsDHT
}

func newNode(ctx context.Context, addr string, o options) (*node, error) {
	h, err := listener.NewHost(addr)
	if err != nil {
		return nil, err
	}
	d, err := dht.New(h, dhtOptions(o)...)
	if err != nil {
		h.Close()
		return nil, err
	}
	n := &node{h, d}
	if o.bootstrap != "" {
		if _, err := listener.Connect(ctx, h, o.bootstrap); err != nil {
			n.Close()
			return nil, err
		}
	}
	return n, d.Bootstrap(ctx)
}

// dhtOptions are the stock ones, but for what stock does against addresses that are not public: all is on loopback.
func dhtOptions(o options) []dht.Option {
	options := []dht.Option{
		dht.Mode(dht.ModeServer),
		dht.AddressFilter(func(addresses []ma.Multiaddr) []ma.Multiaddr { return addresses }),
		dht.RoutingTableFilter(func(any, peer.ID) bool { return true }),
		dht.QueryFilter(func(any, peer.AddrInfo) bool { return true }),
	}
	if o.network == "" {
		return options
	}
	return append(options,
		dht.ProtocolPrefix(warrenPrefix(o.network)),
		dht.NamespacedValidator("warren-node", bindingValidator{o.network, o.blind}),
	)
}

// Close ends the DHT and the host.
func (n *node) Close() {
	n.dht.Close()
	n.host.Close()
}

// Ready tells where it is reached, and what a DHT knows of its key.
func (n *node) Ready() (event, error) {
	ready, err := listener.ReadyEvent(n.host)
	if err != nil {
		return nil, err
	}
	key, err := crypto.MarshalPublicKey(n.host.Peerstore().PubKey(n.host.ID()))
	if err != nil {
		return nil, err
	}
	ready["pk_key"] = hex.EncodeToString([]byte("/pk/" + string(n.host.ID())))
	ready["pk_value"] = hex.EncodeToString(key)
	return ready, nil
}

// Command does what one line says, and returns the event that answers it.
func (n *node) Command(ctx context.Context, words []string) (event, error) {
	form := words[0] + " " + strconv.Itoa(len(words)-1)
	switch form {
	case "connect 1":
		return listener.Connect(ctx, n.host, words[1])
	case "table 0":
		return event{"event": "table", "peers": listener.Texts(n.dht.RoutingTable().ListPeers())}, nil
	case "find 1":
		return n.find(ctx, words[1])
	case "ipns 1":
		return n.ipns(words[1])
	}
	bytes := make([][]byte, 0, len(words))
	for _, word := range words[1:] {
		part, err := hex.DecodeString(word)
		if err != nil {
			return nil, err
		}
		bytes = append(bytes, part)
	}
	switch form {
	case "provide 1":
		return event{"event": "provided"}, n.dht.Provide(ctx, cidOf(bytes[0]), true)
	case "providers 1":
		return n.providers(ctx, bytes[0])
	case "put 2":
		return event{"event": "put"}, n.dht.PutValue(ctx, string(bytes[0]), bytes[1])
	case "get 1":
		value, err := n.dht.GetValue(ctx, string(bytes[0]))
		return event{"event": "value", "value": hex.EncodeToString(value)}, err
	}
	return nil, fmt.Errorf("unknown or incomplete command %q", words[0])
}

// find asks the DHT even about peers whose addresses are known, unless there is a connection.
func (n *node) find(ctx context.Context, text string) (event, error) {
	id, err := peer.Decode(text)
	if err != nil {
		return nil, err
	}
	info, err := n.dht.FindPeer(ctx, id)
	return event{"event": "found", "peer_id": info.ID.String(), "addresses": listener.Texts(info.Addrs)}, err
}

// ipns makes a record under the peer's own name, with that sequence number and for an hour.
func (n *node) ipns(sequence string) (event, error) {
	number, err := strconv.ParseUint(sequence, 10, 63)
	if err != nil {
		return nil, err
	}
	target, err := path.NewPath("/ipfs/bafkqac3imvwgy3zao5xxe3de")
	if err != nil {
		return nil, err
	}
	key := n.host.Peerstore().PrivKey(n.host.ID())
	record, err := ipns.NewRecord(key, target, number, time.Now().Add(time.Hour), time.Minute)
	if err != nil {
		return nil, err
	}
	value, err := ipns.MarshalRecord(record)
	return event{
		"event": "ipns", "key": hex.EncodeToString([]byte("/ipns/" + string(n.host.ID()))), "value": hex.EncodeToString(value),
	}, err
}

func (n *node) providers(ctx context.Context, digest []byte) (event, error) {
	infos, err := n.dht.FindProviders(ctx, cidOf(digest))
	ids := make([]peer.ID, 0, len(infos))
	for _, info := range infos {
		ids = append(ids, info.ID)
	}
	return event{"event": "providers", "peers": listener.Texts(ids)}, err
}

// cidOf wraps a multihash; a DHT sees nothing else of a CID.
func cidOf(hash []byte) cid.Cid {
	return cid.NewCidV1(cid.Raw, multihash.Multihash(hash))
}
