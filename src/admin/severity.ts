import type { BreakerReading, RuleStatus } from '../index.ts'
import type { Recording } from './history/recording.ts'

/** How much a breaker needs attention: 0 needs it, 1 is held by hand, 2 to be watched, 3 healthy. */
export type Severity = 0 | 1 | 2 | 3

/** A breaker without a call for so long is idle, ms. */
export const IDLE: number = 15 * 60_000

/** What the severity is decided by, beside what is read of the breaker itself. */
export interface Circumstances {
  readonly recording: Recording | undefined
  /** How long ago it was last called, ms. */
  readonly idleFor: number
  /** How often it opened in the last 15 minutes. */
  readonly trips: number
  /** How many calls may be in flight; undefined without a limit. Asked for only where some are. */
  readonly maxConcurrent: () => number | undefined
}

export function severityOf(
  { automatic, override, inFlight, rules }: BreakerReading,
  { recording, idleFor, trips, maxConcurrent }: Circumstances,
): Severity {
  // Whatever it is forced to be, it would not be closed.
  if (override !== null) return automatic === 'closed' ? 1 : 0
  if (automatic !== 'closed') return idleFor >= IDLE ? 3 : 0
  if (recording === undefined) return 3
  const { ok, failed, rejected, full } = recording.recent
  if (full > 0 && full >= 0.01 * (ok + failed + rejected)) return 0
  if (trips > 0) return 2
  if (failsOften(ok, failed)) return 2
  if (inFlight > 1 && inFlight >= FULL * (maxConcurrent() ?? Infinity)) return 2
  if (recording.now.totals.failed === 0 || idleFor >= IDLE) return 3
  return strictest(rules)?.isNear ? 2 : 3
}

/** So many failures are worth watching. */
export function failsOften(ok: number, failed: number): boolean {
  return failed >= 0.05 * (ok + failed) && ok + failed >= 10
}

/** The share of `maxConcurrent` that is worth watching. */
export const FULL: number = 0.8

/** The rule that is nearest to opening, and whether that is half of the way or more. */
export function strictest(
  rules: readonly RuleStatus[],
): { readonly rule: RuleStatus; readonly isNear: boolean } | undefined {
  const ratios = rules.map((rule) => ({
    rule,
    share: rule.threshold > 0 ? rule.observed / rule.threshold : 0,
    enough: (rule.calls ?? 0) >= (rule.minimumCalls ?? 0),
  }))
  const [nearest] = ratios.filter(({ enough }) => enough).sort((a, b) => b.share - a.share)
  return nearest && { rule: nearest.rule, isNear: nearest.share >= 0.5 && nearest.share < Infinity }
}

/** A breaker comes to a worse class at once, and leaves it only when it has been better for so long, ms. */
const CALM = 10_000

/** Keeps breakers from going back and forth between two classes. */
export class SteadySeverity {
  readonly #worst = new Map<string, { severity: Severity; at: number }>()

  of(name: string, severity: Severity, now: number): Severity {
    const known = this.#worst.get(name)
    if (known !== undefined && known.severity < severity && now - known.at < CALM) {
      return known.severity
    }
    if (severity === 3) this.#worst.delete(name)
    else this.#worst.set(name, { severity, at: now })
    return severity
  }

  /** Forgets those whose time is over. */
  tidy(now: number): void {
    for (const [name, { at }] of this.#worst) if (now - at >= CALM) this.#worst.delete(name)
  }
}
