// The command line.

import { parseArgs } from 'node:util'

export const usage = `usage:
  peer listen [--addr MULTIADDR] [--security noise|tls] [--key-type ed25519|secp256k1|rsa]
              [--certificates FOLDER] [--circuits] [--reserve-at MULTIADDR] [--seconds N] [--timeout N]
  peer dial MULTIADDR [--identify] [--ping N] [--echo-streams N --echo-bytes B] [--hold]
                      [--addr MULTIADDR|none] [--security noise|tls] [--key-type ed25519|secp256k1|rsa]
                      [--certificates FOLDER] [--circuits] [--seconds N] [--timeout N]
FOLDER has chain.pem and key.pem for its own wss addresses, and ca.pem that those of others end at;
--circuits dials relayed connections (circuit relay v2), and with --reserve-at it takes those through that relay
`

const COMMON = {
  addr: { type: 'string', default: '/ip4/127.0.0.1/tcp/0' },
  security: { type: 'string', default: 'noise' },
  'key-type': { type: 'string', default: 'ed25519' },
  certificates: { type: 'string' },
  circuits: { type: 'boolean', default: false },
  'reserve-at': { type: 'string' },
  seconds: { type: 'string', default: '120' },
  timeout: { type: 'string', default: '30' }
}

const DIAL = {
  identify: { type: 'boolean', default: false },
  ping: { type: 'string', default: '0' },
  'echo-streams': { type: 'string', default: '0' },
  'echo-bytes': { type: 'string', default: '0' },
  hold: { type: 'boolean', default: false }
}

const COMMANDS = { listen: COMMON, dial: { ...COMMON, ...DIAL } }

// What was asked for; throws an Error that says what is wrong with the words.
export function readOptions(words) {
  const [command, ...rest] = words
  if (!Object.hasOwn(COMMANDS, command ?? '')) throw new Error(`unknown command "${command ?? ''}"`)
  const options = COMMANDS[command]
  const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true })
  const targets = command === 'dial' ? 1 : 0
  if (positionals.length !== targets) throw new Error(`${command} takes ${targets} addresses`)
  return {
    command,
    target: positionals[0],
    addr: values.addr,
    security: values.security,
    keyType: values['key-type'],
    certificates: values.certificates,
    circuits: values.circuits || values['reserve-at'] !== undefined,
    relay: values['reserve-at'],
    seconds: readNumber(values.seconds, 1, 1_000_000),
    timeout: readNumber(values.timeout, 1, 1_000_000),
    identify: values.identify,
    pings: readNumber(values.ping ?? '0', 0),
    echoStreams: readNumber(values['echo-streams'] ?? '0', 0),
    echoBytes: readNumber(values['echo-bytes'] ?? '0', 0),
    hold: values.hold
  }
}

// A decimal number in [least, most].
export function readNumber(text, least, most = 2 ** 31 - 1) {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN
  if (!(number >= least && number <= most)) {
    throw new Error(`${JSON.stringify(text)} is not a number from ${least} to ${most}`)
  }
  return number
}
