import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'

// A client with everything that makes guarding one hard.

export class Store extends EventEmitter {
  #values = new Map<string, unknown>()
  readonly settings = { retries: 3 }
  ran = 0

  static create(): Store {
    return new Store()
  }

  get size(): number {
    return this.#values.size
  }

  set first(value: unknown) {
    this.#values.set('first', value)
  }

  /** Gives a promise, but is no async function: as most clients are written. */
  get(key: string): Promise<unknown> {
    this.ran++
    return Promise.resolve(this.#values.get(key))
  }

  async put(key: string, value: unknown): Promise<this> {
    this.#values.set(key, value)
    return this
  }

  async copy(from: string, to: string): Promise<void> {
    await this.put(to, await this.get(from))
  }

  peek(key: string): unknown {
    return this.#values.get(key)
  }

  cached(key: string): unknown {
    return this.#values.get(key) ?? this.get(key)
  }

  fail(): Promise<never> {
    return Promise.reject(new Error('down'))
  }

  throws(): never {
    throw new Error('no such thing')
  }

  find(key: string, callback: (error: unknown, value: unknown) => void): void
  find(key: string): Promise<unknown>
  find(key: string, callback?: (error: unknown, value: unknown) => void): unknown {
    if (callback === undefined) return this.get(key)
    callback(undefined, this.#values.get(key))
    return undefined
  }

  transaction<T>(action: (store: Store) => Promise<T>): Promise<T> {
    return action(this)
  }

  is(other: unknown): boolean {
    return other === this
  }

  all(list: Promise<unknown>[]): Promise<unknown[]> {
    return Promise.all(list)
  }

  batch(): Batch {
    return new Batch(this)
  }

  select(key: string): Query {
    return new Query(this, key)
  }

  async *keys(): AsyncGenerator<string> {
    yield* this.#values.keys()
  }

  read(): Readable {
    return Readable.from([...this.#values.keys()])
  }

  connect(): Promise<Connection> {
    return Promise.resolve(new Connection())
  }

  user(): Promise<User> {
    return Promise.resolve(new User())
  }

  close(): Promise<string> {
    return Promise.resolve('closed')
  }
}

export class Cluster extends Store {
  override async get(key: string): Promise<unknown> {
    return (await super.get(key)) ?? this.peek(key)
  }
}

export class Batch {
  readonly #store: Store
  #steps: [string, unknown][] = []

  constructor(store: Store) {
    this.#store = store
  }

  put(key: string, value: unknown): this {
    this.#steps.push([key, value])
    return this
  }

  exec(): Promise<unknown[]> {
    return Promise.all(this.#steps.map(([key, value]) => this.#store.put(key, value)))
  }
}

/** Runs when it is waited for. */
export class Query implements PromiseLike<unknown> {
  readonly #store: Store
  #key: string
  ran = 0

  constructor(store: Store, key: string) {
    this.#store = store
    this.#key = key
  }

  where(key: string): this {
    this.#key = key
    return this
  }

  // biome-ignore lint/suspicious/noThenProperty: query builders are like that.
  then<A, B>(...args: Parameters<Promise<unknown>['then']>): Promise<A | B> {
    this.ran++
    return this.#store.get(this.#key).then(...args) as Promise<A | B>
  }

  catch(onRejected: (error: unknown) => unknown): Promise<unknown> {
    return this.then(undefined, onRejected)
  }
}

export class Connection {
  async get(key: string): Promise<string> {
    return `got ${key}`
  }
}

export class User {
  name = 'Ada'
  greet(): string {
    return `I am ${this.name}`
  }
}
