import { isPromise } from './call/call.ts'
import { isClass } from './call/functions.ts'
import { type CircuitBreaker, lazyCircuitOf } from './circuit-breaker.ts'
import { nearest, object, show, wrongType } from './options/validate.ts'
import type { ClientRules } from './protect/client-guard.ts'
import { guardClient } from './protect/client-proxy.ts'
import { isObject } from './protect/client-shape.ts'
import { CircuitRegistry } from './registry.ts'

export interface ProtectOptions {
  /**
   * Guards only these methods: by name, or by path as in `users.list`; the name of a namespace stands
   * for all its methods, and `''` for the client itself, if it is a function. A listed method is guarded
   * from its first call on, its result is awaited even if it is a thenable that is not a promise, and if
   * it returns none of both, its callback settles the call. With `get().json`, a call of `get` that is
   * rejected before any has run returns what has that method, too.
   */
  readonly methods?: readonly string[] | undefined
  /** Does not guard these: by name, path or namespace. Takes precedence over `methods`. */
  readonly except?: readonly string[] | undefined
  /**
   * The first part of the breakers' names where each method has its own breaker.
   * Clients with the same `name` share the breakers of their methods.
   * @defaultValue the name of the client's class, with a number appended if that is taken
   */
  readonly name?: string | undefined
}

/**
 * Returns a client of the same type that is guarded by one breaker or, given a registry, by one
 * breaker per method. Methods that return a promise, an async iterable or an observable are guarded,
 * including those of namespaces and builders; everything else passes: docs/clients.md has the table.
 * What runs on a connection that the client hands out is recorded, and never rejected.
 *
 * Only its result shows whether a method is to be guarded. So the first call of each method runs even
 * while the circuit is open, unless it is an async function or listed in `methods`. Methods that end
 * the client (`close`, `end`, `quit`, …) pass, unless listed.
 *
 * The client itself is not changed. Its calls to its own methods are part of the call in progress.
 *
 * @throws TypeError for a wrong client or breaker, and for names that the client doesn't have
 * @example
 * import { CircuitBreaker, protect } from 'short-circuit'
 *
 * class Users {
 *   #names = new Map([['1', 'Ada']])
 *   async find(id: string) { return this.#names.get(id) }
 * }
 * const users = protect(new Users(), new CircuitBreaker({ maxFailures: 3 }))
 * console.assert((await users.find('1')) === 'Ada')
 */
export function protect<Client extends object>(
  client: Client,
  by: CircuitBreaker | CircuitRegistry,
  options: ProtectOptions = {},
): Client {
  if (!isObject(client) || isPromise(client)) {
    throw wrongType('client', 'an object or a function', client)
  }
  object('options', options, ['methods', 'except', 'name'])
  const methods = checkNames('methods', client, options.methods)
  const except = checkNames('except', client, options.except) ?? []
  return guardClient(client, {
    circuitOf: circuitsFor(client, by, options),
    methods,
    except,
  }) as Client
}

function circuitsFor(
  client: object,
  by: unknown,
  { name }: ProtectOptions,
): ClientRules['circuitOf'] {
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw wrongType('name', 'a string that is not empty', name)
  }
  if (by instanceof CircuitRegistry) {
    const prefix = name ?? CircuitRegistry.unusedName(by, client.constructor?.name || 'client')
    return (path) => circuitOf(by.breaker(path === '' ? prefix : `${prefix}.${path}`))
  }
  const circuit = circuitOf(by)
  return () => circuit
}

function circuitOf(breaker: unknown) {
  const lazy = typeof breaker === 'function' ? lazyCircuitOf(breaker) : undefined
  if (lazy === undefined)
    throw wrongType('breaker', 'a CircuitBreaker or a CircuitRegistry', breaker)
  return lazy.circuit
}

function checkNames(what: string, client: object, names: unknown): readonly string[] | undefined {
  if (names === undefined) return undefined
  if (!Array.isArray(names)) throw wrongType(what, 'an array of names', names)
  // Read once: what was checked is what applies.
  const copy: unknown[] = [...names]
  for (const name of copy) {
    if (typeof name !== 'string') throw wrongType(what, 'an array of names', name)
    const wrong = whatIsWrong(client, name)
    if (wrong !== undefined) throw new TypeError(`${what} names ${show(name)}, ${wrong}`)
  }
  return copy as string[]
}

/** Follows a path as far as the client's own objects go: what it returns is not known yet. */
function whatIsWrong(client: object, path: string): string | undefined {
  if (path === '' && typeof client === 'function') return undefined
  const [known = ''] = path.split('(')
  let owner: unknown = client
  for (const part of known.split('.')) {
    if (!isObject(owner)) return undefined
    const member = memberOf(owner, part)
    if (member === undefined && !(part in owner)) {
      const near = nearest(part, namesOf(owner))
      return `which the client doesn't have${near === undefined ? '' : `; did you mean ${show(near)}?`}`
    }
    if (member !== undefined && member !== null && !isObject(member)) {
      return 'which is neither a method nor a namespace'
    }
    if (isObject(member) && isClass(member)) return 'which is a class: protect what it creates'
    owner = member
  }
  return undefined
}

function memberOf(owner: object, name: string): unknown {
  try {
    return Reflect.get(owner, name)
  } catch {
    // A getter that works only later, once the client is connected.
    return undefined
  }
}

function namesOf(client: object): string[] {
  const names: string[] = []
  for (let value: object | null = client; value !== null; value = Object.getPrototypeOf(value)) {
    names.push(...Object.getOwnPropertyNames(value))
  }
  return names
}
