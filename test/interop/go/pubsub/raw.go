package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"warren/test/interop/listener"
)

// rawNode takes what it is sent, and sends messages that are good but for one thing.
type rawNode struct {
	host  host.Host
	seqno uint64
}

func newRawNode(addr string, o options) (*rawNode, error) {
	h, err := listener.NewHost(addr)
	if err != nil {
		return nil, err
	}
	for _, id := range protocols[o.version] {
		h.SetStreamHandler(id, func(s network.Stream) { _, _ = io.Copy(io.Discard, s) })
	}
	return &rawNode{host: h}, nil
}

// Close ends the host.
func (n *rawNode) Close() { n.host.Close() }

// Ready tells where it is reached.
func (n *rawNode) Ready() (event, error) { return listener.ReadyEvent(n.host) }

// Command does what one line says, and returns the event that answers it.
func (n *rawNode) Command(ctx context.Context, words []string) (event, error) {
	switch words[0] + " " + strconv.Itoa(len(words)-1) {
	case "connect 1":
		return listener.Connect(ctx, n.host, words[1])
	case "forge 4":
		return n.forge(ctx, words[1], words[2], words[3], words[4])
	}
	return nil, fmt.Errorf("unknown or incomplete command %q", words[0])
}

// forge subscribes and sends one message to that peer, with what is wrong with it.
func (n *rawNode) forge(ctx context.Context, target, topic, size, what string) (event, error) {
	id, err := peer.Decode(target)
	if err != nil {
		return nil, err
	}
	data, err := payload(size)
	if err != nil {
		return nil, err
	}
	message, err := n.message(topic, data, what)
	if err != nil {
		return nil, err
	}
	subscribe := true
	subscription := &pb.RPC_SubOpts{Subscribe: &subscribe, Topicid: &topic}
	rpc, err := (&pb.RPC{Subscriptions: []*pb.RPC_SubOpts{subscription}, Publish: []*pb.Message{message}}).Marshal()
	if err != nil {
		return nil, err
	}
	stream, err := n.host.NewStream(ctx, id, protocols["1.2"]...)
	if err != nil {
		return nil, err
	}
	// It stays open: a peer that has gone is nobody to judge.
	_, err = stream.Write(append(binary.AppendUvarint(nil, uint64(len(rpc))), rpc...))
	return event{"event": "forged", "hash": hash(data)}, err
}

func (n *rawNode) message(topic string, data []byte, what string) (*pb.Message, error) {
	n.seqno++
	key := n.host.Peerstore().PrivKey(n.host.ID())
	message := &pb.Message{
		From: []byte(n.host.ID()), Data: data, Topic: &topic, Seqno: binary.BigEndian.AppendUint64(nil, n.seqno),
	}
	if what == "author" || what == "key" { // somebody else's name, without and with this node's key
		other, _, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			return nil, err
		}
		id, err := peer.IDFromPrivateKey(other)
		if err != nil {
			return nil, err
		}
		message.From = []byte(id)
	}
	if what == "seqno" {
		message.Seqno = nil
	}
	bytes, err := message.Marshal()
	if err != nil {
		return nil, err
	}
	if message.Signature, err = key.Sign(append([]byte(pubsub.SignPrefix), bytes...)); err != nil {
		return nil, err
	}
	switch what {
	case "good", "author", "seqno":
	case "key":
		if message.Key, err = crypto.MarshalPublicKey(key.GetPublic()); err != nil {
			return nil, err
		}
	case "signature":
		message.Signature[0] ^= 1
	case "unsigned":
		message.Signature = nil
	case "data":
		message.Data = append([]byte{1}, data...)
	default:
		return nil, fmt.Errorf("unknown fault %q", what)
	}
	return message, nil
}
