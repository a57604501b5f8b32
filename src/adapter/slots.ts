/** Work that begins when there is room for it. */
export class Slots {
  #free: number
  readonly #waiting = new Set<() => void>()

  constructor(count: number) {
    this.#free = count
  }

  /** Takes no room any more once `signal` is aborted, unless it has begun. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    try {
      return await work()
    } finally {
      const [next] = this.#waiting
      if (next === undefined) this.#free++
      else next()
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        end()
        resolve()
      }
      const abort = (): void => {
        end()
        reject(signal.reason)
      }
      const end = (): void => {
        this.#waiting.delete(begin)
        signal.removeEventListener('abort', abort)
      }
      this.#waiting.add(begin)
      signal.addEventListener('abort', abort)
    })
  }
}
