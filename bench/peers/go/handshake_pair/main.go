// Handshake_pair is ../../../handshake_pair.cpp with go-libp2p: same words, same numbers, same method.
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/core/sec"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	tptu "github.com/libp2p/go-libp2p/p2p/net/upgrader"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
)

type node struct {
	id       peer.ID
	security sec.SecureTransport
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "handshake_pair:", err)
		os.Exit(1)
	}
}

func newNode(security string) node {
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	check(err)
	id, err := peer.IDFromPrivateKey(key)
	check(err)
	muxers := []tptu.StreamMuxer{{ID: protocol.ID(yamux.ID), Muxer: yamux.DefaultTransport}}
	var transport sec.SecureTransport
	if security == "tls" {
		transport, err = libp2ptls.New(libp2ptls.ID, key, muxers)
	} else {
		transport, err = noise.New(noise.ID, key, muxers)
	}
	check(err)
	return node{id, transport}
}

func connect(listener net.Listener) (dialing, listening net.Conn) {
	dialing, err := net.Dial("tcp", listener.Addr().String())
	check(err)
	listening, err = listener.Accept()
	check(err)
	return dialing, listening
}

func handshake(dialer, listener node, dialing, listening net.Conn) {
	ctx := context.Background()
	done := make(chan error, 1)
	go func() {
		_, err := listener.security.SecureInbound(ctx, listening, "")
		done <- err
	}()
	_, err := dialer.security.SecureOutbound(ctx, dialing, listener.id)
	check(err)
	check(<-done)
}

func cpuTime() int64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: handshake_pair noise|tls known|new")
		os.Exit(2)
	}
	runtime.GOMAXPROCS(1)
	security, strangers := os.Args[1], os.Args[2] == "new"
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	listener, known := newNode(security), newNode(security)
	var count int
	for {
		if n, _ := fmt.Scan(&count); n != 1 {
			return
		}
		measure(count, security, strangers, listener, known, socket)
	}
}

// measure prints what one handshake of count took. Connections, and the nodes of strangers, are made before
// the clock runs and closed when it has stopped.
func measure(count int, security string, strangers bool, listener, known node, socket net.Listener) {
	dialing, listening := make([]net.Conn, count), make([]net.Conn, count)
	dialers := make([]node, count)
	for i := range count {
		dialing[i], listening[i] = connect(socket)
		dialers[i] = known
		if strangers {
			dialers[i] = newNode(security)
		}
	}
	cpu, wall := cpuTime(), time.Now()
	for i := range count {
		handshake(dialers[i], listener, dialing[i], listening[i])
	}
	fmt.Printf("{\"cpu_ns\":%d,\"wall_ns\":%d}\n",
		(cpuTime()-cpu)/int64(count), time.Since(wall).Nanoseconds()/int64(count))
	for i := range count {
		dialing[i].Close()
		listening[i].Close()
	}
}
