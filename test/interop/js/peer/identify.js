// Who the other peers say they are.

import { bare } from './node.js'

// Runs identify on every new connection and keeps its last outcome for each peer.
export class IdentifiedPeers {
  #service
  #outcomes = new Map()
  #waiting = new Map()

  constructor(host) {
    this.#service = host.services.identify
    host.addEventListener('connection:open', ({ detail }) => this.#run(detail))
  }

  async #run(connection) {
    const id = connection.remotePeer.toString()
    let outcome
    try {
      outcome = { report: await this.#service.identify(connection) }
    } catch (error) {
      outcome = { error }
    }
    this.#outcomes.set(id, outcome)
    for (const resume of this.#waiting.get(id) ?? []) resume()
    this.#waiting.delete(id)
  }

  // What that peer said, as soon as it is connected and identified.
  async wait(peerId, signal) {
    const id = peerId.toString()
    while (!this.#outcomes.has(id)) {
      const { promise, resolve, reject } = Promise.withResolvers()
      this.#waiting.set(id, [...(this.#waiting.get(id) ?? []), resolve])
      const stop = () => reject(new Error(`${id} was not identified`))
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
      await promise
    }
    const { report, error } = this.#outcomes.get(id)
    if (error) throw error
    return report
  }
}

// The event about a connected peer. Its signed record, if there is one, has been verified by the service,
// which otherwise fails.
export async function identifyEvent(node, peerId, signal) {
  const said = await node.identified.wait(peerId, signal)
  const known = await node.host.peerStore.get(peerId, { signal })
  const record = said.signedPeerRecord
  return {
    event: 'identify',
    peer_id: peerId.toString(),
    protocols: said.protocols.toSorted(),
    agent_version: said.agentVersion ?? '',
    protocol_version: said.protocolVersion ?? '',
    listen_addresses: said.listenAddrs.map(bare),
    addresses: known.addresses.map(({ multiaddr }) => bare(multiaddr)),
    observed_address: said.observedAddr?.toString() ?? '',
    signed_peer_record: record
      ? { peer_id: peerId.toString(), seq: record.seq, addresses: record.addresses.map(bare) }
      : null
  }
}
