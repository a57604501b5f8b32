import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../../scripts/free-port.mjs'
import { adviceFor, findTool } from '../../../scripts/tools.mjs'

interface Kind {
  readonly tool: 'redis-server' | 'postgresql' | 'mariadb-server'
  /** It refuses to run as root. */
  readonly unprivileged: boolean
  /** To what it ends at once, without waiting for its clients. */
  readonly stopSignal: 'SIGINT' | 'SIGKILL'
  /** Creates its files. */
  readonly install?: (folder: string, program: string) => Promise<unknown>
  readonly args: (folder: string, port: number) => readonly string[]
}

const redis: Kind = {
  tool: 'redis-server',
  unprivileged: false,
  stopSignal: 'SIGKILL',
  args: (folder, port) => [
    ...['--port', String(port), '--bind', '127.0.0.1'],
    ...['--save', '', '--dir', folder],
  ],
}

const postgres: Kind = {
  tool: 'postgresql',
  unprivileged: true,
  stopSignal: 'SIGINT',
  install: async (folder, program) => {
    // The programs that belong to the server stand beside it.
    const initdb = join(dirname(await realpath(program)), 'initdb')
    const data = join(folder, 'data')
    return runUnprivileged(folder, initdb, [
      ...['-D', data, '-U', 'root', '--auth=trust', '--no-sync'],
      ...['--locale=C', '--encoding=UTF8'],
    ])
  },
  args: (folder, port) => [
    ...['-D', join(folder, 'data'), '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-F'],
  ],
}

const mariadb: Kind = {
  tool: 'mariadb-server',
  unprivileged: true,
  stopSignal: 'SIGKILL',
  install: (folder) =>
    runUnprivileged(folder, 'mariadb-install-db', [
      ...['--no-defaults', `--datadir=${join(folder, 'data')}`, '--skip-name-resolve'],
      ...['--auth-root-authentication-method=normal', '--skip-test-db'],
    ]),
  args: (folder, port) => [
    ...['--no-defaults', `--datadir=${join(folder, 'data')}`, `--tmpdir=${folder}`],
    ...[`--port=${port}`, '--bind-address=127.0.0.1', '--skip-name-resolve'],
    ...[`--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`],
    ...['--skip-log-bin', '--innodb-flush-log-at-trx-commit=0'],
  ],
}

const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

function runUnprivileged(folder: string, program: string, args: readonly string[]) {
  const env = { ...process.env, HOME: folder, TMPDIR: folder }
  return promisify(execFile)(program, args, { ...nobody, cwd: folder, env })
}

/**
 * A real server as a child process on loopback, with the means to take it down and back up. Its user
 * is `root`, without a password.
 */
export class Server {
  readonly port: number
  readonly folder: string
  readonly #kind: Kind
  readonly #program: string
  readonly #options: readonly string[]
  #child: ChildProcess | undefined

  private constructor(
    kind: Kind,
    program: string,
    folder: string,
    port: number,
    options: readonly string[],
  ) {
    this.port = port
    this.folder = folder
    this.#kind = kind
    this.#program = program
    this.#options = options
  }

  /** With options of its configuration, such as `--maxmemory 2mb`. */
  static redis(...options: string[]): Promise<Server> {
    return Server.#create(redis, options)
  }

  static postgres(): Promise<Server> {
    return Server.#create(postgres)
  }

  static mariadb(): Promise<Server> {
    return Server.#create(mariadb)
  }

  static async #create(kind: Kind, options: readonly string[] = []): Promise<Server> {
    const program = findTool(kind.tool)
    if (program === undefined) throw new Error(adviceFor(kind.tool))
    const folder = await mkdtemp(join(tmpdir(), `${kind.tool}-`))
    if (kind.unprivileged && nobody.uid !== undefined) await chown(folder, nobody.uid, nobody.gid)
    await chmod(folder, 0o700)
    await kind.install?.(folder, program)
    const server = new Server(kind, program, folder, await freePort(), options)
    await server.start()
    return server
  }

  /** Resolves once it accepts connections. */
  async start(): Promise<void> {
    const args = [...this.#kind.args(this.folder, this.port), ...this.#options]
    const child = spawn(this.#program, args, {
      stdio: 'ignore',
      cwd: this.folder,
      ...(this.#kind.unprivileged ? nobody : {}),
    })
    this.#child = child
    const kill = (): boolean => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    const ended = once(child, 'exit').then(() => {
      throw new Error(`${this.#program} ended before it accepted connections`)
    })
    ended.catch(() => {})
    while (!(await Promise.race([this.#isReady(), ended]))) await pause()
  }

  async #isReady(): Promise<boolean> {
    if (this.#kind !== postgres) return accepts(this.port)
    // It accepts connections before it can serve them.
    const program = join(dirname(await realpath(this.#program)), 'pg_isready')
    const asked = promisify(execFile)(program, ['-h', '127.0.0.1', '-p', String(this.port)])
    return asked.then(
      () => true,
      () => false,
    )
  }

  /** Stops it where it is: it goes on holding its connections, and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Resolves when it is gone, with all its connections. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const gone = once(child, 'exit')
    child.kill(this.#kind.stopSignal)
    await gone
  }

  async end(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
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
