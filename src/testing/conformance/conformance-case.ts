import type { BreakerAdapter, Feature, TestBed } from './adapter.ts'

/** One thing that a circuit breaker has to get right. */
export interface ConformanceCase {
  /** Stable: `K1` to `K25` and `M1` to `M13`. */
  readonly id: string
  /** The situation, as a sentence. */
  readonly title: string
  /** The right answer, as a sentence. */
  readonly expects: string
  /** The case is not applicable to an adapter that lacks one of these. */
  readonly requires: readonly Feature[]
  /**
   * Drives one fresh breaker through the situation, within a bounded real time.
   *
   * @throws ConformanceError with what was observed, when the answer is wrong.
   * @throws NotApplicableError when the situation cannot arise in this library.
   */
  run(adapter: BreakerAdapter): Promise<void>
}

/** The library gave a wrong answer. The message says what was observed. */
export class ConformanceError extends Error {
  override readonly name: string = 'ConformanceError'
}

/** The situation of a case cannot arise. The message says why. */
export class NotApplicableError extends Error {
  override readonly name: string = 'NotApplicableError'
}

export interface CaseDefinition extends Omit<ConformanceCase, 'run'> {
  check(bed: TestBed, has: (feature: Feature) => boolean): Promise<void>
}

export function defineCase({ check, ...about }: CaseDefinition): ConformanceCase {
  return {
    ...about,
    async run(adapter: BreakerAdapter): Promise<void> {
      requireFeatures(adapter, about.requires)
      const bed = await adapter.setUp()
      try {
        await check(bed, (feature) => adapter.lacks?.[feature] === undefined)
      } finally {
        await bed.tearDown?.()
      }
    },
  }
}

/** @throws NotApplicableError if the adapter lacks one of them */
export function requireFeatures<Name extends string>(
  { lacks }: { readonly lacks?: Readonly<Partial<Record<Name, string>>> | undefined },
  features: readonly Name[],
): void {
  for (const feature of features) {
    const reason = lacks?.[feature]
    if (reason !== undefined) notApplicable(reason)
  }
}

/** `observed` describes what happened, as the opposite of the right answer. */
export function insist(right: boolean, observed: string): asserts right {
  if (!right) throw new ConformanceError(observed)
}

export function notApplicable(reason: string): never {
  throw new NotApplicableError(reason)
}

/** An optional member of the adapter that the case cannot do without. */
export function need<T>(member: T | undefined, feature: Feature): T {
  return member ?? notApplicable(`the adapter does not provide ${feature}`)
}
