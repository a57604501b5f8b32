import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { adviceFor, findTool } from '../../scripts/tools.mjs'

/**
 * A broker that speaks the protocol of Kafka, with groups of consumers: the one that librdkafka has for tests, in a
 * process of its own. It keeps everything in memory, and each topic has four partitions.
 */
export class KafkaBroker {
  readonly address: string
  readonly #stop: () => Promise<unknown>

  private constructor(address: string, stop: () => Promise<unknown>) {
    this.address = address
    this.#stop = stop
  }

  static async start(): Promise<KafkaBroker> {
    const program = findTool('kcat')
    if (program === undefined) throw new Error(adviceFor('kcat'))
    // A producer, which waits for its input; the address that it is given is not used.
    const args = ['-P', '-b', 'none', '-t', 'none', '-X', 'test.mock.num.brokers=1', '-d', 'mock']
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] })
    const kill = (): boolean => child.kill('SIGKILL')
    process.once('exit', kill)
    const ended = once(child, 'exit').finally(() => process.off('exit', kill))
    const stop = (): Promise<unknown> => {
      kill()
      return ended
    }
    const address = new Promise<string>((resolve, reject) => {
      let said = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const [, found] = /bootstrap\.servers=(\S+)\n/.exec(said) ?? []
        if (found === undefined) return
        // Whatever it says from now on is read and forgotten.
        child.stderr.removeAllListeners('data').resume()
        resolve(found)
      })
      child.once('error', reject)
      ended.then(
        () => reject(new Error(`${program} ended before it was a broker: ${said}`)),
        reject,
      )
    })
    return new KafkaBroker(await address, stop)
  }

  async stop(): Promise<void> {
    await this.#stop()
  }
}
