import {
  type Answer,
  type Ask,
  type FleetReason,
  type OverrideRegister,
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
    ...[automatic.stamp, automatic.state, automatic.until, automatic.opens],
    ...[automatic.reason, automatic.by, automatic.note],
    ...[override.stamp, override.mode ?? '', override.until, override.by, override.reason],
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
  const [success, failure, slow, refused, granted, retryMs, otherPolicy] = words.slice(13)
  return {
    nowMs: Number(words[0]),
    registers: registersOf(words.slice(1)),
    fleet: { success: Number(success), failure: Number(failure), slow: Number(slow) },
    refused: (refused || undefined) as Answer['refused'],
    granted: granted ? granted === '1' : undefined,
    retryMs: retryMs ? Number(retryMs) : undefined,
    otherPolicy: otherPolicy || undefined,
  }
}

/** What one message of the channel says. Whatever else is published there, is ignored. */
export function pushesOf(message: string): readonly Push[] {
  try {
    const changed = JSON.parse(message) as readonly (readonly string[])[]
    return changed.map(([name, now, ...registers]) => {
      if (name === undefined || registers.length !== 12) throw new TypeError('Not a push')
      return { name, nowMs: Number(now), registers: registersOf(registers) }
    })
  } catch {
    return []
  }
}

function registersOf(words: readonly string[]): Registers {
  const [stamp, state, until, opens, reason, by, note] = words as [string, ...string[]]
  const [overrideStamp, mode, overrideUntil, overrideBy, overrideReason] = words.slice(7)
  return {
    automatic: {
      stamp: Number(stamp),
      state: state as Register['state'],
      until: Number(until),
      opens: Number(opens),
      reason: reason as FleetReason,
      by: by as string,
      note: note as string,
    },
    override: {
      stamp: Number(overrideStamp),
      mode: (mode || null) as OverrideRegister['mode'],
      until: Number(overrideUntil),
      by: overrideBy as string,
      reason: overrideReason as string,
    },
  }
}
