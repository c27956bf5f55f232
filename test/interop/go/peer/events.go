package main

import (
	"encoding/json"
	"os"
	"sync"
)

type readyEvent struct {
	Event     string   `json:"event"`
	PeerID    string   `json:"peer_id"`
	Addresses []string `json:"addresses"`
}

type connectedEvent struct {
	Event    string  `json:"event"`
	PeerID   string  `json:"peer_id"`
	Address  string  `json:"address"`
	Security string  `json:"security"`
	Muxer    string  `json:"muxer"`
	Relayed  bool    `json:"relayed,omitempty"`
	Limited  bool    `json:"limited,omitempty"`
	Ms       float64 `json:"ms"`
}

type disconnectedEvent struct {
	Event  string `json:"event"`
	PeerID string `json:"peer_id"`
}

type addressesEvent struct {
	Event     string   `json:"event"`
	Addresses []string `json:"addresses"`
}

// reservedEvent is about a reservation at that peer; of the limits, 0 is none.
type reservedEvent struct {
	Event     string   `json:"event"`
	PeerID    string   `json:"peer_id"`
	Expires   int64    `json:"expires"` // Unix time
	Seconds   int64    `json:"seconds"`
	Bytes     uint64   `json:"bytes"`
	Voucher   bool     `json:"voucher"`
	Addresses []string `json:"addresses"` // the relay's
}

// autonatEvent is the answer to one question.
type autonatEvent struct {
	Event        string `json:"event"`        // autonat1 or autonat2
	Reachability string `json:"reachability"` // Public, Private or Unknown
	Refused      bool   `json:"refused"`
	Address      string `json:"address"` // that was dialed; empty in version 1
}

type peerRecord struct {
	PeerID    string   `json:"peer_id"`
	Seq       uint64   `json:"seq"`
	Addresses []string `json:"addresses"`
}

type identifyEvent struct {
	Event            string      `json:"event"`
	PeerID           string      `json:"peer_id"`
	Protocols        []string    `json:"protocols"`
	AgentVersion     string      `json:"agent_version"`
	ProtocolVersion  string      `json:"protocol_version"`
	ListenAddresses  []string    `json:"listen_addresses"`
	Addresses        []string    `json:"addresses"`
	ObservedAddress  string      `json:"observed_address"`
	SignedPeerRecord *peerRecord `json:"signed_peer_record"`
}

type pingEvent struct {
	Event  string  `json:"event"`
	PeerID string  `json:"peer_id"`
	RttMs  float64 `json:"rtt_ms"`
}

type echoEvent struct {
	Event   string  `json:"event"`
	PeerID  string  `json:"peer_id"`
	Streams int     `json:"streams"`
	Bytes   int64   `json:"bytes"`
	Ok      bool    `json:"ok"`
	Ms      float64 `json:"ms"`
}

type endingsEvent struct {
	Event  string `json:"event"`
	PeerID string `json:"peer_id"`
	Ok     bool   `json:"ok"`
}

// directEvent has no address when no direct connection came about within the step's limit.
type directEvent struct {
	Event   string            `json:"event"`
	PeerID  string            `json:"peer_id"`
	Address string            `json:"address"`
	Dialed  bool              `json:"dialed"` // by this side
	Ms      float64           `json:"ms"`
	Steps   []json.RawMessage `json:"steps"` // of go-libp2p's hole punching with that peer
}

type doneEvent struct {
	Event string `json:"event"`
}

type errorEvent struct {
	Event   string `json:"event"`
	Command string `json:"command"`
	Error   string `json:"error"`
}

var stdout = struct {
	sync.Mutex
	*json.Encoder
}{Encoder: json.NewEncoder(os.Stdout)}

func emit(event any) {
	stdout.Lock()
	defer stdout.Unlock()
	// A reader that is gone shows as the end of stdin as well.
	_ = stdout.Encode(event)
}

func emitError(command string, err error) {
	emit(errorEvent{Event: "error", Command: command, Error: err.Error()})
}
