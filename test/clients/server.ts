import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { adviceFor, findTool } from '../../scripts/tools.mjs'

/** PostgreSQL refuses to run as root. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

function toolPath(name: 'redis-server' | 'postgresql'): string {
  const path = findTool(name)
  if (path === undefined) throw new Error(adviceFor(name))
  return path
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** A real server as a child process on loopback, with the means to take it down and back up. */
export class Server {
  readonly port: number
  readonly folder: string
  readonly #program: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  private constructor(port: number, folder: string, program: string, args: readonly string[]) {
    this.port = port
    this.folder = folder
    this.#program = program
    this.#args = args
  }

  static async redis(): Promise<Server> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'redis-'))
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder]
    const server = new Server(port, folder, toolPath('redis-server'), args)
    await server.start()
    return server
  }

  static async postgres(): Promise<Server> {
    const port = await freePort()
    const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
    if (unprivileged.uid !== undefined) await chown(folder, unprivileged.uid, unprivileged.gid)
    await chmod(folder, 0o700)
    const postgres = toolPath('postgresql')
    const data = join(folder, 'data')
    const initdb = await postgresTool('initdb')
    const options = ['-D', data, '-U', 'tester', '--auth=trust', '--no-sync']
    await promisify(execFile)(initdb, options, { ...unprivileged, cwd: folder })
    const args = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F']
    const server = new Server(port, folder, postgres, args)
    await server.start()
    return server
  }

  /** Resolves once it accepts connections. */
  async start(): Promise<void> {
    const child = spawn(this.#program, this.#args, {
      stdio: 'ignore',
      cwd: this.folder,
      ...(this.#program.includes('postgres') ? unprivileged : {}),
    })
    this.#child = child
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${this.#program} ended before it accepted connections`)
    })
    ended.catch(() => {})
    while (!(await Promise.race([this.#isReady(), ended]))) await pause()
  }

  async #isReady(): Promise<boolean> {
    if (!this.#program.includes('postgres')) return accepts(this.port)
    const program = await postgresTool('pg_isready')
    const asked = promisify(execFile)(program, ['-h', '127.0.0.1', '-p', String(this.port)])
    return asked.then(
      () => true,
      () => false,
    )
  }

  /** Resolves when it is gone, with all its connections. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    // To PostgreSQL this says: now, without waiting for clients.
    child.kill(this.#program.includes('postgres') ? 'SIGINT' : 'SIGKILL')
    await gone
  }

  async end(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The programs that belong to the server stand beside it. */
async function postgresTool(name: string): Promise<string> {
  return join(dirname(await realpath(toolPath('postgresql'))), name)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
