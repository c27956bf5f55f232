package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

func idOf(name string) protocol.ID { return protocol.ID(name) }

// dialer does what is measured, and says how long it takes.
type dialer struct {
	options options
	target  peer.AddrInfo
	host    host.Host
	idle    []host.Host // those that hold idle connections
}

func newDialer(o options) (*dialer, error) {
	target, err := peer.AddrInfoFromString(o.address)
	if err != nil {
		return nil, err
	}
	h, err := newNode(o, libp2p.NoListenAddrs)
	if err != nil {
		return nil, err
	}
	d := &dialer{options: o, target: *target, host: h}
	if o.operation == "throughput" || o.operation == "request" {
		err = h.Connect(context.Background(), *target)
	}
	return d, err
}

// run does the operation once, and returns the line that reports it.
func (d *dialer) run(amount int64) (string, error) {
	start := time.Now()
	var times []time.Duration
	var err error
	switch d.options.operation {
	case "throughput":
		err = d.split(amount, func(bytes int64) error { return d.transfer(bytes) })
	case "request":
		times, err = d.requests(amount)
	case "connect":
		times, err = d.connect(amount, true)
	case "handshakes":
		times, err = d.connect(amount, false)
	case "idle":
		err = d.openIdle(amount)
	default:
		err = fmt.Errorf("there is no operation %q", d.options.operation)
	}
	wall := time.Since(start)
	slices.Sort(times)
	quantile := func(percent int) int64 {
		if len(times) == 0 {
			return 0
		}
		return times[len(times)*percent/100].Nanoseconds()
	}
	return fmt.Sprintf(`{"amount":%d,"wall_ns":%d,"p50_ns":%d,"p99_ns":%d}`,
		amount, wall.Nanoseconds(), quantile(50), quantile(99)), err
}

// split runs work on as many streams as wanted, each with its part of the amount.
func (d *dialer) split(amount int64, work func(part int64) error) error {
	done := make(chan error, d.options.streams)
	for i := range d.options.streams {
		part := amount / d.options.streams
		if i < amount%d.options.streams {
			part++
		}
		go func() { done <- work(part) }()
	}
	var failure error
	for range d.options.streams {
		if err := <-done; err != nil {
			failure = err
		}
	}
	return failure
}

func (d *dialer) open(name string) (network.Stream, error) {
	return d.host.NewStream(context.Background(), d.target.ID, idOf(name))
}

func (d *dialer) transfer(bytes int64) error {
	stream, err := d.open(perfProtocol)
	if err != nil {
		return err
	}
	up, down := bytes, int64(0)
	if d.options.download {
		up, down = 0, bytes
	}
	if err := binary.Write(stream, binary.BigEndian, down); err != nil {
		return err
	}
	if err := send(stream, up); err != nil {
		return err
	}
	got, err := receive(stream)
	if err == nil && got != down {
		err = fmt.Errorf("%d bytes came, not %d", got, down)
	}
	return err
}

func (d *dialer) requests(count int64) ([]time.Duration, error) {
	parts := make(chan []time.Duration, d.options.streams)
	err := d.split(count, func(part int64) error {
		var times []time.Duration
		for range part {
			start := time.Now()
			if err := d.echo(); err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
		parts <- times
		return nil
	})
	close(parts)
	var all []time.Duration
	for times := range parts {
		all = append(all, times...)
	}
	return all, err
}

func (d *dialer) echo() error {
	stream, err := d.open(echoProtocol)
	if err != nil {
		return err
	}
	var message [echoSize]byte
	if _, err := stream.Write(message[:]); err != nil {
		return err
	}
	if err := stream.CloseWrite(); err != nil {
		return err
	}
	if _, err := io.ReadFull(stream, message[:]); err != nil {
		return err
	}
	return stream.Close()
}

func (d *dialer) connect(count int64, firstByte bool) ([]time.Duration, error) {
	var times []time.Duration
	for range count {
		start := time.Now()
		if err := d.host.Connect(context.Background(), d.target); err != nil {
			return nil, err
		}
		if firstByte {
			if err := d.echo(); err != nil {
				return nil, err
			}
		}
		times = append(times, time.Since(start))
		if err := d.host.Network().ClosePeer(d.target.ID); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// openIdle opens connections until there are so many, each from a peer of its own.
func (d *dialer) openIdle(count int64) error {
	for int64(len(d.idle)) < count {
		h, err := newNode(d.options, libp2p.NoListenAddrs)
		if err != nil {
			return err
		}
		if err := h.Connect(context.Background(), d.target); err != nil {
			return err
		}
		d.idle = append(d.idle, h)
	}
	return nil
}
