// What can be told about a client's values without running anything of it.

/** Ends the client itself: while the circuit is open this must be possible. */
export const ENDINGS: ReadonlySet<PropertyKey> = new Set([
  '$disconnect',
  'close',
  'destroy',
  'disconnect',
  'dispose',
  'end',
  'quit',
  'shutdown',
  'terminate',
])

export function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

export function isClass(fn: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn))
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** True for what an async generator function gives: it runs when its first item is asked for. */
export function isGenerator(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object AsyncGenerator]'
}

/** True for what may have methods that call the target: no data, nothing of the platform's own. */
export function leadsToCalls(value: object): boolean {
  if (typeof value === 'function') return !isClass(value)
  const tag = Object.prototype.toString.call(value).slice(8, -1)
  // A Map, a Date, a URL, an Error, an array, bytes: theirs is code that needs the real object.
  if (tag !== 'Object' && typeof Reflect.get(globalThis, tag) === 'function') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  const plain = prototype === null || prototype === Object.prototype
  return !plain || hasMethods(value, NESTED)
}

/** Namespaces within namespaces are looked for so deep. */
const NESTED = 4

function hasMethods(value: object, depth: number): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(value)).some(({ value: held, get }) => {
    if (typeof held === 'function' || get !== undefined) return true
    return depth > 0 && isObject(held) && isInstanceOrNamespace(held, depth - 1)
  })
}

function isInstanceOrNamespace(value: object, depth: number): boolean {
  if (Array.isArray(value)) return false
  const plain = Object.getPrototypeOf(value) === Object.prototype
  return plain ? hasMethods(value, depth) : leadsToCalls(value)
}

/** The names of an object's methods, those of its classes included. */
export function methodNames(value: object): ReadonlySet<string> {
  const names = new Set<string>()
  for (let owner = value; isOwnKind(owner); owner = Object.getPrototypeOf(owner)) {
    for (const [name, { value: member }] of Object.entries(
      Object.getOwnPropertyDescriptors(owner),
    )) {
      if (typeof member === 'function' && name !== 'constructor' && !ENDINGS.has(name)) {
        names.add(name)
      }
    }
  }
  return names
}

/** What is common to all emitters tells nothing about what an object is for. */
function isOwnKind(value: object | null): value is object {
  if (value === null || value === Object.prototype || value === Function.prototype) return false
  return !(Object.hasOwn(value, 'emit') && Object.hasOwn(value, 'removeListener'))
}

/** True for objects of a class with a method of the same name: a connection out of a pool. */
export function isLike(value: object, names: ReadonlySet<string>): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype || !leadsToCalls(value)) return false
  for (const name of methodNames(value)) if (names.has(name)) return true
  return false
}
