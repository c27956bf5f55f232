package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autonat"
	"github.com/libp2p/go-libp2p/p2p/protocol/autonatv2"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
)

// natOptions say which parts a peer plays of what brings peers behind routers together: circuit relay v2 and
// AutoNAT, on either side.
type natOptions struct {
	circuits       bool   // dials and accepts relayed connections
	autoRelay      string // a relay that the stock AutoRelay reserves at
	relay          bool
	circuitSeconds int
	circuitBytes   int64
	autonat        bool
	punch          bool // holes, by DCUtR
	private        bool // addresses that are not public are as good as others, where go-libp2p can be told so
}

func (o natOptions) hostOption() (libp2p.Option, error) {
	if o.autoRelay != "" && (o.relay || o.autonat) {
		return nil, errors.New("who has relays of its own is not public, and serves nobody")
	}
	if !o.circuits && o.autoRelay == "" && !o.relay && !o.punch {
		if !o.autonat {
			return libp2p.DisableRelay(), nil
		}
		return libp2p.ChainOptions(libp2p.DisableRelay(), libp2p.EnableNATService(), libp2p.ForceReachabilityPublic()), nil
	}
	options := []libp2p.Option{libp2p.EnableRelay()}
	if o.autoRelay != "" {
		info, err := peer.AddrInfoFromString(o.autoRelay)
		if err != nil {
			return nil, err
		}
		options = append(options,
			libp2p.EnableAutoRelayWithStaticRelays([]peer.AddrInfo{*info}),
			libp2p.ForceReachabilityPrivate())
	} else if o.relay || o.autonat {
		options = append(options, libp2p.ForceReachabilityPublic())
	}
	if o.autonat {
		options = append(options, libp2p.EnableNATService())
	}
	return libp2p.ChainOptions(options...), nil
}

// natServices are what such a peer runs besides its host.
type natServices struct {
	checks *autonatv2.AutoNAT
	dialer host.Host // another one: AutoNAT must not dial from where it listens
	relay  *relay.Relay
}

func startNatServices(h host.Host, o natOptions) (s natServices, err error) {
	if o.relay {
		options := []relay.Option{relay.WithInfiniteLimits()}
		if o.circuitSeconds > 0 && o.circuitBytes > 0 {
			limit := relay.RelayLimit{Duration: time.Duration(o.circuitSeconds) * time.Second, Data: o.circuitBytes}
			options = []relay.Option{relay.WithLimit(&limit)}
		}
		if o.private {
			all := func(ma.Multiaddr) bool { return true }
			options = append(options, relay.WithReservationAddressFilter(all))
		}
		if s.relay, err = relay.New(h, options...); err != nil {
			return s, err
		}
	}
	if !o.autonat {
		return s, nil
	}
	s.dialer, err = libp2p.New(libp2p.NoListenAddrs, libp2p.DisableRelay(), libp2p.DisableMetrics())
	if err != nil {
		return s, err
	}
	var options []autonatv2.AutoNATOption
	if o.private {
		options = append(options, autonatv2.AllowPrivateAddrs)
	}
	if s.checks, err = autonatv2.New(s.dialer, options...); err != nil {
		return s, err
	}
	return s, s.checks.Start(h)
}

func (s natServices) close() {
	if s.relay != nil {
		s.relay.Close()
	}
	if s.checks != nil {
		s.checks.Close()
	}
	if s.dialer != nil {
		s.dialer.Close()
	}
}

// natCommand does what one line says, if it is about these services.
func (n *node) natCommand(ctx context.Context, words []string) (known bool, err error) {
	switch {
	case words[0] == "connect" && len(words) == 2:
		_, err = n.connect(ctx, words[1])
	case words[0] == "disconnect" && len(words) == 2:
		err = n.disconnect(words[1])
	case words[0] == "addresses" && len(words) == 1:
		emit(addressesEvent{Event: "addresses", Addresses: texts(n.host.Addrs())})
	case words[0] == "punches" && len(words) == 1:
		err = n.punches(ctx)
	case words[0] == "direct" && len(words) == 2:
		err = n.direct(ctx, words[1])
	case words[0] == "reserve" && len(words) == 2:
		err = n.reserve(ctx, words[1])
	case words[0] == "autonat1" && len(words) >= 2:
		err = n.askVersion1(ctx, words[1], words[2:])
	case words[0] == "autonat2":
		err = n.askVersion2(ctx, words[1:])
	default:
		return false, nil
	}
	return true, err
}

func (n *node) disconnect(text string) error {
	id, err := peer.Decode(text)
	if err != nil {
		return err
	}
	if err := n.host.Network().ClosePeer(id); err != nil {
		return err
	}
	emit(disconnectedEvent{Event: "disconnected", PeerID: id.String()})
	return nil
}

// reserve makes a reservation at that relay, as AutoRelay does it, and checks the voucher.
func (n *node) reserve(ctx context.Context, target string) error {
	info, err := peer.AddrInfoFromString(target)
	if err != nil {
		return err
	}
	if err := n.host.Connect(ctx, *info); err != nil {
		return err
	}
	reservation, err := client.Reserve(ctx, n.host, *info)
	if err != nil {
		return err
	}
	emit(reservedEvent{
		Event:     "reserved",
		PeerID:    info.ID.String(),
		Expires:   reservation.Expiration.Unix(),
		Seconds:   int64(reservation.LimitDuration / time.Second),
		Bytes:     reservation.LimitData,
		Voucher:   reservation.Voucher != nil,
		Addresses: texts(reservation.Addrs),
	})
	return nil
}

// addressesOr reads addresses; without any they are the host's own.
func (n *node) addressesOr(words []string) ([]ma.Multiaddr, error) {
	if len(words) == 0 {
		return n.host.Addrs(), nil
	}
	addresses := make([]ma.Multiaddr, 0, len(words))
	for _, word := range words {
		address, err := ma.NewMultiaddr(word)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// askVersion1 has that peer dial us at all these addresses; version 1 does not say which of them was reached.
func (n *node) askVersion1(ctx context.Context, text string, words []string) error {
	id, err := peer.Decode(text)
	if err != nil {
		return err
	}
	addresses, err := n.addressesOr(words)
	if err != nil {
		return err
	}
	ask := autonat.NewAutoNATClient(n.host, func() []ma.Multiaddr { return addresses }, nil)
	err = ask.DialBack(ctx, id)
	event := autonatEvent{Event: "autonat1", Reachability: network.ReachabilityPublic.String()}
	switch {
	case autonat.IsDialError(err):
		event.Reachability = network.ReachabilityPrivate.String()
	case autonat.IsDialRefused(err):
		event.Reachability, event.Refused = network.ReachabilityUnknown.String(), true
	case err != nil:
		return err
	}
	emit(event)
	return nil
}

// askVersion2 asks a connected peer, whichever go-libp2p chooses, to dial the first of these addresses that it
// likes. The same peer is asked once in two minutes only.
func (n *node) askVersion2(ctx context.Context, words []string) error {
	if n.nat.checks == nil {
		return errors.New("AutoNAT is not enabled")
	}
	addresses, err := n.addressesOr(words)
	if err != nil {
		return err
	}
	requests := make([]autonatv2.Request, 0, len(addresses))
	for _, address := range addresses {
		requests = append(requests, autonatv2.Request{Addr: address, SendDialData: true})
	}
	result, err := n.nat.checks.GetReachability(ctx, requests)
	for errors.Is(err, autonatv2.ErrNoPeers) && wait(ctx, 50*time.Millisecond) {
		result, err = n.nat.checks.GetReachability(ctx, requests)
	}
	if err != nil {
		return err
	}
	event := autonatEvent{
		Event:        "autonat2",
		Reachability: result.Reachability.String(),
		Refused:      result.AllAddrsRefused,
	}
	if result.Addr != nil {
		event.Address = result.Addr.String()
	}
	emit(event)
	return nil
}

// wait reports whether that much time has passed before the end of ctx.
func wait(ctx context.Context, duration time.Duration) bool {
	select {
	case <-time.After(duration):
		return true
	case <-ctx.Done():
		return false
	}
}

// describePath tells what a connection is made of.
func describePath(c network.Conn) (relayed bool, limited bool) {
	isCircuit := func(p ma.Protocol) bool { return p.Code == ma.P_CIRCUIT }
	return slices.ContainsFunc(c.RemoteMultiaddr().Protocols(), isCircuit), c.Stat().Limited
}
