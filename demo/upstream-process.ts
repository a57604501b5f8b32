import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('upstream.ts', import.meta.url))

const running = new Set<ChildProcess>()

/** One upstream as a child process, with the means to hurt it. It never outlives this process. */
export class UpstreamProcess {
  #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(): Promise<UpstreamProcess> {
    const { child, port } = await launch(0)
    return new UpstreamProcess(child, port)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  /** It keeps its port and its connections, and answers nothing. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  kill(): Promise<void> {
    return end(this.#child)
  }

  /** Resolves once it listens again, on the port it had. */
  async restart(): Promise<void> {
    this.#child = (await launch(this.port)).child
  }
}

/** Ends every upstream; to be called before this process leaves, for whatever reason. */
export async function endUpstreams(): Promise<void> {
  await Promise.all([...running].map(end))
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  // It also ends a process that is stopped; SIGTERM would wait for it to be thawed.
  child.kill('SIGKILL')
  await gone
}

async function launch(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  child.once('exit', () => running.delete(child))

  const [first] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => {
      throw new Error('the upstream ended before it listened')
    }),
  ])
  return { child, port: first.port }
}
