package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
)

// node is a host, what other peers told it about themselves, and the limit of each step.
type node struct {
	host       host.Host
	identified *identifiedPeers
	seen       endings // of streams, as a server of endingsProtocol
	nat        natServices
	punch      punchTrace
	timeout    time.Duration
}

func newNode(o options) (*node, error) {
	security, err := securityOption(o.security)
	if err != nil {
		return nil, err
	}
	key, err := newKey(o.keyType)
	if err != nil {
		return nil, err
	}
	resources, err := resourceManager()
	if err != nil {
		return nil, err
	}
	network, err := networkOption(o.psk)
	if err != nil {
		return nil, err
	}
	transports, err := transportOption(o)
	if err != nil {
		return nil, err
	}
	nat, err := o.nat.hostOption()
	if err != nil {
		return nil, err
	}
	n := &node{timeout: time.Duration(o.timeout) * time.Second}
	punch := libp2p.ChainOptions()
	if o.nat.punch {
		punch = n.punch.hostOption()
	}
	listen := libp2p.NoListenAddrs
	if o.addr != "none" {
		listen = libp2p.ListenAddrStrings(strings.Split(o.addr, ",")...)
	}
	h, err := libp2p.New(
		listen,
		libp2p.Identity(key),
		security,
		resources,
		network,
		transports,
		libp2p.Muxer(yamux.ID, yamux.DefaultTransport),
		nat,
		punch,
		libp2p.DisableMetrics(),
	)
	if err != nil {
		return nil, err
	}
	identified, err := watchIdentify(h)
	if err != nil {
		h.Close()
		return nil, err
	}
	services, err := startNatServices(h, o.nat)
	if err != nil {
		services.close()
		identified.close()
		h.Close()
		return nil, err
	}
	n.host, n.identified, n.nat = h, identified, services
	h.SetStreamHandler(echoProtocol, serveEcho)
	h.SetStreamHandler(endingsProtocol, n.seen.serve)
	return n, nil
}

func securityOption(name string) (libp2p.Option, error) {
	switch name {
	case "noise":
		return libp2p.Security(noise.ID, noise.New), nil
	case "tls":
		return libp2p.Security(libp2ptls.ID, libp2ptls.New), nil
	case "both":
		return libp2p.DefaultSecurity, nil
	}
	return nil, fmt.Errorf("unknown security protocol %q", name)
}

// networkOption makes the host a member of a private network, unless there is no key file.
func networkOption(keyFile string) (libp2p.Option, error) {
	if keyFile == "" {
		return libp2p.ChainOptions(), nil
	}
	file, err := os.Open(keyFile)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	psk, err := pnet.DecodeV1PSK(file)
	if err != nil {
		return nil, err
	}
	return libp2p.PrivateNetwork(psk), nil
}

func newKey(name string) (crypto.PrivKey, error) {
	if name == "sm2" {
		registerSM2()
		return newSM2Key()
	}
	types := map[string]struct{ kind, bits int }{
		"ed25519":   {crypto.Ed25519, 0},
		"secp256k1": {crypto.Secp256k1, 0},
		"ecdsa":     {crypto.ECDSA, 0}, // always P-256
		"rsa":       {crypto.RSA, 2048},
	}
	chosen, ok := types[name]
	if !ok {
		return nil, fmt.Errorf("unknown key type %q", name)
	}
	key, _, err := crypto.GenerateKeyPairWithReader(chosen.kind, chosen.bits, rand.Reader)
	return key, err
}

// resourceManager is the stock one, but for the number of echo streams that one peer may have open: stock
// allows about 64 inbound streams of one protocol from one peer, and the tests open more at once.
func resourceManager() (libp2p.Option, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	echo := rcmgr.BaseLimit{Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512, Memory: 256 << 20}
	limits.AddProtocolPeerLimit(echoProtocol, echo, rcmgr.BaseLimitIncrease{})
	manager, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.AutoScale()))
	if err != nil {
		return nil, err
	}
	return libp2p.ResourceManager(manager), nil
}

// addresses are the listening addresses, each with the peer ID.
func (n *node) addresses() []string {
	full, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()})
	if err != nil {
		return []string{}
	}
	return texts(full)
}

func (n *node) close() {
	n.nat.close()
	n.identified.close()
	n.host.Close()
}

// texts gives the text form of each value, never nil, so that JSON gets a list.
func texts[T fmt.Stringer](values []T) []string {
	out := make([]string, 0, len(values))
	for _, value := range values {
		out = append(out, value.String())
	}
	return out
}
