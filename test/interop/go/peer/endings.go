package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	endingsProtocol protocol.ID = "/endings/1.0.0"
	endingsPoll                 = 10 * time.Millisecond
	endingsIdleMax              = 30 * time.Second
	// What one side writes when the other still has to read; many times less than any window.
	endingsRest = 1024
)

// endings counts how streams ended, as this side saw it, and is the server of the protocol (README.md).
type endings struct {
	mutex sync.Mutex
	endingCounts
}

type endingCounts struct {
	Ended   int `json:"ended"`   // the end of the stream, with all that came before it
	Stopped int `json:"stopped"` // a write failed, and then came the rest and the end of the stream
	Reset   int `json:"reset"`
}

func (e *endings) serve(s network.Stream) {
	_ = s.SetDeadline(time.Now().Add(endingsIdleMax))
	command := make([]byte, 1)
	if _, err := io.ReadFull(s, command); err != nil {
		s.Reset()
		return
	}
	if command[0] == 'r' {
		s.Reset()
		return
	}
	defer s.Close()
	if command[0] == 'c' {
		e.mutex.Lock()
		counts := e.endingCounts
		e.mutex.Unlock()
		_ = json.NewEncoder(s).Encode(counts)
		return
	}
	if _, err := s.Write(command); err != nil {
		return
	}
	switch command[0] {
	case 'e':
		e.count(s, false)
	case 'w':
		e.count(s, writeUntilStopped(s))
	case 's':
		s.CloseRead()
		_, _ = s.Write(make([]byte, endingsRest))
	}
}

// count reads to the end, whichever it is.
func (e *endings) count(s io.Reader, stopped bool) {
	rest, err := io.ReadAll(s)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	switch {
	case errors.Is(err, network.ErrReset):
		e.Reset++
	case err != nil || len(rest) != endingsRest:
	case stopped:
		e.Stopped++
	default:
		e.Ended++
	}
}

// writeUntilStopped reports whether it was the other side that ended it.
func writeUntilStopped(s io.Writer) bool {
	chunk := make([]byte, 64<<10)
	for {
		if _, err := s.Write(chunk); err != nil {
			return errors.Is(err, network.ErrReset)
		}
	}
}

// endings lets streams to the peer end in all the ways there are, and checks that each side sees what the
// other did.
func (n *node) endings(ctx context.Context, id peer.ID) error {
	before, err := n.askCounts(ctx, id)
	if err != nil {
		return err
	}
	for _, way := range []struct {
		name string
		body func(ctx context.Context, id peer.ID) error
	}{
		{"reset by the peer", n.endByPeer},
		{"end of the stream", n.endProperly},
		{"reset", n.endByReset},
		{"reading stopped", n.endReading},
	} {
		if err := way.body(ctx, id); err != nil {
			return fmt.Errorf("%s: %w", way.name, err)
		}
	}
	want := endingCounts{Ended: before.Ended + 1, Stopped: before.Stopped + 1, Reset: before.Reset + 1}
	for {
		counts, err := n.askCounts(ctx, id)
		if err != nil {
			return fmt.Errorf("after the streams: %w", err)
		}
		if counts == want {
			emit(endingsEvent{Event: "endings", PeerID: id.String(), Ok: true})
			return nil
		}
		select {
		case <-time.After(endingsPoll):
		case <-ctx.Done():
			return fmt.Errorf("the peer saw %+v, not %+v", counts, want)
		}
	}
}

// begin opens a stream with a command, and waits until the peer has it, unless it answers otherwise.
func (n *node) begin(ctx context.Context, id peer.ID, command byte, confirmed bool) (network.Stream, error) {
	s, err := n.host.NewStream(network.WithNoDial(ctx, "endings"), id, endingsProtocol)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	_ = s.SetDeadline(deadline)
	answer := []byte{command}
	if _, err = s.Write(answer); err == nil && confirmed {
		_, err = io.ReadFull(s, answer)
	}
	if err == nil && answer[0] != command {
		err = fmt.Errorf("%q is not the answer to %q", answer, command)
	}
	if err != nil {
		s.Reset()
		return nil, err
	}
	return s, nil
}

func (n *node) askCounts(ctx context.Context, id peer.ID) (counts endingCounts, err error) {
	s, err := n.begin(ctx, id, 'c', false)
	if err != nil {
		return counts, err
	}
	defer s.Close()
	return counts, json.NewDecoder(s).Decode(&counts)
}

func (n *node) endByPeer(ctx context.Context, id peer.ID) error {
	s, err := n.begin(ctx, id, 'r', false)
	if err != nil {
		return err
	}
	defer s.Reset()
	if _, err := io.ReadAll(s); !errors.Is(err, network.ErrReset) {
		return fmt.Errorf("reading ended with %v", err)
	}
	if writeUntilStopped(s) {
		return nil
	}
	return errors.New("writing ended with another error")
}

func (n *node) endProperly(ctx context.Context, id peer.ID) error {
	s, err := n.begin(ctx, id, 'e', true)
	if err != nil {
		return err
	}
	if _, err := s.Write(make([]byte, endingsRest)); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	_, err = io.ReadAll(s)
	return err
}

func (n *node) endByReset(ctx context.Context, id peer.ID) error {
	s, err := n.begin(ctx, id, 'e', true)
	if err != nil {
		return err
	}
	return s.Reset()
}

// endReading stops the peer's half only; its own goes on.
func (n *node) endReading(ctx context.Context, id peer.ID) error {
	s, err := n.begin(ctx, id, 'w', true)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, s, 256<<10); err != nil {
		return err
	}
	if err := s.CloseRead(); err != nil {
		return err
	}
	if _, err := s.Write(make([]byte, endingsRest)); err != nil {
		return err
	}
	return s.CloseWrite()
}
