import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { findCreatePool } from '../../../src/cli/postgres-client.ts'
import { findConnect } from '../../../src/cli/redis-client.ts'
import { run as runCommand } from '../../../src/cli/run.ts'

const MEMBER = fileURLToPath(new URL('member.ts', import.meta.url))
const COMMAND = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

export interface MemberOptions {
  readonly port: number
  readonly namespace: string
  readonly process: string
  readonly service?: string
  readonly version?: string
  readonly resetTimeout?: number
}

/** A process of a fleet that runs by itself. */
export class MemberProcess {
  readonly name: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
    if (child.stdout === null) throw new Error('not piped')
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  }

  /** Resolves when it has heard the fleet. */
  static async start(options: MemberOptions): Promise<MemberProcess> {
    const child = spawn(process.execPath, ['--no-warnings', MEMBER, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const member = new MemberProcess(options.process, child)
    const { value } = await member.#lines.next()
    if (value !== 'ready') throw new Error(`${options.process} did not start: ${value}`)
    return member
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  async state(): Promise<string> {
    this.say('state')
    return (await this.#lines.next()).value
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}

export interface Ran {
  readonly exit: number
  readonly out: string
  readonly err: string
}

/** Runs the command in this process, as a program would: with a real client of Redis. */
export async function run(
  args: readonly string[],
  env: Record<string, string>,
  {
    interrupted,
    onOut,
    folder = process.cwd(),
  }: { interrupted?: AbortSignal; onOut?: () => void; folder?: string } = {},
): Promise<Ran> {
  const written = { out: '', err: '' }
  const exit = await runCommand(args, {
    env: { SHORT_CIRCUIT_BY: 'ada', ...env },
    isTerminal: false,
    columns: 200,
    rows: 24,
    onKey: () => () => {},
    fetch,
    findConnect: () => findConnect(folder),
    findCreatePool: () => findCreatePool(folder),
    out(text) {
      written.out += text
      onOut?.()
    },
    err(text) {
      written.err += `${text}\n`
    },
    ask: async () => '',
    readFile: async () => '',
    now: () => Date.now(),
    sleep: (ms, signal) => pause(ms, undefined, { signal }).catch(() => {}),
    interrupted: interrupted ?? new AbortController().signal,
    user: 'ada',
  })
  return { exit, ...written }
}

/** Starts it as a program. */
export function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', COMMAND, ...args], {
    env: { ...process.env, SHORT_CIRCUIT_BY: 'ada', ...env },
  })
}
