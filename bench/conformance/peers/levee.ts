import { createRequire } from 'node:module'
import type {
  BreakerSetup,
  TestedAction,
  TestedBreaker,
} from '../../../src/testing/conformance/index.ts'
import type { Peer } from '../peer.ts'

type Callback = (error: unknown, value?: unknown) => void

interface Levee {
  isOpen(): boolean
  isHalfOpen(): boolean
  open(): void
  close(): void
  run(action: TestedAction, callback: Callback): void
  on(event: 'success', listener: () => void): void
}

interface LeveeLibrary {
  createBreaker(command: (action: TestedAction, callback: Callback) => void, options: object): Levee
}

function command(action: TestedAction, callback: Callback): void {
  const result = action() as PromiseLike<unknown> | undefined
  if (typeof result?.then === 'function') {
    result.then(
      (value) => callback(null, value),
      (error) => callback(error),
    )
  } else callback(null, result)
}

function optionsFor({ maxFailures, failureRate, resetTimeout, callTimeout, ignore }: BreakerSetup) {
  return {
    maxFailures: maxFailures ?? failureRate?.minimumCalls,
    resetTimeout,
    ...(typeof callTimeout === 'number' && { timeout: callTimeout }),
    ...(ignore && { isFailure: (error: unknown) => !ignore(error) }),
  }
}

function tested(breaker: Levee): TestedBreaker {
  return {
    target: breaker,
    call: (action) =>
      new Promise((resolve, reject) => {
        breaker.run(action, (error, value) => (error ? reject(error) : resolve(value)))
      }),
    state: () => (breaker.isOpen() ? 'open' : breaker.isHalfOpen() ? 'half-open' : 'closed'),
    onSuccess: (listener) => breaker.on('success', listener),
    trip: () => breaker.open(),
    reset: () => breaker.close(),
  }
}

export const levee: Peer = {
  package: 'levee',
  configuration: '{ maxFailures: n, resetTimeout, timeout: callTimeout }',
  note: 'It cannot do without a call timeout, whose default is 10 s. It takes callbacks; its command calls the action and passes the settled promise, or the plain value, on. Rates become consecutive failures.',
  lacks: {
    'several-probes': 'one probe, not configurable',
    'rate-window': 'counts consecutive failures only',
  },
  async load() {
    const library = createRequire(import.meta.url)('levee') as LeveeLibrary
    return {
      create: (setup) => tested(library.createBreaker(command, optionsFor(setup))),
      createTwins(setup) {
        const options = optionsFor(setup)
        return [
          tested(library.createBreaker(command, options)),
          tested(library.createBreaker(command, options)),
        ]
      },
    }
  },
}
