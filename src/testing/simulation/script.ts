import { isAbout, type Limit, number, show } from './check.ts'
import { parseScript } from './parse-script.ts'

/** What a dependency does for a while. A phase with no more than `for` is healthy. */
export interface Phase {
  /** How long, ms. Only the last phase may go on for ever: `Infinity`. */
  readonly for: number
  /** Accepts calls and never answers them; those in flight get no answer either. */
  readonly hang?: boolean
  /** Fails every call at once, and those in flight when it begins. */
  readonly refuse?: boolean
  /** Fails the calls in flight when the phase begins, once. */
  readonly reset?: boolean
  /** This share of the calls, from 0 to 1, ends in an error, after the usual time. */
  readonly errorRate?: number
  /** Answers arrive that many times later, but the dependency can do as much as before. */
  readonly latencyFactor?: number
  /** Answers arrive that many ms later, but the dependency can do as much as before. */
  readonly delay?: number
  /** Every call is that many times more work, so the dependency can do that much less. */
  readonly workFactor?: number
  /** As `workFactor`, but a cold cache: it wears off as calls are served. */
  readonly coldFactor?: number
  /** That many times as many calls arrive. Of use in a simulation only. */
  readonly loadFactor?: number
  /** Only that many shards have the fault. Of use in a simulation with several shards only. */
  readonly shards?: number
}

/**
 * What a dependency does, phase by phase: as a list, or in words such as
 * `'ok for 5 s, hang 10 s, 30 % errors and latency x4 for 1 min, refuse 5 s'`.
 */
export type Script = string | readonly Phase[]

const NUMBERS: Readonly<Record<string, Limit>> = {
  errorRate: { min: 0, max: 1 },
  latencyFactor: { min: 1 },
  delay: { min: 0 },
  workFactor: { min: 1 },
  coldFactor: { min: 1 },
  loadFactor: { above: 0 },
  shards: { min: 1, whole: true },
}
const FLAGS = ['hang', 'refuse', 'reset']

/** The phases of a script, checked. */
export function readScript(script: Script): readonly Phase[] {
  if (typeof script === 'string') return parseScript(script)
  if (!Array.isArray(script)) {
    throw new TypeError(`script must be a string or a list of phases, got ${show(script)}`)
  }
  if (script.length === 0) throw new RangeError('script must have at least one phase, got none')
  return script.map((phase: Phase, index) => {
    checkPhase(phase, `script[${index}]`)
    if (phase.for === Infinity && index < script.length - 1) {
      throw new RangeError(`script[${index}].for must be finite: only the last phase may go on`)
    }
    return Object.freeze({ ...phase })
  })
}

function checkPhase(phase: unknown, path: string): void {
  const fields = isAbout(path, phase, ['for', ...FLAGS, ...Object.keys(NUMBERS)])
  number(`${path}.for`, fields['for'], { above: 0, infinite: true })
  for (const flag of FLAGS) {
    const value = fields[flag]
    if (value !== undefined && typeof value !== 'boolean') {
      throw new TypeError(`${path}.${flag} must be true or false, got ${show(value)}`)
    }
  }
  for (const [name, limit] of Object.entries(NUMBERS)) {
    if (fields[name] !== undefined) number(`${path}.${name}`, fields[name], limit)
  }
}

/** Whether anything is wrong in a phase; more traffic counts. */
export function isFaulty(phase: Phase): boolean {
  return (
    phase.hang === true ||
    phase.refuse === true ||
    phase.reset === true ||
    (phase.errorRate ?? 0) > 0 ||
    (phase.delay ?? 0) > 0 ||
    [phase.latencyFactor, phase.workFactor, phase.coldFactor].some((by) => (by ?? 1) > 1) ||
    (phase.loadFactor ?? 1) !== 1
  )
}
