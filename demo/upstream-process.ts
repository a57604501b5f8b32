import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('upstream.ts', import.meta.url))

const running = new Set<ChildProcess>()

/** One upstream as a child process, with the means to hurt it. It never outlives this process. */
export class UpstreamProcess {
  #child: ChildProcess
  /**
   * In place of the first that is killed: it has started, and listens when it is told to. A busy machine needs
   * seconds to start a process, and an outage is to be as long as it is said to be.
   */
  #next: ChildProcess | undefined = launch()
  readonly port: number

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(): Promise<UpstreamProcess> {
    const child = launch()
    return new UpstreamProcess(child, await listen(child, 0))
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
    this.#child = this.#next ?? launch()
    this.#next = undefined
    await listen(this.#child, this.port)
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

function launch(): ChildProcess {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

/** Returns the port on which it listens: any that is free for 0. */
async function listen(child: ChildProcess, port: number): Promise<number> {
  const gone = once(child, 'exit').then(() => {
    throw new Error('the upstream ended before it listened')
  })
  child.send({ port })
  const [first] = await Promise.race([once(child, 'message'), gone])
  return first.port
}
