import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../scripts/free-port.mjs'

const guard = fileURLToPath(new URL('redis-guard.ts', import.meta.url))

/** A real Redis server, which never outlives this process. */
export class RedisProcess {
  readonly port: number
  readonly #program: string
  #guard: ChildProcess | undefined
  #pid = 0

  private constructor(program: string, port: number) {
    this.#program = program
    this.port = port
  }

  static async start(program: string): Promise<RedisProcess> {
    const redis = new RedisProcess(program, await freePort())
    await redis.restart()
    return redis
  }

  /** Resolves once it answers, empty, on the port it had. */
  async restart(): Promise<void> {
    // For a moment the port can be that of a client which tries to connect to it.
    for (let attempts = 0; !(await this.#launch()); attempts += 1) {
      if (attempts === 100) throw new Error(`${this.#program} does not start on port ${this.port}`)
      await sleep(50)
    }
  }

  async #launch(): Promise<boolean> {
    const child = fork(guard, [this.#program, String(this.port)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#guard = child
    const [told] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (typeof told?.pid !== 'number') return false
    this.#pid = told.pid
    return true
  }

  /** Kills the server itself, and resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#guard
    if (child === undefined || child.exitCode !== null) return
    const gone = once(child, 'exit')
    if (this.#pid > 0) process.kill(this.#pid, 'SIGKILL')
    await gone
  }
}
