import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { adviceFor, findTool } from '../../scripts/tools.mjs'
import type { Behaviour } from './upstream-program.ts'

const upstreamProgram = fileURLToPath(new URL('upstream-program.ts', import.meta.url))
const running = new Set<ChildProcess>()

/** How long a server may take to accept connections, ms: a busy machine starts a process slowly. */
const STARTING = 30_000

/** A real server as a child process on a port of loopback, with the means to hurt it. */
export class Victim {
  readonly port: number
  readonly #program: string
  readonly #args: readonly string[]
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(port: number, program: string, args: readonly string[], folder: string) {
    this.port = port
    this.#program = program
    this.#args = args
    this.#folder = folder
  }

  static async http(): Promise<Victim> {
    const port = await freePort()
    return Victim.#started(port, process.execPath, [upstreamProgram, String(port)])
  }

  static async redis(): Promise<Victim> {
    const program = findTool('redis-server')
    if (program === undefined) throw new Error(adviceFor('redis-server'))
    const port = await freePort()
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    return Victim.#started(port, program, args)
  }

  static async #started(port: number, program: string, args: readonly string[]): Promise<Victim> {
    const folder = await mkdtemp(join(tmpdir(), 'soak-'))
    const victim = new Victim(port, program, args, folder)
    await victim.restart()
    return victim
  }

  /** Resolves once it accepts connections, on the port it has always had. */
  async restart(): Promise<void> {
    const deadline = performance.now() + STARTING
    let child = this.#spawn()
    while (!(await accepts(this.port))) {
      if (performance.now() > deadline) {
        throw new Error(`${this.#program} does not accept connections on port ${this.port}`)
      }
      await sleep(20)
      if (child.exitCode !== null) child = this.#spawn()
    }
  }

  #spawn(): ChildProcess {
    const child = spawn(this.#program, this.#args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      cwd: this.#folder,
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    return child
  }

  /** It keeps its port and its connections, and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  tell(behaviour: Behaviour): void {
    this.#child?.send(behaviour)
  }

  /** Resolves when the process is gone, with all its connections. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    // It also ends a process that is stopped.
    child.kill('SIGKILL')
    await gone
  }

  /** Kills it and leaves nothing behind. */
  async end(): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Whatever ends this process, no server outlives it. */
export function takeVictimsAlong(): void {
  const killAll = (): void => {
    for (const child of running) child.kill('SIGKILL')
  }
  process.on('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      killAll()
      process.kill(process.pid, signal)
    })
  }
}

/**
 * Below those that systems give to outgoing connections: one that is tried while the server is dead
 * could otherwise get the server's own port, meet itself, and keep the server from coming back.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const server = createServer().listen(port, '127.0.0.1')
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
