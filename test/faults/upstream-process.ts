import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('upstream.ts', import.meta.url))

interface Report {
  readonly port?: number
  readonly requests?: number
  readonly aborted?: number
}

/** The program is TypeScript; `npm run` brings a Node that runs it. */
export const canStart: boolean =
  Boolean(process.features.typescript) && process.platform !== 'win32'

/** A real HTTP server as a child process, with the means to hurt it. */
export class UpstreamProcess {
  readonly #folder: string
  #child: ChildProcess | undefined
  port = 0
  /** Requests received since it was last started. */
  requests = 0
  /** Requests whose connection went before they were answered, since it was last started. */
  aborted = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async start(): Promise<UpstreamProcess> {
    const upstream = new UpstreamProcess(await mkdtemp(join(tmpdir(), 'upstream-')))
    await upstream.restart()
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Its size is the number of answers that were handed to the network. */
  get answers(): string {
    return join(this.#folder, 'answers')
  }

  /** It keeps its port and its connections, and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    // It also ends a process that is stopped; SIGTERM would wait for it to be thawed.
    child.kill('SIGKILL')
    await gone
  }

  /** Resolves once it listens again, on the port it had. */
  async restart(): Promise<void> {
    const child = fork(program, [String(this.port), this.answers], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
    })
    this.#child = child
    this.requests = this.aborted = 0
    child.on('message', (report: Report) => {
      this.port = report.port ?? this.port
      this.requests = report.requests ?? this.requests
      this.aborted = report.aborted ?? this.aborted
    })
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('the upstream ended before it listened')
      }),
    ])
  }

  /** Resolves within the I/O callback that brings the news of the n-th request. */
  async receives(n: number): Promise<void> {
    while (this.requests < n) {
      if (this.#child === undefined) throw new Error('the upstream is not running')
      await once(this.#child, 'message')
    }
  }

  /** Kills it and leaves nothing behind. */
  async end(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
