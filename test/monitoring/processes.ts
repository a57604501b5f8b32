import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePort } from '../../scripts/free-port.mjs'
import { adviceFor, findTool } from '../../scripts/tools.mjs'

/** A program of this folder, which prints its port first. It ends with this process. */
export async function start(program: string, argument: number): Promise<[ChildProcess, number]> {
  const child = fork(join(import.meta.dirname, program), [String(argument)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  })
  const [port] = await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  return [child, Number(port)]
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The path of a program that comes with Prometheus. */
export function tool(name: 'prometheus' | 'promtool'): string {
  const path = findTool('prometheus')
  if (path === undefined) throw new Error(adviceFor('prometheus'))
  return name === 'prometheus' ? path : join(dirname(path), name)
}

/** A real Prometheus that scrapes one target and evaluates rules four times a second. */
export class Prometheus {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.url = `http://127.0.0.1:${port}`
    this.#child = child
    this.#folder = folder
  }

  static async start(target: number, rules: string): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'prometheus-'))
    const port = await freePort()
    const interval = '250ms'
    const config = {
      global: {
        scrape_interval: interval,
        scrape_timeout: interval,
        evaluation_interval: interval,
      },
      rule_files: ['rules.yml'],
      scrape_configs: [
        { job_name: 'shop', static_configs: [{ targets: [`127.0.0.1:${target}`] }] },
      ],
    }
    await writeFile(join(folder, 'rules.yml'), rules)
    await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config))
    const args = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const child = spawn(tool('prometheus'), args, { stdio: 'ignore' })
    const prometheus = new Prometheus(port, child, folder)
    process.once('exit', () => child.kill('SIGKILL'))
    await until(
      'Prometheus is ready',
      async () => (await fetch(`${prometheus.url}/-/ready`)).ok || undefined,
    )
    return prometheus
  }

  async get<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query)}`)
    const { status, data, error } = (await response.json()) as Record<string, unknown>
    if (status !== 'success') throw new Error(`${query['query']}: ${error}`)
    return data as T
  }

  /** The names of the alerts that fire for `users`. */
  async firing(): Promise<string[]> {
    const { alerts } = await this.get<{
      alerts: { readonly state: string; readonly labels: Readonly<Record<string, string>> }[]
    }>('alerts')
    return alerts
      .filter(({ state, labels }) => {
        return state === 'firing' && labels['circuit_breaker_name'] === 'users'
      })
      .map(({ labels }) => String(labels['alertname']))
      .toSorted()
  }

  async stop(): Promise<void> {
    await kill(this.#child)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Asks four times a second until there is an answer. Errors count as none until a minute is over. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let last: unknown
  for (const begin = performance.now(); performance.now() - begin < 60_000; ) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new Error(`not within a minute: ${what}`, { cause: last })
}
