package listener

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
)

// NewHost makes a stock host without relays, which listens at the address.
func NewHost(addr string) (host.Host, error) {
	return libp2p.New(libp2p.ListenAddrStrings(addr), libp2p.DisableRelay(), libp2p.DisableMetrics())
}

// ReadyEvent tells where the host is reached.
func ReadyEvent(h host.Host) (Event, error) {
	addresses, err := peer.AddrInfoToP2pAddrs(host.InfoFromHost(h))
	if err != nil {
		return nil, err
	}
	return Event{"event": "ready", "peer_id": h.ID().String(), "addresses": Texts(addresses)}, nil
}

// Connect connects to the peer that the address names.
func Connect(ctx context.Context, h host.Host, target string) (Event, error) {
	info, err := peer.AddrInfoFromString(target)
	if err != nil {
		return nil, err
	}
	if err := h.Connect(ctx, *info); err != nil {
		return nil, err
	}
	return Event{"event": "connected", "peer_id": info.ID.String()}, nil
}

// Texts gives the text form of each value, never nil, so that JSON gets a list.
func Texts[T fmt.Stringer](values []T) []string {
	out := make([]string, 0, len(values))
	for _, value := range values {
		out = append(out, value.String())
	}
	return out
}
