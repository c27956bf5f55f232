package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
)

// directPoll is how often a node looks whether a direct connection has come about: there is no event for it that
// also tells of those which were there before.
const directPoll = 5 * time.Millisecond

// stepsMax bounds what is kept of one peer.
const stepsMax = 64

// punchTrace keeps what go-libp2p's hole punching says that it does, for the command "direct".
type punchTrace struct {
	mutex sync.Mutex
	steps map[peer.ID][]json.RawMessage
}

// hostOption enables stock hole punching.
func (t *punchTrace) hostOption() libp2p.Option {
	t.steps = make(map[peer.ID][]json.RawMessage)
	return libp2p.EnableHolePunching(holepunch.WithTracer(t))
}

func (t *punchTrace) Trace(event *holepunch.Event) {
	text, err := json.Marshal(map[string]any{"type": event.Type, "at_ns": event.Timestamp, "details": event.Evt})
	if err != nil {
		return
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if steps := t.steps[event.Remote]; len(steps) < stepsMax {
		t.steps[event.Remote] = append(steps, text)
	}
}

func (t *punchTrace) of(id peer.ID) []json.RawMessage {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return append([]json.RawMessage{}, t.steps[id]...)
}

// punches waits until hole punching has begun its work: go-libp2p starts it when it knows a public address of its
// own, and does nothing for connections that are there before.
func (n *node) punches(ctx context.Context) error {
	for !slices.Contains(n.host.Mux().Protocols(), holepunch.Protocol) {
		if !wait(ctx, directPoll) {
			return errors.New("it knows no public address of its own")
		}
	}
	emit(doneEvent{Event: "punches"})
	return nil
}

// direct waits until there is a connection to that peer that goes through no relay.
func (n *node) direct(ctx context.Context, text string) error {
	id, err := peer.Decode(text)
	if err != nil {
		return err
	}
	start := time.Now()
	event := directEvent{Event: "direct", PeerID: id.String()}
	for event.Address == "" {
		for _, c := range n.host.Network().ConnsToPeer(id) {
			if relayed, _ := describePath(c); !relayed {
				event.Address = c.RemoteMultiaddr().String()
				event.Dialed = c.Stat().Direction.String() == "Outbound"
			}
		}
		if event.Address == "" && !wait(ctx, directPoll) {
			break
		}
	}
	event.Ms = float64(time.Since(start).Microseconds()) / 1000
	event.Steps = n.punch.of(id)
	emit(event)
	return nil
}
