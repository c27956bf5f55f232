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
	"github.com/libp2p/go-libp2p"
	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	"github.com/multiformats/go-multihash"
)

type node struct {
	host host.Host
	dht  *dht.IpfsDHT
}

func newNode(ctx context.Context, o options) (*node, error) {
	h, err := libp2p.New(
		libp2p.ListenAddrStrings(o.addr),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)
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
		if _, err := n.connect(ctx, o.bootstrap); err != nil {
			n.close()
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

func (n *node) close() {
	n.dht.Close()
	n.host.Close()
}

func (n *node) ready() (map[string]any, error) {
	addresses, err := peer.AddrInfoToP2pAddrs(host.InfoFromHost(n.host))
	if err != nil {
		return nil, err
	}
	key, err := crypto.MarshalPublicKey(n.host.Peerstore().PubKey(n.host.ID()))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"event": "ready", "peer_id": n.host.ID().String(), "addresses": texts(addresses),
		"pk_key": hex.EncodeToString([]byte("/pk/" + string(n.host.ID()))), "pk_value": hex.EncodeToString(key),
	}, nil
}

func (n *node) connect(ctx context.Context, target string) (map[string]any, error) {
	info, err := peer.AddrInfoFromString(target)
	if err != nil {
		return nil, err
	}
	if err := n.host.Connect(ctx, *info); err != nil {
		return nil, err
	}
	return map[string]any{"event": "connected", "peer_id": info.ID.String()}, nil
}

// command does what one line says, and returns the event that answers it.
func (n *node) command(ctx context.Context, words []string) (map[string]any, error) {
	form := words[0] + " " + strconv.Itoa(len(words)-1)
	switch form {
	case "connect 1":
		return n.connect(ctx, words[1])
	case "table 0":
		return map[string]any{"event": "table", "peers": texts(n.dht.RoutingTable().ListPeers())}, nil
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
		return map[string]any{"event": "provided"}, n.dht.Provide(ctx, cidOf(bytes[0]), true)
	case "providers 1":
		return n.providers(ctx, bytes[0])
	case "put 2":
		return map[string]any{"event": "put"}, n.dht.PutValue(ctx, string(bytes[0]), bytes[1])
	case "get 1":
		value, err := n.dht.GetValue(ctx, string(bytes[0]))
		return map[string]any{"event": "value", "value": hex.EncodeToString(value)}, err
	}
	return nil, fmt.Errorf("unknown or incomplete command %q", words[0])
}

// find asks the DHT even about peers whose addresses are known, unless there is a connection.
func (n *node) find(ctx context.Context, text string) (map[string]any, error) {
	id, err := peer.Decode(text)
	if err != nil {
		return nil, err
	}
	info, err := n.dht.FindPeer(ctx, id)
	return map[string]any{"event": "found", "peer_id": info.ID.String(), "addresses": texts(info.Addrs)}, err
}

// ipns makes a record under the peer's own name, with that sequence number and for an hour.
func (n *node) ipns(sequence string) (map[string]any, error) {
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
	return map[string]any{
		"event": "ipns", "key": hex.EncodeToString([]byte("/ipns/" + string(n.host.ID()))), "value": hex.EncodeToString(value),
	}, err
}

func (n *node) providers(ctx context.Context, digest []byte) (map[string]any, error) {
	infos, err := n.dht.FindProviders(ctx, cidOf(digest))
	ids := make([]peer.ID, 0, len(infos))
	for _, info := range infos {
		ids = append(ids, info.ID)
	}
	return map[string]any{"event": "providers", "peers": texts(ids)}, err
}

// cidOf wraps a multihash; a DHT sees nothing else of a CID.
func cidOf(hash []byte) cid.Cid {
	return cid.NewCidV1(cid.Raw, multihash.Multihash(hash))
}

// texts gives the text form of each value, never nil, so that JSON gets a list.
func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, 0, len(values))
	for _, value := range values {
		out = append(out, value.String())
	}
	return out
}
