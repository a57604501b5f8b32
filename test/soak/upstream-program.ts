import { createServer } from 'node:http'

// The HTTP server that the soak hurts, a process of its own. It is told over IPC how to behave.

/** Until told otherwise it answers at once, and well. */
export interface Behaviour {
  /** Ms before it answers. */
  readonly delay?: number
  readonly status?: number
  /** Resets the connection after half of each answer. */
  readonly cut?: boolean
}

const PIECES = 4
const port = Number(process.argv[2])
let behaviour: Behaviour = {}

const server = createServer((request, response) => {
  const { delay = 0, status = 200, cut = false } = behaviour
  const answer = (): void => {
    if (response.destroyed) return
    if (cut) {
      response.writeHead(status, { 'content-length': '1000' })
      response.write('the first half', () => request.socket.resetAndDestroy())
      return
    }
    response.writeHead(status)
    if (request.url === '/pieces') {
      for (let i = 0; i < PIECES; i++) response.write(`piece ${i}\n`)
    }
    response.end('hello')
  }
  if (delay > 0) setTimeout(answer, delay)
  else answer()
})
server.keepAliveTimeout = 60_000

// After a kill the port can be taken for a moment by a caller's own outgoing connection.
let attempts = 0
server.on('error', (error: NodeJS.ErrnoException) => {
  attempts += 1
  if (error.code !== 'EADDRINUSE' || attempts > 100) throw error
  setTimeout(listen, 50)
})

function listen(): void {
  server.listen({ host: '127.0.0.1', port, backlog: 1000 })
}

process.on('message', (next: Behaviour) => {
  behaviour = next
})
process.on('disconnect', () => {
  server.closeAllConnections()
  server.close()
})
listen()
