// As much of Vitest as the contracts need, for runtimes that Vitest does not know.

type Step = () => unknown

interface Suite {
  readonly name: string
  readonly before: Step[]
  readonly after: Step[]
}

interface Test {
  readonly suite: Suite
  readonly name: string
  readonly run: Step
}

const tests: Test[] = []
let suite: Suite = { name: '', before: [], after: [] }

export function describe(name: string, define: () => void): void {
  const outer = suite
  suite = { name, before: [...outer.before], after: [...outer.after] }
  define()
  suite = outer
}

export function beforeEach(step: Step): void {
  suite.before.push(step)
}

export function afterEach(step: Step): void {
  suite.after.push(step)
}

interface Define {
  (name: string, run: Step): void
  each(rows: readonly unknown[]): (name: string, run: (...args: never[]) => unknown) => void
  runIf(condition: boolean): Define
}

export const it: Define = Object.assign(
  (name: string, run: Step): void => {
    tests.push({ suite, name, run })
  },
  {
    each:
      (rows: readonly unknown[]) =>
      (name: string, run: (...args: never[]) => unknown): void => {
        for (const row of rows) {
          const args = (Array.isArray(row) ? row : [row]) as never[]
          it(`${name} ${JSON.stringify(row)}`, () => run(...args))
        }
      },
    runIf: (condition: boolean): Define => (condition ? it : skipped),
  },
)

const skipped: Define = Object.assign((): void => {}, {
  each: () => (): void => {},
  runIf: () => skipped,
})

/**
 * Runs all tests, those that fail once more, as Vitest does on CI: real servers on a busy machine. Resolves with
 * their number; throws with those that have failed.
 */
export async function runTests(): Promise<string> {
  const failed: string[] = []
  for (const test of tests) {
    if ((await failuresOf(test)).length > 0) failed.push(...(await failuresOf(test)))
  }
  if (tests.length === 0) throw new Error('no tests were found')
  if (failed.length > 0) throw new Error(`of ${tests.length} tests failed:\n${failed.join('\n')}`)
  return `${tests.length} tests passed`
}

async function failuresOf({ suite, name, run }: Test): Promise<string[]> {
  const failures: string[] = []
  for (const step of [...suite.before, run, ...suite.after]) {
    try {
      await step()
    } catch (error) {
      failures.push(`${suite.name}: ${name}\n  ${(error as Error).stack ?? String(error)}`)
    }
  }
  return failures
}

type Matcher = (expected?: unknown) => void

export function expect(actual: unknown, what = ''): Readonly<Record<string, Matcher>> {
  const check =
    (name: string, holds: (expected: never) => boolean): Matcher =>
    (expected) => {
      if (holds(expected as never)) return
      throw new Error(`${what} expected ${show(actual)} ${name} ${show(expected)}`)
    }
  return {
    toBe: check('to be', (expected) => Object.is(actual, expected)),
    toEqual: check('to equal', (expected) => matches(actual, expected, true)),
    toMatchObject: check('to match', (expected) => matches(actual, expected, false)),
    toBeDefined: check('to be defined', () => actual !== undefined),
    toBeInstanceOf: check('to be an instance of', (type) => actual instanceof (type as never)),
    toContain: check('to contain', (part) => (actual as string | unknown[]).includes(part)),
    toHaveLength: check('to have the length', (n) => (actual as []).length === n),
    toHaveProperty: check('to have the property', (key) => key in (actual as object)),
    toBeGreaterThan: check('to be greater than', (n) => (actual as number) > n),
    toBeLessThanOrEqual: check('to be at most', (n) => (actual as number) <= n),
  }
}

function matches(actual: unknown, expected: unknown, exactly: boolean): boolean {
  if (typeof expected !== 'object' || expected === null) return Object.is(actual, expected)
  if (typeof actual !== 'object' || actual === null) return false
  const keys = Object.keys(expected)
  if ((exactly || Array.isArray(expected)) && Object.keys(actual).length !== keys.length)
    return false
  return keys.every((key) => matches((actual as never)[key], (expected as never)[key], exactly))
}

function show(value: unknown): string {
  if (typeof value === 'function') return value.name
  return value instanceof Error ? String(value) : JSON.stringify(value)
}
