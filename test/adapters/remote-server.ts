import type { ContractServer, ServerCounts } from './contract.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where test servers are started and stopped, for those who cannot. */
    control: string
  }
}

/** A test server in another process, for what runs in browsers and workers. */
export class RemoteServer implements ContractServer {
  readonly origin: string
  readonly #self: string

  private constructor(self: string, origin: string) {
    this.#self = self
    this.origin = origin
  }

  static async start(control: string): Promise<RemoteServer> {
    const { id, origin } = await tell(`${control}/start`)
    return new RemoteServer(`${control}/${id}`, origin as string)
  }

  url(path: string): string {
    return this.origin + path
  }

  async counts(): Promise<ServerCounts> {
    return (await tell(`${this.#self}/counts`)) as never
  }

  async holdAnswers(): Promise<() => Promise<void>> {
    await tell(`${this.#self}/hold`)
    return async () => {
      await tell(`${this.#self}/release`)
    }
  }

  async stop(): Promise<void> {
    await tell(`${this.#self}/stop`)
  }
}

async function tell(url: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return response.json() as never
}
