package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

// Bounds of one echo command, far above what the tests ask for.
const (
	echoStreamsMax = 512
	echoBytesMax   = 1 << 30
	pingsMax       = 1000
)

// step runs one thing within the step limit and reports its failure.
func (n *node) step(ctx context.Context, name string, body func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	err := body(ctx)
	if err != nil {
		emitError(name, err)
	}
	return err
}

// dial connects and does what the flags ask for, in a fixed order, up to the first failure.
func (n *node) dial(ctx context.Context, o options) error {
	var id peer.ID
	steps := []struct {
		name   string
		wanted bool
		body   func(ctx context.Context) error
	}{
		{"dial", true, func(ctx context.Context) (err error) { id, err = n.connect(ctx, o.target); return }},
		{"identify", o.identify, func(ctx context.Context) error { return n.identify(ctx, id) }},
		{"ping", o.pings > 0, func(ctx context.Context) error { return n.ping(ctx, id, o.pings) }},
		{"echo", o.echoStreams > 0, func(ctx context.Context) error {
			return n.echo(ctx, id, o.echoStreams, o.echoBytes)
		}},
	}
	for _, s := range steps {
		if !s.wanted {
			continue
		}
		if err := n.step(ctx, s.name, s.body); err != nil {
			return err
		}
	}
	return nil
}

func (n *node) connect(ctx context.Context, target string) (peer.ID, error) {
	start := time.Now()
	info, err := peer.AddrInfoFromString(target)
	if err != nil {
		return "", err
	}
	if err := n.host.Connect(network.WithAllowLimitedConn(ctx, "connect"), *info); err != nil {
		return "", err
	}
	ms := float64(time.Since(start).Microseconds()) / 1000
	connections := n.host.Network().ConnsToPeer(info.ID)
	if len(connections) == 0 {
		return "", errors.New("the connection was closed at once")
	}
	state := connections[0].ConnState()
	relayed, limited := describePath(connections[0])
	emit(connectedEvent{
		Event:    "connected",
		PeerID:   info.ID.String(),
		Address:  connections[0].RemoteMultiaddr().String(),
		Security: string(state.Security),
		Muxer:    string(state.StreamMultiplexer),
		Relayed:  relayed,
		Limited:  limited,
		Ms:       ms,
	})
	return info.ID, nil
}

func (n *node) ping(ctx context.Context, id peer.ID, count int) error {
	if count > pingsMax {
		return fmt.Errorf("at most %d pings", pingsMax)
	}
	ctx = network.WithAllowLimitedConn(network.WithNoDial(ctx, "ping"), "ping")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := ping.Ping(ctx, n.host, id)
	for range count {
		result, ok := <-results
		if !ok {
			return fmt.Errorf("no answer: %w", context.Cause(ctx))
		}
		if result.Error != nil {
			return result.Error
		}
		rtt := float64(result.RTT.Nanoseconds()) / 1e6
		emit(pingEvent{Event: "ping", PeerID: id.String(), RttMs: rtt})
	}
	return nil
}

// obey executes commands one after the other until "quit", the end of the lines, or the end of ctx.
func (n *node) obey(ctx context.Context, lines <-chan string) {
	for {
		select {
		case <-ctx.Done():
			return
		case line, ok := <-lines:
			words := strings.Fields(line)
			if !ok || (len(words) == 1 && words[0] == "quit") {
				return
			}
			if len(words) > 0 {
				_ = n.step(ctx, words[0], func(ctx context.Context) error { return n.command(ctx, words) })
			}
		}
	}
}

func (n *node) command(ctx context.Context, words []string) error {
	if known, err := n.natCommand(ctx, words); known {
		return err
	}
	if len(words) < 2 {
		return fmt.Errorf("unknown or incomplete command %q", strings.Join(words, " "))
	}
	id, err := peer.Decode(words[1])
	if err != nil {
		return fmt.Errorf("bad peer ID: %w", err)
	}
	numbers, err := parseNumbers(words[2:])
	if err != nil {
		return err
	}
	switch {
	case words[0] == "identify" && len(numbers) == 0:
		return n.identify(ctx, id)
	case words[0] == "ping" && len(numbers) == 0:
		return n.ping(ctx, id, 1)
	case words[0] == "ping" && len(numbers) == 1:
		return n.ping(ctx, id, int(numbers[0]))
	case words[0] == "endings" && len(numbers) == 0:
		return n.endings(ctx, id)
	case words[0] == "echo" && len(numbers) == 2 && numbers[0] <= echoStreamsMax && numbers[1] <= echoBytesMax:
		return n.echo(ctx, id, int(numbers[0]), numbers[1])
	}
	return fmt.Errorf("unknown or incomplete command %q", strings.Join(words, " "))
}

func parseNumbers(words []string) ([]int64, error) {
	numbers := make([]int64, 0, len(words))
	for _, word := range words {
		number, err := strconv.ParseInt(word, 10, 32)
		if err != nil || number <= 0 {
			return nil, fmt.Errorf("%q is not a positive number", word)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}
