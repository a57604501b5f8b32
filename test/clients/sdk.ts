import { type Dispatcher, Pool } from 'undici'

// Clients built as the big SDKs build theirs: the same machinery, a few methods.

/** A class with private fields, a stack of middleware and one `send` for all commands. */
export class StorageClient {
  readonly config: { readonly endpoint: () => Promise<URL>; readonly maxAttempts: number }
  readonly middlewareStack: MiddlewareStack = new MiddlewareStack()
  readonly #pool: Pool

  constructor({ endpoint, maxAttempts = 1 }: { endpoint: string; maxAttempts?: number }) {
    this.#pool = new Pool(endpoint)
    this.config = Object.freeze({ endpoint: async () => new URL(endpoint), maxAttempts })
  }

  // As in the real one this is no async function, and takes a callback in place of giving a promise.
  send<Output>(command: Command<Output>, options?: SendOptions): Promise<Output>
  send<Output>(command: Command<Output>, callback: Callback<Output>): void
  send<Output>(
    command: Command<Output>,
    last?: SendOptions | Callback<Output>,
  ): Promise<Output> | undefined {
    const handler = this.middlewareStack.resolve((path) => this.#request(path, last))
    const result = handler(command.path).then((response) => command.read(response))
    if (typeof last !== 'function') return result
    result.then(
      (output) => last(undefined, output),
      (error: unknown) => last(error),
    )
    return undefined
  }

  async #request(path: string, options: unknown): Promise<Dispatcher.ResponseData> {
    for (let attempt = 1; ; attempt++) {
      const { abortSignal } = (options ?? {}) as SendOptions
      const response = await this.#pool.request({
        method: 'GET',
        path,
        signal: abortSignal ?? null,
      })
      if (response.statusCode < 500) return response
      await response.body.dump()
      if (attempt >= this.config.maxAttempts) {
        throw Object.assign(new Error('SlowDown'), { $metadata: { attempts: attempt } })
      }
    }
  }

  destroy(): void {
    void this.#pool.destroy()
  }
}

interface SendOptions {
  readonly abortSignal?: AbortSignal
}

type Callback<Output> = (error: unknown, output?: Output) => void
type Handler = (path: string) => Promise<Dispatcher.ResponseData>

class MiddlewareStack {
  readonly #added: ((next: Handler) => Handler)[] = []

  add(middleware: (next: Handler) => Handler): void {
    this.#added.push(middleware)
  }

  resolve(last: Handler): Handler {
    return this.#added.reduceRight((next, middleware) => middleware(next), last)
  }
}

export abstract class Command<Output> {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  abstract read(response: Dispatcher.ResponseData): Promise<Output>
}

export class GetObject extends Command<{ readonly Body: string }> {
  async read({ body }: Dispatcher.ResponseData): Promise<{ readonly Body: string }> {
    return { Body: await body.text() }
  }
}

/** Namespaces of resources; promises that read the body only when waited for; streams of events. */
export class ModelClient {
  readonly chat: { readonly completions: Completions }
  readonly baseURL: string

  constructor(baseURL: string) {
    this.baseURL = baseURL
    this.chat = { completions: new Completions(this) }
  }

  fetch(path: string): Promise<Response> {
    return fetch(this.baseURL + path)
  }
}

class Completions {
  readonly #client: ModelClient

  constructor(client: ModelClient) {
    this.#client = client
  }

  create(body: { readonly path: string; readonly stream: true }): ApiPromise<EventStream>
  create(body: { readonly path: string }): ApiPromise<Completion>
  create({ path, stream }: { readonly path: string; readonly stream?: boolean }) {
    return new ApiPromise<unknown>(this.#client.fetch(path), async (response) => {
      if (!response.ok) throw new Error(`${response.status}`)
      return stream ? new EventStream(response) : { text: await response.text() }
    })
  }

  stream(body: { readonly path: string }): Answer {
    return new Answer(this.create({ ...body, stream: true }))
  }
}

export interface Completion {
  readonly text: string
}

/** Not waited for, it does not touch the body. */
export class ApiPromise<T> extends Promise<T> {
  readonly #response: Promise<Response>
  readonly #parse: (response: Response) => Promise<T>
  #parsed: Promise<T> | undefined

  constructor(response: Promise<Response>, parse: (response: Response) => Promise<T>) {
    super((resolve) => resolve(undefined as T))
    this.#response = response
    this.#parse = parse
    response.catch(() => {})
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  asResponse(): Promise<Response> {
    return this.#response
  }

  async withResponse(): Promise<{ readonly data: T; readonly response: Response }> {
    const [data, response] = await Promise.all([this.#read(), this.#response])
    return { data, response }
  }

  #read(): Promise<T> {
    this.#parsed ??= this.#response.then(this.#parse)
    return this.#parsed
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#read().then(onFulfilled, onRejected)
  }
}

/** The chunks of a response, as text. */
export class EventStream implements AsyncIterable<string> {
  readonly controller: AbortController = new AbortController()
  readonly #response: Response

  constructor(response: Response) {
    this.#response = response
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    const decoder = new TextDecoder()
    for await (const chunk of this.#response.body ?? []) yield decoder.decode(chunk)
  }
}

/** Given at once, while the request is under way: iterable, listened to, or waited for. */
export class Answer implements AsyncIterable<string> {
  readonly #text: Promise<string>
  readonly #listeners: ((text: string) => void)[] = []

  constructor(opening: Promise<EventStream>) {
    this.#text = opening.then(async (stream) => {
      let text = ''
      for await (const chunk of stream) {
        text += chunk
        for (const listener of this.#listeners) listener(chunk)
      }
      return text
    })
    this.#text.catch(() => {})
  }

  on(_: 'text', listener: (text: string) => void): this {
    this.#listeners.push(listener)
    return this
  }

  finalText(): Promise<string> {
    return this.#text
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    yield await this.#text
  }
}
