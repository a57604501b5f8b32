import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Proxy {
  readonly base: string
  /** Cuts all connections of the browser, in the middle of what they carry. */
  cut(): void
}

/** A proxy between the browser and the process; it adds no header that says so. */
export async function createProxy(
  target: string,
  { holdsBackEvents = false }: { holdsBackEvents?: boolean } = {},
): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const server = createServer((incoming, answer) => {
    const onward = forward(incoming, (response) => {
      const isStream = response.headers['content-type'] === 'text/event-stream'
      if (isStream && holdsBackEvents) return void response.resume()
      answer.writeHead(response.statusCode ?? 502, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    answer.on('close', () => onward.destroy())
    incoming.pipe(onward)
  })
  const forward = (incoming: IncomingMessage, take: (response: IncomingMessage) => void) => {
    const { method, headers, url = '/' } = incoming
    return request(new URL(url, target), { method, headers, agent: false }, take)
  }
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    server.close()
  })
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, cut }
}
