import type { UpstreamProcess } from './upstream-process.ts'

type Condition = 'up' | 'frozen' | 'killed'

const script: readonly [Condition, lengthMs: number][] = [
  ['up', 15_000],
  ['frozen', 20_000],
  ['up', 25_000],
  ['killed', 20_000],
  ['up', 20_000],
]

const told: Record<Condition, string> = {
  up: 'restored: it answers again',
  frozen: 'frozen (SIGSTOP): it accepts calls and does not answer',
  killed: 'killed (SIGKILL): connections are refused',
}

/** Hurts and heals an upstream, when it is told to or by a script that goes round. */
export class Outages {
  readonly #upstream: UpstreamProcess
  readonly #tell: (text: string) => void
  #condition: Condition = 'up'
  #timer: NodeJS.Timeout | undefined
  /** What is being done to it; one thing at a time. */
  #done: Promise<void> = Promise.resolve()

  constructor(upstream: UpstreamProcess, tell: (text: string) => void) {
    this.#upstream = upstream
    this.#tell = tell
  }

  freeze(): void {
    this.#byHand('frozen')
  }

  kill(): void {
    this.#byHand('killed')
  }

  restore(): void {
    this.#byHand('up')
  }

  /** Lets the script go on, from its beginning. */
  start(): void {
    this.stop()
    const play = (index: number) => {
      const [condition, lengthMs] = script[index % script.length] as (typeof script)[number]
      this.#become(condition)
      this.#timer = setTimeout(play, lengthMs, index + 1)
    }
    play(0)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #byHand(condition: Condition): void {
    this.stop()
    this.#become(condition)
  }

  #become(condition: Condition): void {
    this.#done = this.#done.then(async () => {
      if (condition === this.#condition) return
      // A process that is stopped can't be stopped, and one that is gone can't be either.
      if (this.#condition === 'killed') await this.#upstream.restart()
      else if (condition === 'up') this.#upstream.thaw()
      if (condition === 'frozen') this.#upstream.freeze()
      if (condition === 'killed') await this.#upstream.kill()
      this.#condition = condition
      this.#tell(told[condition])
    })
  }
}
