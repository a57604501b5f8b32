import type { Clock } from '../index.ts'
import type { Log, LogEntry } from './log.ts'
import { Problem } from './problem.ts'

const MOST_STREAMS = 50
/** What a stream may have unsent before it counts as stuck. */
const MOST_UNSENT = 256 * 1_024
const STUCK_AFTER = 10_000
const TICK = 1_000
/** So many ticks after which a comment keeps the connection open. */
const PING = 15
/** How long a client waits before it comes back, ms. */
const RETRY = 2_000

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>
  /** The names whose rows it wants in addition, as they were asked for. */
  readonly names: readonly string[]
  readonly key: string
  /** Since when it has had too much unsent, by the clock. */
  stuckSince: number | undefined
}

/** What a tick says. */
export type Tick = (names: readonly string[]) => Promise<object>

/** The server-sent events: entries of the log as they come, and a tick each second. */
export class EventStreams {
  readonly #clock: Clock
  readonly #log: Log
  readonly #boot: string
  readonly #process: string
  readonly #tick: Tick
  readonly #streams = new Set<Stream>()
  #cancel: (() => void) | undefined = undefined
  #ticks = 0
  readonly #encoder = new TextEncoder()

  constructor(clock: Clock, log: Log, boot: string, process: string, tick: Tick) {
    this.#clock = clock
    this.#log = log
    this.#boot = boot
    this.#process = process
    this.#tick = tick
    log.listen((entry) => this.#sendAll(entryEvent(entry)))
  }

  get size(): number {
    return this.#streams.size
  }

  /** A new stream, which goes on after an entry of the log if that is known. */
  open(names: readonly string[], after: string | null): ReadableStream<Uint8Array> {
    if (this.#streams.size >= MOST_STREAMS) {
      throw new Problem('ERR_ADMIN_BUSY', `At most ${MOST_STREAMS} streams are served.`, {
        headers: { 'retry-after': '5' },
      })
    }
    let stream: Stream | undefined
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          stream = { controller, names, key: JSON.stringify(names), stuckSince: undefined }
          this.#streams.add(stream)
          this.#greet(stream, after)
          this.#arm()
        },
        cancel: () => {
          if (stream !== undefined) this.#remove(stream)
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNSENT }),
    )
  }

  #greet(stream: Stream, after: string | null): void {
    const hello = { process: this.#process, boot: this.#boot, now: this.#clock.wall() }
    this.#send(stream, `retry: ${RETRY}\n${event('hello', hello)}`)
    if (after !== null) {
      const missed = this.#log.after(after)
      if (missed === undefined) {
        const reason = Number.isNaN(this.#log.numberOf(after))
          ? 'the process was restarted'
          : 'too much has happened since'
        this.#send(stream, event('reset', { reason }))
      } else for (const entry of missed) this.#send(stream, entryEvent(entry))
    }
    void this.#sendTick([stream])
  }

  #arm(): void {
    this.#cancel ??= this.#clock.setTimer(TICK, () => {
      this.#cancel = undefined
      void this.#sendTick(this.#streams, ++this.#ticks % PING === 0)
      if (this.#streams.size > 0) this.#arm()
    })
  }

  async #sendTick(streams: Iterable<Stream>, pings = false): Promise<void> {
    // Written once for all that want the same.
    const texts = new Map<string, Promise<string>>()
    const write = async (names: readonly string[]) =>
      event('tick', await this.#tick(names)) + (pings ? ': ping\n\n' : '')
    const send = async (stream: Stream) => {
      if (this.#isStuck(stream)) return
      const text = texts.get(stream.key) ?? write(stream.names)
      texts.set(stream.key, text)
      const written = await text
      if (this.#streams.has(stream)) this.#send(stream, written)
    }
    await Promise.all(Array.from(streams, send))
  }

  /** Its client does not read; after a while it is closed, and may come back. */
  #isStuck(stream: Stream): boolean {
    if ((stream.controller.desiredSize ?? 0) > 0) {
      stream.stuckSince = undefined
      return false
    }
    const now = this.#clock.now()
    stream.stuckSince ??= now
    if (now - stream.stuckSince >= STUCK_AFTER) this.#end(stream)
    return true
  }

  #sendAll(text: string): void {
    for (const stream of this.#streams) {
      // Entries that it would miss are what it asks for when it comes back.
      if ((stream.controller.desiredSize ?? 0) < -MOST_UNSENT) this.#end(stream)
      else this.#send(stream, text)
    }
  }

  #send({ controller }: Stream, text: string): void {
    controller.enqueue(this.#encoder.encode(text))
  }

  #end(stream: Stream): void {
    this.#remove(stream)
    stream.controller.close()
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream)
    if (this.#streams.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  close(): void {
    for (const stream of this.#streams) {
      this.#send(stream, event('bye', { retry: RETRY }))
      this.#end(stream)
    }
  }
}

function entryEvent(entry: LogEntry): string {
  return `id: ${entry.id}\n${event('log', entry)}`
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}
