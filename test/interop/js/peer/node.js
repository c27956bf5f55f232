// The host, and what it is made of.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setDefaultCACertificates } from 'node:tls'

import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { CODE_P2P } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

import { serveEcho } from './echo.js'
import { IdentifiedPeers } from './identify.js'

export const ECHO_PROTOCOL = '/echo/1.0.0'

const SECURITY = { noise, tls }

const KEYS = {
  ed25519: () => generateKeyPair('Ed25519'),
  secp256k1: () => generateKeyPair('secp256k1'),
  rsa: () => generateKeyPair('RSA', 2048)
}

const STOP_MS = 3000

// A running host, what other peers told it about themselves, and the limit of each step.
export async function startNode(options) {
  const host = await createLibp2p({
    privateKey: await chosen(KEYS, options.keyType, 'key type')(),
    addresses: { listen: listenAddresses(options) },
    transports: await transports(options),
    connectionEncrypters: [chosen(SECURITY, options.security, 'security protocol')()],
    streamMuxers: [yamux()],
    services: {
      // IdentifiedPeers runs it when a connection opens, as the service would, and learns of failures.
      identify: identify({ runOnConnectionOpen: false }),
      // Stock allows one, but counts the stream of the last ping until the peer's end of stream has arrived.
      ping: ping({ maxOutboundStreams: 8 })
    },
    // Stock gives up on a stream after 10 s, and on a connection when a ping takes 5 s, which happens where the machine
    // has more to do than this.
    connectionManager: { inboundStreamProtocolNegotiationTimeout: options.timeout * 1000 },
    connectionMonitor: { abortConnectionOnPingFailure: false },
    start: false
  })
  const identified = new IdentifiedPeers(host)
  // Stock allows 32 inbound streams of one protocol on a connection, and the tests open more at once.
  await host.handle(ECHO_PROTOCOL, serveEcho, {
    maxInboundStreams: 512,
    maxOutboundStreams: 512,
    runOnLimitedConnection: true
  })
  await host.start()
  return { host, identified, timeoutMs: options.timeout * 1000 }
}

// One of a circuit means: reserve at that relay, and start when that has succeeded.
function listenAddresses({ addr, relay }) {
  return [...(addr === 'none' ? [] : [addr]), ...(relay === undefined ? [] : [`${relay}/p2p-circuit`])]
}

async function transports({ addr, target, certificates, circuits }) {
  const all = [tcp(), webSockets({ https: await ownCertificate(certificates) })]
  if (circuits) all.push(circuitRelayTransport())
  // Its native part is not there for every machine.
  if ([addr, target].some((text) => text?.includes('/quic-v1'))) {
    const { quic } = await import('@chainsafe/libp2p-quic')
    all.push(quic())
  }
  return all
}

// What a wss listener shows. From here on, dialers take certificates of that folder's authority, and no others:
// they are Node's own, which have no option for it.
async function ownCertificate(folder) {
  if (folder === undefined) return undefined
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'chain.pem', 'key.pem'].map((name) => readFile(join(folder, name), 'utf8'))
  )
  setDefaultCACertificates([ca])
  return { cert, key }
}

// Ends the host, as far as that is possible in reasonable time: the process ends next.
export async function stopNode(node) {
  const late = new Promise((resolve) => setTimeout(resolve, STOP_MS))
  await Promise.race([node.host.stop(), late])
}

function chosen(table, name, what) {
  if (!Object.hasOwn(table, name)) throw new Error(`unknown ${what} ${JSON.stringify(name)}`)
  return table[name]
}

export function texts(multiaddrs) {
  return multiaddrs.map((address) => address.toString())
}

export function bare(multiaddr) {
  return multiaddr.decapsulateCode(CODE_P2P).toString()
}
