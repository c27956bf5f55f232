// A stock js-libp2p node with a stock @libp2p/kad-dht server, for Warren's interoperability tests. Lines on stdin drive
// it, JSON lines on stdout report; test/interop/README.md, "The peers of a DHT", has the lines.

import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

import { connect, createHost, listen, readyEvent } from './listen.js'

const RAW = 0x55

const usage = `usage:
  kad listen [--addr MULTIADDR] [--bootstrap MULTIADDR] [--seconds N] [--timeout N]
`

const DHT = {
  protocol: '/ipfs/kad/1.0.0',
  clientMode: false,
  peerInfoMapper: passthroughMapper,
  allowQueryWithZeroPeers: true,
  initialQuerySelfInterval: 100
}

const toHex = (bytes) => Buffer.from(bytes).toString('hex')
const fromHex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const cidOf = (hash) => CID.createV1(RAW, Digest.decode(hash))

async function start(options, signal) {
  const host = await createHost(options.addr, { dht: kadDHT(DHT) })
  if (options.bootstrap !== undefined) await host.dial(multiaddr(options.bootstrap), { signal })
  const key = Buffer.concat([Buffer.from('/pk/'), host.peerId.toMultihash().bytes])
  const value = publicKeyToProtobuf(host.peerId.publicKey)
  return { host, ready: { ...readyEvent(host), pk_key: toHex(key), pk_value: toHex(value) } }
}

const COMMANDS = {
  connect: ({ host }, signal, address) => connect(host, signal, address),
  async table({ host }) {
    const peers = [...host.services.dht.routingTable.kb.toIterable()].map(({ peerId }) => peerId.toString())
    return { event: 'table', peers }
  },
  async find({ host }, signal, peer) {
    const info = await host.peerRouting.findPeer(peerIdFromString(peer), { signal, useCache: false })
    return { event: 'found', peer_id: info.id.toString(), addresses: info.multiaddrs.map(String) }
  },
  async provide({ host }, signal, hash) {
    await host.contentRouting.provide(cidOf(fromHex(hash)), { signal })
    return { event: 'provided' }
  },
  async providers({ host }, signal, hash) {
    const peers = []
    for await (const { id } of host.contentRouting.findProviders(cidOf(fromHex(hash)), { signal, useCache: false })) {
      peers.push(id.toString())
    }
    return { event: 'providers', peers }
  },
  async put({ host }, signal, key, value) {
    await host.contentRouting.put(fromHex(key), fromHex(value), { signal })
    return { event: 'put' }
  },
  async get({ host }, signal, key) {
    return { event: 'value', value: toHex(await host.contentRouting.get(fromHex(key), { signal, useCache: false })) }
  }
}

const flags = { bootstrap: { type: 'string' } }

process.exit(await listen({ name: 'kad', usage, flags, start, commands: COMMANDS }))
