import type { RejectReason } from '../core/measure/counters.ts'
import { isObject } from './client-shape.ts'

/** A promise of the client that may be passed to another call of it. */
export interface Part {
  /** It is passed to another call. Returns why that one is to be rejected, if it is. */
  pass(): RejectReason | undefined
}

/** A client's own objects, by the proxies that its callers have of them. */
export class Originals {
  readonly #originals = new WeakMap<object, object>()
  readonly #parts = new WeakMap<object, Part>()

  has(proxy: object): boolean {
    return this.#originals.has(proxy)
  }

  get(proxy: object): object | undefined {
    return this.#originals.get(proxy)
  }

  set(proxy: object, original: object, part?: Part): void {
    this.#originals.set(proxy, original)
    if (part !== undefined) this.#parts.set(proxy, part)
  }

  /**
   * Returns what the client receives for an argument: its own objects without their proxies. Tells of
   * promises among them.
   */
  of(value: unknown, passed?: (part: Part) => void): unknown {
    if (!isObject(value)) return value
    const original = this.#originals.get(value)
    if (original !== undefined) {
      const part = passed && this.#parts.get(value)
      if (part !== undefined) passed?.(part)
      return original
    }
    const isProxy = (item: unknown): boolean => isObject(item) && this.#originals.has(item)
    if (Array.isArray(value)) {
      return value.some(isProxy) ? value.map((item) => this.of(item, passed)) : value
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return value
    // A session, for example, among the options.
    const own = Object.getOwnPropertyDescriptors(value)
    const entries = Object.entries(own).filter(([, { value: item }]) => isProxy(item))
    if (entries.length === 0) return value
    const originals = entries.map(([key, { value: item }]) => [key, this.of(item, passed)])
    return { ...value, ...Object.fromEntries(originals) }
  }
}
