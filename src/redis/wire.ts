import {
  type Answer,
  type Ask,
  type FleetReason,
  type FleetRecord,
  type OverrideRegister,
  type ProcessReport,
  type ProcessStatus,
  type Push,
  policyText,
  type Register,
  type Registers,
} from '../fleet/index.ts'

/** What the script reads of one ask, in its order. */
export function argumentsOf(ask: Ask): string[] {
  const { name, process, policy, known, report, lease = '', renew = '', result, command } = ask
  const { automatic, override } = known
  return [
    ...[name, process, policyText(policy)],
    ...[automatic.stamp, automatic.state, automatic.until, automatic.lasts, automatic.opens],
    ...[automatic.reason, automatic.by, automatic.note],
    ...[override.stamp, override.mode ?? '', override.until, override.lasts],
    ...[override.by, override.reason],
    ...(report === undefined ? ['', '', ''] : [report.success, report.failure, report.slow]),
    ...[lease, renew, result?.lease ?? '', result?.outcome ?? '', command?.kind ?? ''],
    ...(command?.kind === 'override' ? [command.mode ?? ''] : ['']),
    ...(command !== undefined && 'for' in command ? [command.for] : [0]),
    ...[command?.by ?? '', command?.reason ?? '', ask.notAfter, ask.nonce],
  ].map(String)
}

/** An answer of the script: `now`, the registers, then what is said of this ask. */
export function answerOf(reply: unknown): Answer {
  const words = (reply as readonly unknown[]).map(String)
  const [success, failure, slow, refused, granted, retryMs, otherPolicy, created] = words.slice(15)
  return {
    nowMs: Number(words[0]),
    registers: registersOf(words.slice(1)),
    fleet: { success: Number(success), failure: Number(failure), slow: Number(slow) },
    refused: (refused || undefined) as Answer['refused'],
    granted: granted ? granted === '1' : undefined,
    retryMs: retryMs ? Number(retryMs) : undefined,
    otherPolicy: otherPolicy || undefined,
    created: created === '1' || undefined,
  }
}

/** What one message of the channel says. Whatever else is published there, is ignored. */
export function pushesOf(message: string): readonly Push[] {
  try {
    const changed = JSON.parse(message) as readonly (readonly string[])[]
    return changed.map(([name, now, ...registers]) => {
      if (name === undefined || registers.length !== 14) throw new TypeError('Not a push')
      return { name, nowMs: Number(now), registers: registersOf(registers) }
    })
  } catch {
    return []
  }
}

function registersOf(words: readonly string[]): Registers {
  const [stamp, state, until, lasts, opens, reason, by, note] = words as [string, ...string[]]
  const [overrideStamp, mode, overrideUntil, overrideLasts, overrideBy, overrideReason] =
    words.slice(8)
  return {
    automatic: {
      stamp: Number(stamp),
      state: state as Register['state'],
      until: Number(until),
      lasts: Number(lasts),
      opens: Number(opens),
      reason: reason as FleetReason,
      by: by as string,
      note: note as string,
    },
    override: {
      stamp: Number(overrideStamp),
      mode: (mode || null) as OverrideRegister['mode'],
      until: Number(overrideUntil),
      lasts: Number(overrideLasts),
      by: overrideBy as string,
      reason: overrideReason as string,
    },
  }
}

/** What a process says of itself, as the store keeps it. */
export function processText(report: ProcessReport): string {
  const { service, version, uptime, breakers, heard, degraded, alone, policies } = report
  const opened = alone.map((one) => [one.name, one.reason, one.age, one.hits, one.calls])
  const own = policies.map(({ name, policy }) => [name, policy])
  return JSON.stringify([service, version, uptime, breakers, heard, degraded, opened, own])
}

/** A process of the list. Undefined for what another version has written in another form. */
export function processOf(
  process: string,
  text: string,
  seenAt: number,
): ProcessStatus | undefined {
  try {
    const [service, version, uptime, breakers, heard, degraded, opened, own] = JSON.parse(text)
    return {
      process,
      service: String(service),
      version: String(version),
      uptime: Number(uptime),
      breakers: Number(breakers),
      heard: Number(heard),
      degraded: Number(degraded),
      alone: opened.map(([name, reason, age, hits, calls]: unknown[]) => ({
        name: String(name),
        reason: String(reason),
        age: Number(age),
        hits: Number(hits),
        calls: Number(calls),
      })),
      policies: own.map(([name, policy]: unknown[]) => ({
        name: String(name),
        policy: String(policy),
      })),
      seenAt,
    }
  } catch {
    return undefined
  }
}

/** The fields of a hash that have its registers, in the order of an answer. */
const REGISTERS = [
  ...['e', 's', 'u', 'd', 'r', 'ew', 'eb', 'en'],
  ...['oe', 'ov', 'ou', 'od', 'ob', 'ow'],
]

/** What the hash of a breaker says, as `step` has it. */
export function recordOf(hash: ReadonlyMap<string, string>): FleetRecord {
  const word = (field: string): string => hash.get(field) ?? ''
  const times = (field: string): (readonly (string | number)[])[] =>
    word(field)
      .split(' ')
      .filter(Boolean)
      .map((entry) => {
        const at = entry.lastIndexOf('=')
        const numbers = entry.slice(at + 1).split(':')
        return [entry.slice(0, at), ...numbers.map(Number)]
      })
  const windows = [...hash]
    .filter(([field]) => field.startsWith('w'))
    .map(([field, text]) => {
      const buckets = text.split(' ').map((bucket) => bucket.split(':').map(Number))
      return [field.slice(1), buckets]
    })
  const record: unknown = {
    schema: Number(word('v')),
    registers: registersOf(REGISTERS.map(word)),
    windows: Object.fromEntries(windows),
    reporters: times('q'),
    leases: times('l'),
    succeeded: Number(word('ps')),
    lost: Number(word('pl')),
    policy: word('c'),
  }
  return record as FleetRecord
}
