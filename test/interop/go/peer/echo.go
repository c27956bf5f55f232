package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

const (
	echoProtocol protocol.ID = "/echo/1.0.0"
	echoIdleMax              = 60 * time.Second
	echoChunk                = 64 << 10
)

// serveEcho returns every byte until the peer closes its side, then closes its own.
func serveEcho(s network.Stream) {
	buffer := make([]byte, echoChunk)
	for {
		_ = s.SetDeadline(time.Now().Add(echoIdleMax))
		count, readErr := s.Read(buffer)
		if _, err := s.Write(buffer[:count]); err != nil {
			s.Reset()
			return
		}
		if errors.Is(readErr, io.EOF) {
			s.Close()
			return
		}
		if readErr != nil {
			s.Reset()
			return
		}
	}
}

// echo opens all the streams at once on the existing connection, sends a different random payload on
// each, and checks what comes back, up to the end of the stream. No stream is closed before the first bytes
// have come back on all of them, so that they are open together. Meanwhile all are read: streams of QUIC share
// the connection's window.
func (n *node) echo(ctx context.Context, id peer.ID, streams int, size int64) error {
	start := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var waiting, running sync.WaitGroup
	waiting.Add(streams)
	failures := make(chan error, streams)
	for i := range streams {
		running.Go(func() {
			first := sync.OnceFunc(waiting.Done)
			defer first()
			err := n.echoOne(ctx, id, uint64(i), size, first, waiting.Wait)
			if err != nil {
				failures <- fmt.Errorf("stream %d: %w", i, err)
				cancel() // the others need not go on
			}
		})
	}
	running.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	ms := float64(time.Since(start).Microseconds()) / 1000
	emit(echoEvent{Event: "echo", PeerID: id.String(), Streams: streams, Bytes: size, Ok: true, Ms: ms})
	return nil
}

func (n *node) echoOne(ctx context.Context, id peer.ID, index uint64, size int64, first, allFirst func()) error {
	existing := network.WithAllowLimitedConn(network.WithNoDial(ctx, "echo"), "echo")
	s, err := n.host.NewStream(existing, id, echoProtocol)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyN(s, payload(index), size)
		if err == nil {
			allFirst()
			err = s.CloseWrite()
		}
		sent <- err
	}()
	err = checkEcho(s, payload(index), size, first)
	if err != nil {
		first()
		s.Reset() // ends the sender too
	}
	if sendErr := <-sent; err == nil && sendErr != nil {
		err = fmt.Errorf("sending: %w", sendErr)
	}
	if err != nil {
		return err
	}
	return s.Close()
}

func checkEcho(s io.Reader, want io.Reader, size int64, first func()) error {
	got, expected := make([]byte, echoChunk), make([]byte, echoChunk)
	for done := int64(0); done < size; {
		count := min(echoChunk, size-done)
		if done == 0 {
			count = min(1024, size)
		}
		if _, err := io.ReadFull(s, got[:count]); err != nil {
			return fmt.Errorf("after %d of %d bytes: %w", done, size, err)
		}
		if _, err := io.ReadFull(want, expected[:count]); err != nil {
			return err
		}
		if !bytes.Equal(got[:count], expected[:count]) {
			return fmt.Errorf("wrong bytes came back within [%d, %d)", done, done+count)
		}
		if done == 0 {
			first()
		}
		done += count
	}
	if count, err := s.Read(got[:1]); count != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("no end of stream after %d bytes: %d more, %v", size, count, err)
	}
	return nil
}

// payload is an endless random sequence, another one for each stream, the same at every run.
func payload(index uint64) io.Reader {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("echo payload "), index))
	return rand.NewChaCha8(seed)
}
