package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/protocol"

	"warren/test/interop/listener"
)

const (
	poll        = 10 * time.Millisecond
	queueLength = 4096 // stock: 32 RPCs to a peer and 32 messages to a subscriber, and the tests send more at once
)

// protocols has what each version speaks besides itself, the newest first.
var protocols = map[string][]protocol.ID{
	"1.3":      pubsub.GossipSubDefaultProtocols,
	"1.2":      pubsub.GossipSubDefaultProtocols[1:],
	"1.1":      pubsub.GossipSubDefaultProtocols[2:],
	"1.0":      pubsub.GossipSubDefaultProtocols[3:],
	"floodsub": {pubsub.FloodSubID},
}

type node struct {
	host   host.Host
	pubsub *pubsub.PubSub
	watch  *watch
	ctx    context.Context

	topics map[string]*pubsub.Topic

	mutex    sync.Mutex
	received []event
}

func newNode(ctx context.Context, addr string, o options) (*node, error) {
	h, err := listener.NewHost(addr)
	if err != nil {
		return nil, err
	}
	n := &node{host: h, watch: newWatch(), ctx: ctx, topics: map[string]*pubsub.Topic{}}
	common := []pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithPeerOutboundQueueSize(queueLength),
		pubsub.WithValidateQueueSize(queueLength),
		pubsub.WithRawTracer(n.watch),
	}
	if o.version == "floodsub" {
		n.watch.flood = true
		n.pubsub, err = pubsub.NewFloodSub(ctx, h, common...)
	} else {
		n.pubsub, err = pubsub.NewGossipSub(ctx, h, append(common, gossipOptions(o, n.watch)...)...)
	}
	if err != nil {
		h.Close()
		return nil, err
	}
	return n, nil
}

func gossipOptions(o options, w *watch) []pubsub.Option {
	params := pubsub.DefaultGossipSubParams()
	if o.gossipOnly {
		params.D, params.Dlo, params.Dhi, params.Dscore, params.Dout = 0, 0, 0, 0, 0
	}
	return []pubsub.Option{
		pubsub.WithGossipSubParams(params),
		pubsub.WithGossipSubProtocols(protocols[o.version], pubsub.GossipSubDefaultFeatures),
		pubsub.WithPeerScore(peerScores, thresholds),
		pubsub.WithPeerScoreInspect(w.setScores, time.Second),
	}
}

// Close ends the host.
func (n *node) Close() { n.host.Close() }

// Ready tells where it is reached.
func (n *node) Ready() (event, error) { return listener.ReadyEvent(n.host) }

// Command does what one line says, and returns the event that answers it.
func (n *node) Command(ctx context.Context, words []string) (event, error) {
	switch words[0] + " " + strconv.Itoa(len(words)-1) {
	case "connect 1":
		return listener.Connect(ctx, n.host, words[1])
	case "subscribe 1":
		return event{"event": "subscribed"}, n.subscribe(words[1])
	case "publish 2":
		return n.publish(ctx, words[1], words[2])
	case "received 1":
		return n.take(ctx, words[1])
	case "peers 1":
		return n.peers(words[1]), nil
	case "counters 0":
		return n.watch.counters(), nil
	}
	return nil, fmt.Errorf("unknown or incomplete command %q", words[0])
}

func (n *node) join(name string) (*pubsub.Topic, error) {
	if topic := n.topics[name]; topic != nil {
		return topic, nil
	}
	topic, err := n.pubsub.Join(name)
	if err != nil {
		return nil, err
	}
	n.topics[name] = topic
	// Floodsub has no scores.
	_ = topic.SetScoreParams(topicScores)
	return topic, nil
}

func (n *node) subscribe(name string) error {
	topic, err := n.join(name)
	if err != nil {
		return err
	}
	subscription, err := topic.Subscribe(pubsub.WithBufferSize(queueLength))
	if err != nil {
		return err
	}
	go n.receive(subscription)
	return nil
}

func (n *node) receive(subscription *pubsub.Subscription) {
	for {
		message, err := subscription.Next(n.ctx)
		if err != nil {
			return
		}
		n.mutex.Lock()
		n.received = append(n.received, event{
			"from": message.GetFrom().String(), "hash": hash(message.Data), "size": len(message.Data),
		})
		n.mutex.Unlock()
	}
}

func (n *node) publish(ctx context.Context, name, size string) (event, error) {
	topic, err := n.join(name)
	if err != nil {
		return nil, err
	}
	data, err := payload(size)
	if err != nil {
		return nil, err
	}
	return event{"event": "published", "hash": hash(data)}, topic.Publish(ctx, data)
}

// take waits for so many messages, and returns those that nobody has been told of.
func (n *node) take(ctx context.Context, count string) (event, error) {
	least, err := strconv.Atoi(count)
	if err != nil {
		return nil, err
	}
	for {
		n.mutex.Lock()
		if len(n.received) >= least {
			messages := append([]event{}, n.received...)
			n.received = nil
			n.mutex.Unlock()
			return event{"event": "received", "messages": messages}, nil
		}
		have := len(n.received)
		n.mutex.Unlock()
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%d messages, not %d", have, least)
		case <-time.After(poll):
		}
	}
}

func (n *node) peers(topic string) event {
	peers := []event{}
	for _, id := range n.pubsub.ListPeers(topic) {
		peers = append(peers, n.watch.peer(id, topic))
	}
	return event{"event": "peers", "peers": peers}
}

func payload(size string) ([]byte, error) {
	count, err := strconv.ParseUint(size, 10, 24)
	if err != nil {
		return nil, err
	}
	data := make([]byte, count)
	_, err = rand.Read(data)
	return data, err
}

func hash(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
