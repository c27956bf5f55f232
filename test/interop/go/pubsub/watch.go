package main

import (
	"net"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

var (
	_, loopback, _ = net.ParseCIDR("127.0.0.0/8")

	// All peers of a test have one address.
	peerScores = &pubsub.PeerScoreParams{
		Topics:                      map[string]*pubsub.TopicScoreParams{},
		AppSpecificScore:            func(peer.ID) float64 { return 0 },
		IPColocationFactorWeight:    -10,
		IPColocationFactorThreshold: 8,
		IPColocationFactorWhitelist: []*net.IPNet{loopback},
		BehaviourPenaltyWeight:      -10,
		BehaviourPenaltyThreshold:   2,
		BehaviourPenaltyDecay:       0.98,
		DecayInterval:               time.Second,
		DecayToZero:                 0.01,
		RetainScore:                 time.Hour,
	}
	thresholds = &pubsub.PeerScoreThresholds{
		GossipThreshold: -100, PublishThreshold: -200, GraylistThreshold: -400, AcceptPXThreshold: 10, OpportunisticGraftThreshold: 2,
	}
	topicScores = &pubsub.TopicScoreParams{
		TopicWeight:                    1,
		TimeInMeshWeight:               0.01,
		TimeInMeshQuantum:              time.Second,
		TimeInMeshCap:                  300,
		FirstMessageDeliveriesWeight:   1,
		FirstMessageDeliveriesDecay:    0.97,
		FirstMessageDeliveriesCap:      50,
		InvalidMessageDeliveriesWeight: -100,
		InvalidMessageDeliveriesDecay:  0.99,
	}
)

// watch is a tracer that remembers what the stock node tells nobody else: meshes, protocols, scores, and what came.
type watch struct {
	mutex     sync.Mutex
	protocols map[peer.ID]protocol.ID
	mesh      map[string]map[peer.ID]bool
	scores    map[peer.ID]float64
	flood     bool // stock tells no tracer of floodsub's streams
	counts    map[string]int
}

func newWatch() *watch {
	return &watch{
		protocols: map[peer.ID]protocol.ID{},
		mesh:      map[string]map[peer.ID]bool{},
		counts:    map[string]int{},
	}
}

func (w *watch) peer(id peer.ID, topic string) event {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	proto := w.protocols[id]
	if w.flood {
		proto = pubsub.FloodSubID
	}
	return event{
		"peer_id": id.String(), "protocol": proto, "mesh": w.mesh[topic][id], "score": w.scores[id],
	}
}

func (w *watch) counters() event {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	e := event{"event": "counters"}
	for _, name := range []string{"messages", "ihave", "iwant", "idontwant", "rejected", "duplicates", "extensions", "dropped", "undeliverable"} {
		e[name] = w.counts[name]
	}
	return e
}

func (w *watch) add(name string, count int) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.counts[name] += count
}

func (w *watch) setScores(scores map[peer.ID]float64) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.scores = scores
}

func (w *watch) setMesh(topic string, id peer.ID, is bool) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.mesh[topic] == nil {
		w.mesh[topic] = map[peer.ID]bool{}
	}
	w.mesh[topic][id] = is
}

func (w *watch) OnNewOutboundStream(id peer.ID, proto protocol.ID) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.protocols[id] = proto
}

func (w *watch) RecvRPC(rpc *pubsub.RPC) {
	w.add("messages", len(rpc.GetPublish()))
	control := rpc.GetControl()
	for _, have := range control.GetIhave() {
		w.add("ihave", len(have.GetMessageIDs()))
	}
	for _, want := range control.GetIwant() {
		w.add("iwant", len(want.GetMessageIDs()))
	}
	for _, spare := range control.GetIdontwant() {
		w.add("idontwant", len(spare.GetMessageIDs()))
	}
	if control.GetExtensions() != nil {
		w.add("extensions", 1)
	}
}

func (w *watch) Graft(id peer.ID, topic string)        { w.setMesh(topic, id, true) }
func (w *watch) Prune(id peer.ID, topic string)        { w.setMesh(topic, id, false) }
func (w *watch) RejectMessage(*pubsub.Message, string) { w.add("rejected", 1) }
func (w *watch) DuplicateMessage(*pubsub.Message)      { w.add("duplicates", 1) }
func (w *watch) OnClosedOutboundStream(peer.ID)        {}
func (w *watch) Join(string)                           {}
func (w *watch) Leave(string)                          {}
func (w *watch) ValidateMessage(*pubsub.Message)       {}
func (w *watch) DeliverMessage(*pubsub.Message)        {}
func (w *watch) ThrottlePeer(peer.ID)                  {}
func (w *watch) SendRPC(*pubsub.RPC, peer.ID)          {}
func (w *watch) DropRPC(*pubsub.RPC, peer.ID)          { w.add("dropped", 1) }
func (w *watch) UndeliverableMessage(*pubsub.Message)  { w.add("undeliverable", 1) }
