import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { OverrideOptions } from '../../../src/index.ts'
import type { Event, View } from './history.ts'
import type { Command, Operation, Settings } from './worker.ts'

const program = fileURLToPath(new URL('worker.ts', import.meta.url))
/** What a process has compiled, the next one does not: it starts in half the time. */
const compiled = fileURLToPath(
  new URL('../../../node_modules/.cache/fleet-workers', import.meta.url),
)

type Final = Extract<Event, { kind: 'final' }>

/** One process of a fleet, as the test sees it. */
export class WorkerProcess {
  readonly name: string
  /** What its breaker last was; undefined until it has started. */
  view: View | undefined
  connected = false
  readonly #child: ChildProcess
  #ending = false
  #tellFinal = (_: Final): void => {}

  constructor(settings: Settings, tell: (event: Event) => void) {
    this.name = settings.process
    const child = fork(program, [JSON.stringify(settings)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: compiled },
    })
    this.#child = child
    child.on('message', (event: Event) => {
      if (event.kind === 'changed') this.view = event.view
      else if (event.kind === 'connection') this.connected = event.connected
      if (event.kind === 'final') this.#tellFinal(event)
      else tell(event)
    })
    const kill = (): boolean => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', (code) => {
      process.off('exit', kill)
      const at = Number(process.hrtime.bigint()) / 1e6
      if (!this.#ending) tell({ process: this.name, at, kind: 'ended', code })
    })
  }

  do(command: Command): void {
    this.#child.send(command)
  }

  operate(what: Operation, options: OverrideOptions = {}): void {
    this.do({ do: 'operate', what, options: { by: 'ada', reason: 'a test', ...options } })
  }

  /** What it holds now. */
  final(): Promise<Final> {
    this.do({ do: 'report' })
    return new Promise((resolve) => {
      this.#tellFinal = resolve
    })
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** Resolves when it is gone. */
  async kill(): Promise<void> {
    this.#ending = true
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
