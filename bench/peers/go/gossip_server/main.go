// Gossip_server is a go-libp2p-pubsub node over TCP and Noise that relays one topic, for gossip_bench.py. It
// prints its address, answers each line of stdin with how many messages it has delivered to itself and how
// many peers the topic has, and ends with its stdin.
//
//	gossip_server TOPIC signed|unsigned
package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"warren/bench/peers/go/plainhost"
)

// Enough that nothing is dropped: who sends waits for what it has sent.
const queue = 4096

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gossip_server TOPIC signed|unsigned")
		os.Exit(2)
	}
	if err := serve(os.Args[1], os.Args[2] == "signed"); err != nil {
		fmt.Fprintln(os.Stderr, "gossip_server:", err)
		os.Exit(1)
	}
}

func serve(name string, signed bool) error {
	h, err := plainhost.New()
	if err != nil {
		return err
	}
	ps, err := pubsub.NewGossipSub(context.Background(), h, options(name, signed)...)
	if err != nil {
		return err
	}
	topic, err := ps.Join(name)
	if err != nil {
		return err
	}
	subscription, err := topic.Subscribe(pubsub.WithBufferSize(queue))
	if err != nil {
		return err
	}
	var delivered atomic.Uint64
	go func() {
		for {
			if _, err := subscription.Next(context.Background()); err != nil {
				return
			}
			delivered.Add(1)
		}
	}()
	plainhost.Tell(h)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Printf("{\"delivered\": %d, \"peers\": %d}\n", delivered.Load(), len(topic.ListPeers()))
	}
	return nil
}

// The mesh, the scores and the ids that Warren has.
func options(name string, signed bool) []pubsub.Option {
	mesh := pubsub.DefaultGossipSubParams()
	mesh.D, mesh.Dlo, mesh.Dhi, mesh.Dscore, mesh.Dout = 8, 6, 12, 4, 2
	list := []pubsub.Option{
		pubsub.WithGossipSubParams(mesh),
		pubsub.WithPeerScore(scores(name)),
		pubsub.WithPeerOutboundQueueSize(queue),
		pubsub.WithValidateQueueSize(queue),
	}
	if signed {
		return append(list, pubsub.WithMessageSignaturePolicy(pubsub.StrictSign))
	}
	return append(list, pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign), pubsub.WithNoAuthor(),
		pubsub.WithMessageIdFn(func(message *pb.Message) string {
			hash := sha256.Sum256(message.GetData())
			return string(hash[:])
		}))
}

func scores(name string) (*pubsub.PeerScoreParams, *pubsub.PeerScoreThresholds) {
	topic := &pubsub.TopicScoreParams{
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
	params := &pubsub.PeerScoreParams{
		Topics:                      map[string]*pubsub.TopicScoreParams{name: topic},
		TopicScoreCap:               100,
		AppSpecificScore:            func(peer.ID) float64 { return 0 },
		IPColocationFactorWeight:    -10,
		IPColocationFactorThreshold: 8,
		BehaviourPenaltyWeight:      -10,
		BehaviourPenaltyThreshold:   2,
		BehaviourPenaltyDecay:       0.98,
		DecayInterval:               time.Second,
		DecayToZero:                 0.01,
		RetainScore:                 time.Hour,
	}
	return params, &pubsub.PeerScoreThresholds{
		GossipThreshold:             -100,
		PublishThreshold:            -200,
		GraylistThreshold:           -400,
		AcceptPXThreshold:           10,
		OpportunisticGraftThreshold: 2,
	}
}
