import { CircuitBreaker, CircuitOpenError, CircuitRegistry, type Permit } from 'short-circuit'
import { ManualClock } from 'short-circuit/testing'

const breaker = new CircuitBreaker({ maxFailures: 3, clock: new ManualClock() })
const length: (text: string) => Promise<number> = breaker(async (text: string) => text.length)

// @ts-expect-error -- a guarded function takes what the function takes
length(1).catch((error: unknown) => error instanceof CircuitOpenError && error.code)

// Known without the types of Node, and without a library that has it.
const permit: Permit & Disposable = breaker.acquire()
const override: Disposable = breaker.forceOpen({ for: 50 })
permit[Symbol.dispose]()
override[Symbol.dispose]()

class Users {
  @breaker async find(id: string): Promise<string> {
    return id
  }
}
const found: Promise<string> = new Users().find('1')

const cached = new CircuitBreaker({ fallback: (_: unknown, id: string) => id })
const either: Promise<number | string> = cached(async (id: string) => id.length)('1')
// @ts-expect-error -- the fallback takes text
cached(async (id: number) => id)

// The web streams of `dom` are not iterable before TypeScript 5.6.
const body = breaker.stream(async (url: string) => (await fetch(url)).body as ReadableStream)
const bytes: (url: string) => Promise<ReadableStream> = body

const registry = new CircuitRegistry()
const any: CircuitBreaker<unknown>[] = [breaker, cached, registry.breaker('users')]
// @ts-expect-error -- its fallback may return text, of which the type says nothing
const none: CircuitBreaker = cached

export { any, bytes, either, found, none }
