import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestServer } from './server.ts'

interface Control {
  readonly origin: string
  stop(): Promise<void>
}

/** Starts and stops test servers for those who cannot: see `RemoteServer`. */
export async function startControl(): Promise<Control> {
  const servers = new Map<string, TestServer>()
  const released = new Map<string, () => Promise<void>>()

  async function tell(url: string): Promise<unknown> {
    const [, id = '', what] = url.split('/')
    if (id === 'start') {
      const server = await TestServer.start()
      const next = String(servers.size)
      servers.set(next, server)
      return { id: next, origin: server.origin }
    }
    const server = servers.get(id)
    if (server === undefined) throw new Error(`no server ${id}`)
    if (what === 'counts') return server.counts()
    if (what === 'hold') released.set(id, await server.holdAnswers())
    else if (what === 'release') await released.get(id)?.()
    else await server.stop()
    return {}
  }

  const control = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    tell(request.url ?? '').then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => control.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    async stop() {
      for (const server of servers.values()) await server.stop()
      control.closeAllConnections()
      await new Promise((resolve) => control.close(resolve))
    },
  }
}
