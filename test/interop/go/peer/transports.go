package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"

	"github.com/libp2p/go-libp2p"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/libp2p/go-libp2p/p2p/transport/websocket"
)

// transportOption gives the host all transports: its address and its target say which of them are used.
func transportOption(o options) (libp2p.Option, error) {
	var webSocket []any
	if o.folder != "" {
		listening, dialing, err := readCertificates(o.folder)
		if err != nil {
			return nil, err
		}
		webSocket = []any{websocket.WithTLSConfig(listening), websocket.WithTLSClientConfig(dialing)}
	}
	options := []libp2p.Option{
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(websocket.New, webSocket...),
	}
	if o.psk == "" { // go-libp2p has no QUIC in private networks
		options = append(options, libp2p.Transport(quic.NewTransport))
	}
	if o.retry {
		always := quicreuse.VerifySourceAddress(func(net.Addr) bool { return true })
		options = append(options, libp2p.QUICReuse(quicreuse.NewConnManager, always))
	}
	return libp2p.ChainOptions(options...), nil
}

// readCertificates reads what a wss listener shows, and what its dialer accepts.
func readCertificates(folder string) (listening, dialing *tls.Config, err error) {
	own, err := tls.LoadX509KeyPair(filepath.Join(folder, "chain.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return nil, nil, err
	}
	authority, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return nil, nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, nil, errors.New("ca.pem has no certificate")
	}
	return &tls.Config{Certificates: []tls.Certificate{own}}, &tls.Config{RootCAs: pool}, nil
}
