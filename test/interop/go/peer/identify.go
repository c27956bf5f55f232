package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
)

type completed = event.EvtPeerIdentificationCompleted

// identifiedPeers keeps the last outcome of identify for each peer. The host's event is the only place
// where the signed peer record is found: go-libp2p verifies it and takes its addresses, but does not
// store it.
type identifiedPeers struct {
	subscription event.Subscription

	mutex    sync.Mutex
	outcomes map[peer.ID]any
	changed  chan struct{} // closed, and replaced, at every change
}

func watchIdentify(h host.Host) (*identifiedPeers, error) {
	subscription, err := h.EventBus().Subscribe([]any{
		new(completed),
		new(event.EvtPeerIdentificationFailed),
	}, eventbus.BufSize(256))
	if err != nil {
		return nil, err
	}
	p := &identifiedPeers{
		subscription: subscription,
		outcomes:     make(map[peer.ID]any),
		changed:      make(chan struct{}),
	}
	go p.collect()
	return p, nil
}

func (p *identifiedPeers) collect() {
	for outcome := range p.subscription.Out() {
		switch e := outcome.(type) {
		case completed:
			p.put(e.Peer, e)
		case event.EvtPeerIdentificationFailed:
			p.put(e.Peer, e)
		}
	}
}

func (p *identifiedPeers) put(id peer.ID, outcome any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.outcomes[id] = outcome
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *identifiedPeers) get(id peer.ID) (outcome any, changed <-chan struct{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.outcomes[id], p.changed
}

// wait blocks until identify with that peer has completed or failed.
func (p *identifiedPeers) wait(ctx context.Context, id peer.ID) (*completed, error) {
	for {
		outcome, changed := p.get(id)
		switch e := outcome.(type) {
		case completed:
			return &e, nil
		case event.EvtPeerIdentificationFailed:
			return nil, fmt.Errorf("identify failed: %w", e.Reason)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s was not identified: %w", id, ctx.Err())
		}
	}
}

func (p *identifiedPeers) close() { p.subscription.Close() }

// identify reports what a connected peer said of itself.
func (n *node) identify(ctx context.Context, id peer.ID) error {
	known, err := n.identified.wait(ctx, id)
	if err != nil {
		return err
	}
	report := identifyEvent{
		Event:           "identify",
		PeerID:          id.String(),
		Protocols:       protocol.ConvertToStrings(known.Protocols),
		AgentVersion:    known.AgentVersion,
		ProtocolVersion: known.ProtocolVersion,
		ListenAddresses: texts(known.ListenAddrs),
		Addresses:       texts(n.host.Peerstore().Addrs(id)),
	}
	slices.Sort(report.Protocols)
	if known.ObservedAddr != nil {
		report.ObservedAddress = known.ObservedAddr.String()
	}
	if known.SignedPeerRecord != nil {
		if report.SignedPeerRecord, err = readRecord(known); err != nil {
			return err
		}
	}
	emit(report)
	return nil
}

// readRecord unpacks the record; the host has already verified its signature and that the key is the
// peer's.
func readRecord(known *completed) (*peerRecord, error) {
	untyped, err := known.SignedPeerRecord.Record()
	if err != nil {
		return nil, err
	}
	record, ok := untyped.(*peer.PeerRecord)
	if !ok {
		return nil, fmt.Errorf("the signed record is a %T", untyped)
	}
	return &peerRecord{PeerID: record.PeerID.String(), Seq: record.Seq, Addresses: texts(record.Addrs)}, nil
}
