import { createServer } from 'node:http'

// The server both kinds of callers depend on, run as a process of its own (see upstream-process.ts)
// so that it can really be frozen, killed and restarted.

const server = createServer((_request, response) => {
  setTimeout(() => response.end('hello\n'), 15 + Math.random() * 10)
})

let port = 0

// After a kill the port can be taken for a moment by a caller's own outgoing connection.
let attempts = 0
server.on('error', (error: NodeJS.ErrnoException) => {
  attempts += 1
  if (error.code !== 'EADDRINUSE' || attempts > 40) throw error
  setTimeout(listen, 50)
})
server.on('listening', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ port: address?.port })
})

function listen(): void {
  server.listen({ host: '127.0.0.1', port })
}

// Ctrl-C reaches every process of the terminal at once; the parent decides when this one ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => process.exit())
process.once('message', (told: { port: number }) => {
  port = told.port
  listen()
})
