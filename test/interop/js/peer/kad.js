// A stock js-libp2p node with a stock @libp2p/kad-dht server, for Warren's interoperability tests. Lines on stdin drive
// it, JSON lines on stdout report; test/interop/README.md, "The peers of a DHT", has the lines.

import { setMaxListeners } from 'node:events'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { peerIdFromString } from '@libp2p/peer-id'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'

import { emit, emitError } from './events.js'
import { readNumber } from './options.js'

const USAGE = 2
const RAW = 0x55
const STOP_MS = 3000

const usage = `usage:
  kad listen [--addr MULTIADDR] [--bootstrap MULTIADDR] [--seconds N] [--timeout N]
`

function readOptions(words) {
  const [command, ...rest] = words
  if (command !== 'listen') throw new Error('the only command is listen')
  const { values } = parseArgs({
    args: rest,
    options: {
      addr: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
      bootstrap: { type: 'string' },
      seconds: { type: 'string', default: '120' },
      timeout: { type: 'string', default: '30' }
    }
  })
  const seconds = readNumber(values.seconds, 1, 1_000_000)
  return { ...values, seconds, timeoutMs: 1000 * readNumber(values.timeout, 1, 1_000_000) }
}

// The stock options, but for what stock does against addresses that are not public: all is on loopback.
function createHost(addr) {
  return createLibp2p({
    addresses: { listen: [addr] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { abortConnectionOnPingFailure: false },
    // Stock takes 5 connections a second from one host, and here all peers are one.
    connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/ipfs/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        allowQueryWithZeroPeers: true,
        initialQuerySelfInterval: 100
      })
    }
  })
}

const toHex = (bytes) => Buffer.from(bytes).toString('hex')
const fromHex = (text) => new Uint8Array(Buffer.from(text, 'hex'))
const cidOf = (hash) => CID.createV1(RAW, Digest.decode(hash))

function readyEvent(host) {
  const prefix = Buffer.from('/pk/')
  return {
    event: 'ready',
    peer_id: host.peerId.toString(),
    addresses: host.getMultiaddrs().map((address) => address.toString()),
    pk_key: toHex(Buffer.concat([prefix, host.peerId.toMultihash().bytes])),
    pk_value: toHex(publicKeyToProtobuf(host.peerId.publicKey))
  }
}

const COMMANDS = {
  async connect(host, signal, address) {
    const connection = await host.dial(multiaddr(address), { signal })
    return { event: 'connected', peer_id: connection.remotePeer.toString() }
  },
  async table(host) {
    const peers = [...host.services.dht.routingTable.kb.toIterable()].map(({ peerId }) => peerId.toString())
    return { event: 'table', peers }
  },
  async find(host, signal, peer) {
    const info = await host.peerRouting.findPeer(peerIdFromString(peer), { signal, useCache: false })
    return { event: 'found', peer_id: info.id.toString(), addresses: info.multiaddrs.map(String) }
  },
  async provide(host, signal, hash) {
    await host.contentRouting.provide(cidOf(fromHex(hash)), { signal })
    return { event: 'provided' }
  },
  async providers(host, signal, hash) {
    const peers = []
    for await (const { id } of host.contentRouting.findProviders(cidOf(fromHex(hash)), { signal, useCache: false })) {
      peers.push(id.toString())
    }
    return { event: 'providers', peers }
  },
  async put(host, signal, key, value) {
    await host.contentRouting.put(fromHex(key), fromHex(value), { signal })
    return { event: 'put' }
  },
  async get(host, signal, key) {
    return { event: 'value', value: toHex(await host.contentRouting.get(fromHex(key), { signal, useCache: false })) }
  }
}

async function obey(host, options, runSignal) {
  for await (const line of createInterface({ input: process.stdin, signal: runSignal })) {
    const [name, ...words] = line.split(/\s+/).filter(Boolean)
    if (name === undefined) continue
    if (name === 'quit') return
    try {
      if (!Object.hasOwn(COMMANDS, name)) throw new Error(`unknown command ${JSON.stringify(name)}`)
      const signal = AbortSignal.any([runSignal, AbortSignal.timeout(options.timeoutMs)])
      setMaxListeners(0, signal)
      emit(await COMMANDS[name](host, signal, ...words))
    } catch (error) {
      emitError(name, error)
    }
  }
}

async function main() {
  let options
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`kad: ${error.message}\n${usage}`)
    return USAGE
  }
  // Nothing may outlive its limit, not even a shutdown that hangs.
  setTimeout(() => process.exit(1), (options.seconds + 5) * 1000)
  const signal = AbortSignal.timeout(options.seconds * 1000)
  setMaxListeners(0, signal)
  const host = await createHost(options.addr)
  if (options.bootstrap !== undefined) await host.dial(multiaddr(options.bootstrap), { signal })
  emit(readyEvent(host))
  await obey(host, options, signal)
  await Promise.race([host.stop(), new Promise((resolve) => setTimeout(resolve, STOP_MS))])
  return 0
}

process.exit(await main())
