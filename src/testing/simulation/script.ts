import { isAbout, type Limit, number, show } from './check.ts'
import { parseScript } from './parse-script.ts'
import type { Phase } from './phase.ts'

/**
 * The behaviour of a dependency, phase by phase: as a list, or as a text such as
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
