import { describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitRegistry, protect } from '../../src/index.ts'

// What users write by mistake, as plain JavaScript lets them. Taken without a word it would do nothing, or
// something else.

type Wrong = readonly [what: string, act: () => unknown, message: string]

class Client {
  async get(): Promise<string> {
    return 'answer'
  }
}

const answer = async (): Promise<string> => 'answer'
const { signal } = new AbortController()
const breaker = (): CircuitBreaker => new CircuitBreaker({ name: 'users' })
const registry = (): CircuitRegistry => new CircuitRegistry()
const js = (value: unknown) => value as never

const NO_OPTIONS: readonly [what: string, value: unknown, got: string][] = [
  ['a promise of options', Promise.resolve({}), 'a Promise'],
  ['a signal', signal, 'an AbortSignal'],
  ['its controller', new AbortController(), 'an AbortController'],
  ['an error', new TypeError('down'), 'a TypeError'],
  ['a date', new Date(), 'a Date'],
  ['a set', new Set(['a']), 'a Set'],
  ['a registry', registry(), 'a CircuitRegistry'],
  ['a list', [], 'an array'],
  ['a number', 500, '500'],
  ['a text', 'users', '"users"'],
  ['null', null, 'null'],
]

const TAKE_OPTIONS: readonly [what: string, act: (wrong: never) => unknown, path: string][] = [
  ['new CircuitBreaker', (wrong) => new CircuitBreaker(wrong), 'options'],
  ['the option trip', (wrong) => new CircuitBreaker({ trip: wrong }), 'trip'],
  ['the option recovery', (wrong) => new CircuitBreaker({ recovery: wrong }), 'recovery'],
  ['breaker.run', (wrong) => breaker().run(answer, wrong), 'options of run'],
  ['breaker.withSignal', (wrong) => breaker().withSignal(answer, wrong), 'options of withSignal'],
  ['breaker.acquire', (wrong) => breaker().acquire(wrong), 'options of acquire'],
  ['breaker.tryAcquire', (wrong) => breaker().tryAcquire(wrong), 'options of tryAcquire'],
  ['breaker.whenReady', (wrong) => breaker().whenReady(wrong), 'options of whenReady'],
  ['breaker.on', (wrong) => breaker().on('reject', () => {}, wrong), 'options of on'],
  ['breaker.configure', (wrong) => breaker().configure(wrong), 'patch'],
  ['new CircuitRegistry', (wrong) => new CircuitRegistry(wrong), 'options'],
  ['registry.breaker', (wrong) => registry().breaker('users', wrong), 'options'],
  ['registry.configure', (wrong) => registry().configure(wrong), 'configuration'],
  ['protect', (wrong) => protect(new Client(), breaker(), wrong), 'options'],
]

describe.each(TAKE_OPTIONS)('%s', (_, act, path) => {
  it.each(NO_OPTIONS)('takes no %s for options', async (_, wrong, got) => {
    await expect((async () => act(wrong as never))()).rejects.toThrow(
      new TypeError(`${path} must be an object, got ${got}`),
    )
  })
})

const WRONG: readonly Wrong[] = [
  ['another breaker', () => breaker()(js(breaker())), 'got a breaker'],
  ['a promise', () => breaker()(js(answer())), 'breaker needs a function, got a Promise'],
  ['a promise of a client', () => protect(Promise.resolve(new Client()), breaker()), 'a Promise'],
  ['a breaker for its name', () => registry().get(js(breaker())), 'name must be a string, got a'],
  ['the same for has', () => registry().has(js(breaker())), 'name must be a string, got a'],
  ['the same for delete', () => registry().delete(js(breaker())), 'name must be a string, got a'],
  ['one name', () => registry().read(() => {}, js('users')), 'names must be an array of names'],
  [
    'a dry run of all',
    () => (registry().configure as (...args: unknown[]) => void)({}, { dryRun: true }),
    'configure of a registry takes only a configuration',
  ],
]

it.each(WRONG)('throws a TypeError for %s', (_, act, message) => {
  expect(act).toThrow(TypeError)
  expect(act).toThrow(message)
})

it('does not take a text for the names of breakers', () => {
  const circuits = new CircuitRegistry()
  circuits.breaker('u')

  expect(() => circuits.read(() => {}, js('users'))).toThrow('got "users"')
})

it('takes options of a class, inherited ones, and those of a module', async () => {
  class Options {
    maxFailures = 7
  }
  const bare = Object.assign(Object.create(null), { maxFailures: 7 })
  const module = { [Symbol.toStringTag]: 'Module' }

  for (const options of [new Options(), bare, Object.create({ maxFailures: 7 })]) {
    expect(new CircuitBreaker(options).options.trip.consecutiveFailures).toBe(7)
  }
  expect(new CircuitBreaker(js(module)).state).toBe('closed')
  expect(await breaker().run(answer, {})).toBe('answer')
})

describe('an unknown name', () => {
  it.each([
    ['failureRate', 'trip.failureRate'],
    ['consecutiveFailures', 'maxFailures'],
    ['slowStart', 'recovery.slowStart'],
    ['probes', 'recovery.probes'],
    ['window', 'trip.failureRate.window'],
    ['cooldown', 'resetTimeout'],
  ])('of an option, %s, is told as %s', (name, own) => {
    expect(() => new CircuitBreaker(js({ [name]: 5 }))).toThrow(
      `unknown option "${name}" (in options); here it is "${own}"`,
    )
  })

  it('of a rule is told by its name there', () => {
    expect(() => new CircuitBreaker({ trip: js({ maxFailures: 5 }) })).toThrow(
      'unknown option "maxFailures" (in trip); here it is "consecutiveFailures"',
    )
  })

  it.each(['open', 'close', 'halfOpen', 'half-open', 'stateChange', 'break'])(
    'of an event, %s, is told as transition',
    (name) => {
      expect(() => breaker().on(js(name), () => {})).toThrow(
        `unknown event "${name}"; here it is "transition"`,
      )
    },
  )

  it('of what is said to an override is told by all there are, since none of them is like it', () => {
    expect(() => breaker().forceOpen(js({ why: 'x' }))).toThrow(
      'unknown option "why" (in forceOpen); known are reason, by, fleet, for',
    )
  })
})
