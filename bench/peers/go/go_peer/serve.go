package main

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
)

const (
	perfProtocol = "/perf/1.0.0"
	echoProtocol = "/bench/echo/1.0.0"
	chunk        = 64 * 1024
	echoSize     = 64
)

// serve answers perf, and echoes of 64 bytes. A stream that fails is reset.
func serve(h host.Host) {
	for protocol, answer := range map[string]func(network.Stream) error{
		perfProtocol: servePerf,
		echoProtocol: serveEcho,
	} {
		h.SetStreamHandler(idOf(protocol), func(stream network.Stream) {
			if answer(stream) != nil {
				stream.Reset()
			}
		})
	}
}

func servePerf(stream network.Stream) error {
	var header [8]byte
	if _, err := io.ReadFull(stream, header[:]); err != nil {
		return err
	}
	if _, err := receive(stream); err != nil {
		return err
	}
	if err := send(stream, int64(binary.BigEndian.Uint64(header[:]))); err != nil {
		return err
	}
	return stream.Close()
}

func serveEcho(stream network.Stream) error {
	var message [echoSize]byte
	if _, err := io.ReadFull(stream, message[:]); err != nil {
		return err
	}
	if _, err := stream.Write(message[:]); err != nil {
		return err
	}
	return stream.Close()
}

// send writes zeros and ends our half.
func send(stream network.Stream, count int64) error {
	zeros := make([]byte, chunk)
	for count > 0 {
		size := min(count, chunk)
		if _, err := stream.Write(zeros[:size]); err != nil {
			return err
		}
		count -= size
	}
	return stream.CloseWrite()
}

// receive reads to the end and says how much there was.
func receive(stream network.Stream) (int64, error) {
	buffer := make([]byte, chunk)
	var got int64
	for {
		size, err := stream.Read(buffer)
		got += int64(size)
		if err == io.EOF {
			return got, nil
		}
		if err != nil {
			return got, fmt.Errorf("after %d bytes: %w", got, err)
		}
	}
}
