import type { CircuitRegistry } from '../index.ts'

/** What readiness depends on. */
export interface ReadinessOptions {
  /**
   * Names of breakers without whose dependency this process can't do its work.
   * @defaultValue none: a dead dependency must not take every replica out of service
   */
  readonly required?: readonly string[] | undefined
}

/**
 * False while a required breaker is open. One that is half-open or forced open by hand leaves the process
 * ready, and so does one that has not been used.
 */
export function isReady(registry: CircuitRegistry, { required = [] }: ReadinessOptions): boolean {
  return required.every((name) => {
    const breaker = registry.get(name)
    if (breaker === undefined) return true
    const { automatic, override } = breaker.snapshot()
    return override !== null || automatic !== 'open'
  })
}

/** @throws TypeError for anything but a list of names */
export function checkRequired({ required }: ReadinessOptions): void {
  if (required === undefined) return
  if (Array.isArray(required) && required.every((name) => typeof name === 'string')) return
  throw new TypeError('required must be an array of names of breakers')
}
