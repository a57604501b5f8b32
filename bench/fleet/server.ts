import { createClient } from 'redis'

/** What a Redis server says of itself. */
export class ServerInfo {
  readonly #client: ReturnType<typeof createClient>

  constructor(port: number) {
    this.#client = createClient({ socket: { host: '127.0.0.1', port } })
  }

  async connect(): Promise<this> {
    await this.#client.connect()
    return this
  }

  /** One number of `INFO`. */
  async number(section: string, name: string): Promise<number> {
    const info = String(await this.#client.sendCommand(['INFO', section]))
    const value = info.match(new RegExp(`^${name}:([\\d.]+)`, 'm'))?.[1]
    if (value === undefined) throw new Error(`INFO ${section} has no ${name}`)
    return Number(value)
  }

  /** How often a command was sent by a client; those that scripts run are others. */
  async count(command: string): Promise<number> {
    const info = String(await this.#client.sendCommand(['INFO', 'commandstats']))
    const value = info.match(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm'))?.[1]
    return Number(value ?? 0)
  }

  async cpuSeconds(): Promise<number> {
    const user = await this.number('cpu', 'used_cpu_user')
    return user + (await this.number('cpu', 'used_cpu_sys'))
  }

  /** The memory of the connections of clients, bytes. */
  async connectionBytes(): Promise<{ count: number; bytes: number }> {
    const list = String(await this.#client.sendCommand(['CLIENT', 'LIST']))
    const sizes = [...list.matchAll(/tot-mem=(\d+)/g)].map(([, size]) => Number(size))
    return { count: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
  }

  publish(channel: string, message: string): Promise<unknown> {
    return this.#client.sendCommand(['PUBLISH', channel, message])
  }

  flush(): Promise<unknown> {
    return this.#client.sendCommand(['FLUSHALL'])
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}
