import { type ParseArgsConfig, parseArgs } from 'node:util'
import { usage } from './cli-error.ts'

/** What may be said to a command. */
export interface Flags {
  readonly url?: string
  readonly store?: string
  readonly namespace?: string
  readonly shards?: string
  readonly table?: string
  readonly json?: boolean
  readonly color?: string
  readonly quiet?: boolean
  readonly help?: boolean
  readonly all?: boolean
  readonly trouble?: boolean
  readonly 'by-hand'?: boolean
  readonly state?: string
  readonly sort?: string
  readonly check?: boolean
  readonly reason?: string
  readonly for?: string
  readonly forever?: boolean
  readonly yes?: boolean
  readonly 'if-version'?: string
  readonly set?: readonly string[]
  readonly 'dry-run'?: boolean
  readonly until?: string
  readonly timeout?: string
  readonly process?: boolean
  readonly wait?: string
  readonly kind?: string
  readonly since?: string
  readonly follow?: boolean
  readonly 'give-up'?: string
}

export type FlagName = keyof Flags

interface Flag {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** As help shows it. */
  readonly value?: string
  readonly help: string
}

/** Each flag means the same with every command. */
export const FLAGS: Readonly<Record<FlagName, Flag>> = {
  url: { type: 'string', value: 'URL', help: 'where the admin is mounted; else SHORT_CIRCUIT_URL' },
  store: {
    type: 'string',
    value: 'redis://HOST|postgres://HOST/DB',
    help: 'the store of a fleet; else SHORT_CIRCUIT_STORE',
  },
  namespace: { type: 'string', value: 'NS', help: 'which fleet; else SHORT_CIRCUIT_NAMESPACE' },
  shards: { type: 'string', value: 'N', help: 'of Redis, as its processes say; 1 is the default' },
  table: { type: 'string', value: 'NAME', help: 'of PostgreSQL, if its processes say which' },
  json: { type: 'boolean', help: 'the answer of the server, as JSON' },
  color: { type: 'string', value: 'auto|always|never', help: 'colours; auto is the default' },
  quiet: { type: 'boolean', short: 'q', help: 'print errors only' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
  all: { type: 'boolean', short: 'a', help: 'the healthy ones, too' },
  trouble: { type: 'boolean', help: 'only those that need attention' },
  'by-hand': { type: 'boolean', help: 'only those that are overridden' },
  state: { type: 'string', value: 'open,half-open', help: 'only those in one of these states' },
  sort: { type: 'string', value: 'trouble|name|calls', help: 'the order; trouble is the default' },
  check: { type: 'boolean', help: 'exit with 8 if any needs attention' },
  reason: { type: 'string', value: 'TEXT', help: 'why; always needed' },
  for: { type: 'string', value: '10m', help: 'for how long: 90s, 10m, 4h, 2d' },
  forever: { type: 'boolean', help: 'without an end' },
  yes: { type: 'boolean', short: 'y', help: 'without asking again' },
  'if-version': { type: 'string', value: 'VERSION', help: 'only if it has not changed since' },
  set: {
    type: 'string',
    multiple: true,
    value: 'OPTION=VALUE',
    help: 'an option, and its value as JSON',
  },
  'dry-run': { type: 'boolean', help: 'only say what would be changed and lost' },
  until: { type: 'string', value: 'closed', help: 'the state to wait for' },
  timeout: { type: 'string', value: '5m', help: 'how long to wait; exit with 6 then' },
  process: { type: 'boolean', help: 'only in this process, not in its fleet' },
  wait: {
    type: 'string',
    value: '5s',
    help: 'for all processes to apply it; exit with 6 if not all do',
  },
  kind: { type: 'string', value: 'KIND', help: 'only such entries' },
  since: { type: 'string', value: '1h', help: 'only those of the last time' },
  follow: { type: 'boolean', short: 'f', help: 'and those to come' },
  'give-up': { type: 'string', value: '1m', help: 'end when there was no connection for so long' },
}

/** For all commands. */
export const COMMON: readonly FlagName[] = [
  'url',
  'store',
  'namespace',
  'shards',
  'table',
  'json',
  'color',
  'quiet',
  'help',
]

export interface Parsed {
  readonly flags: Flags
  readonly args: readonly string[]
}

/** @throws CliError that says what is wrong */
export function parse(args: readonly string[], allowed: readonly FlagName[]): Parsed {
  const options: NonNullable<ParseArgsConfig['options']> = {}
  for (const name of [...allowed, ...COMMON]) {
    const { type, short, multiple = false } = FLAGS[name]
    options[name] = { type, multiple, ...(short === undefined ? {} : { short }) }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { flags: values as Flags, args: positionals }
  } catch (error) {
    throw usage(`${(error as Error).message.split('. ')[0]}.`)
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** @throws CliError for anything but `90s`, `10m`, `4h`, `2d` */
export function duration(flag: FlagName, text: string): number {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text) ?? []
  const ms = Number(amount) * (UNITS[unit] ?? Number.NaN)
  if (!(ms > 0)) throw usage(`--${flag} must be a time, as 90s, 10m, 4h or 2d; got ${text}.`)
  return ms
}

/** A patch of options: `trip.failureRate.threshold=0.6`, with the value as JSON, or as text. */
export function patchOf(settings: readonly string[]): Record<string, unknown> {
  // Without a prototype: `constructor` is no more than a wrong option then.
  const patch: Record<string, unknown> = Object.create(null)
  for (const setting of settings) {
    const at = setting.indexOf('=')
    const path = setting.slice(0, Math.max(0, at)).split('.')
    if (path.some((key) => key === '' || key === '__proto__')) {
      throw usage(
        `--set takes OPTION=VALUE, as --set trip.failureRate.threshold=0.6; got ${setting}.`,
      )
    }
    let target = patch
    for (const key of path.slice(0, -1)) {
      target[key] ??= Object.create(null)
      target = target[key] as Record<string, unknown>
    }
    target[path.at(-1) as string] = readValue(setting.slice(at + 1))
  }
  return patch
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
