package main

import (
	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
)

// newNode has stock settings, but for limits and metrics: nothing is counted or refused.
func newNode(o options, listening ...libp2p.Option) (host.Host, error) {
	common := libp2p.ChainOptions(
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.ConnectionManager(connmgr.NullConnMgr{}),
		libp2p.DisableRelay(),
		libp2p.DisableMetrics(),
	)
	return libp2p.New(append(listening, common, transportOption(o.transport))...)
}

func transportOption(name string) libp2p.Option {
	muxed := libp2p.Muxer(yamux.ID, yamux.DefaultTransport)
	switch name {
	case "tcp-tls":
		return libp2p.ChainOptions(
			libp2p.Transport(tcp.NewTCPTransport), libp2p.Security(libp2ptls.ID, libp2ptls.New), muxed)
	case "quic":
		return libp2p.Transport(quic.NewTransport)
	case "ws":
		return libp2p.ChainOptions(
			libp2p.Transport(websocket.New), libp2p.Security(noise.ID, noise.New), muxed)
	}
	return libp2p.ChainOptions(
		libp2p.Transport(tcp.NewTCPTransport), libp2p.Security(noise.ID, noise.New), muxed)
}
