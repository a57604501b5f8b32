import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of a fleet, which never outlives this one. */
export class FleetProcess<Order extends object> {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** Resolves once it has joined the fleet, by its first order. */
  static async start<Order extends object, Report extends { readonly kind: string }>(
    program: string,
    order: Order,
    onReport: (report: Report) => void,
  ): Promise<FleetProcess<Order>> {
    const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const ready = new Promise<void>((resolve, reject) => {
      child.once('exit', () => reject(new Error('a process of the fleet ended by itself')))
      child.on('message', (report: Report) => {
        if (report.kind === 'ready') resolve()
        else onReport(report)
      })
    })
    child.send(order)
    await ready
    return new FleetProcess(child)
  }

  send(order: Order): void {
    this.#child.send(order)
  }

  async end(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
